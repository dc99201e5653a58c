import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Tests run the shop's migration, whatever the project points to: test/support/project-migration.ts has that one.
  resolve: {
    alias: [
      {
        find: /^#migration\//,
        replacement: fileURLToPath(new URL('functions/migrations/shop/', import.meta.url)),
      },
    ],
  },
  test: {
    include: ['test/{unit,workflow,integration,fault}/**/*.test.ts'],
    setupFiles: ['test/support/same-cases.ts'],
    // Ends what hangs. On a machine that does other work as well, everything takes several times as long.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 2,
    // Files of one worker share its modules, and with them the warm functions of test/support/embedded.ts.
    isolate: false,
  },
});
