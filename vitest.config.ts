import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const ROOT = import.meta.dirname;
const ALIAS = '#migration/';

/**
 * Tests run the shop's migration, whatever the project points to: test/support/project-migration.ts has that one. A copy
 * of the project that a test has made elsewhere keeps its own.
 */
const shopsMigration = {
  name: 'shops-migration',
  enforce: 'pre' as const,
  resolveId: (source: string, importer: string | undefined): string | undefined =>
    source.startsWith(ALIAS) && importer?.startsWith(ROOT) === true
      ? join(ROOT, 'functions/migrations/shop', source.slice(ALIAS.length))
      : undefined,
};

export default defineConfig({
  plugins: [shopsMigration],
  test: {
    include: [
      'test/{unit,workflow,integration,fault,world}/**/*.test.ts',
      'functions/migrations/*/test/*.test.ts',
    ],
    setupFiles: ['test/support/same-cases.ts'],
    // Ends what hangs. On a machine that does other work as well, everything takes several times as long.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 3,
    // Files of one worker share its modules, and with them the warm functions of test/support/embedded.ts.
    isolate: false,
  },
});
