import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// One script and one style sheet, the same bytes on every machine: what is committed is what a fresh build gives.
export default defineConfig({
  root: here('.'),
  define: { 'process.env.NODE_ENV': JSON.stringify('production') },
  esbuild: { jsx: 'automatic', legalComments: 'inline' },
  build: {
    target: 'es2022',
    outDir: here('../static/offline_download'),
    emptyOutDir: true,
    copyPublicDir: false,
    minify: 'esbuild',
    lib: {
      entry: here('src/main.tsx'),
      name: 'offlineDownload',
      formats: ['iife'],
      fileName: () => 'offline-download.js',
      cssFileName: 'offline-download',
    },
  },
});
