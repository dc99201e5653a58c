import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,workflow,integration,fault}/**/*.test.ts'],
    globalSetup: ['test/support/package-once.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
