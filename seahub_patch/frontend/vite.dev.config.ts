import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// A page to look at while working, with a server that is only made believe: npm run dev
export default defineConfig({ root: here('dev'), esbuild: { jsx: 'automatic' }, server: { fs: { allow: [here('.')] } } });
