import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,workflow,integration,fault}/**/*.test.ts'],
    setupFiles: ['test/support/same-cases.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // Files of one worker share its modules, and with them the warm functions of test/support/embedded.ts.
    isolate: false,
  },
});
