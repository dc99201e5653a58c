import { defineConfig } from 'vitest/config';

/** The tests of the pure core alone: no engine, no package, so that a mutant costs milliseconds. */
export default defineConfig({
  test: {
    include: [
      'functions/migrations/shop/test/*.test.ts',
      'test/unit/{items,retry,rate}/*.test.ts',
      'test/unit/copy/decide.test.ts',
      'test/unit/roll-back/decide-table.test.ts',
      'test/unit/migrate/{parts,futile-throttling}.test.ts',
    ],
    setupFiles: ['test/support/fewer-cases.ts'],
    testTimeout: 60_000,
  },
});
