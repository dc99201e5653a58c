import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MIGRATION_TESTS } from '../support/import-graph.ts';

/** What would make a run of the same seed another one. */
const UNSEEDED =
  /\bDate\.now\b|\bnew Date\(\)|\bclock: Date\b|\bset(?:Timeout|Interval|Immediate)\b|\bMath\.random\b|\brandomUUID\b|\bperformance\.|\bwaitUntil[A-Z]\w+(?:Exists|Gone)\b/g;

/** The system's time and chance, the ids of a sandbox, and what lies below the seam of the clients. */
const SOURCES = new Set([
  'functions/shared/retry.ts',
  'functions/shared/runtime.ts',
  'functions/shared/aws/clients.ts',
  'functions/shared/aws/wire-client.ts',
  'functions/shared/aws/wire-transport.ts',
]);

const found = globSync('functions/**/*.ts', { exclude: MIGRATION_TESTS })
  .filter((file) => !SOURCES.has(file))
  .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(UNSEEDED)].map(([text]) => `${file}: ${text}`));

describe('time and chance', () => {
  it('come to the functions from their runtime alone', () => {
    expect(found).toEqual([]);
  });
});
