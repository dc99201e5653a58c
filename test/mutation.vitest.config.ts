import { defineConfig } from 'vitest/config';

/** The tests of the pure core alone: no engine, no package, so that a mutant costs milliseconds. */
export default defineConfig({
  test: {
    include: [
      'test/unit/{transform,wire,rate,retry}/*.test.ts',
      'test/unit/roll-back/decide-table.test.ts',
      'test/unit/migrate/parts.test.ts',
    ],
    testTimeout: 20_000,
  },
});
