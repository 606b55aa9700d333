import { defineConfig } from 'vitest/config';

export default defineConfig({
  esbuild: { jsx: 'automatic' },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/testing/setup.ts'],
    // Generous: the machine may have other things to do.
    testTimeout: 60_000,
    restoreMocks: true,
    unstubGlobals: true,
    // Times of day are read as a person far from UTC reads them.
    env: { TZ: 'Asia/Shanghai' },
  },
});
