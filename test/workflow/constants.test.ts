import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MIGRATION_TESTS } from '../support/import-graph.ts';

/** A constant of a module that is data: a literal, or a set or map of them. A function or what a call makes is none. */
const LOWER_CASE_DATA =
  /^(?:export )?const (?<name>[a-z]\w*)(?:: [^=]+?)? = (?:[\d'"`[{/-]|new (?:Set|Map|RegExp|TextDecoder|TextEncoder)\b|[A-Z][A-Z_\d]+\b)(?!.*=>)/gm;

const found = globSync('functions/**/*.ts', { exclude: MIGRATION_TESTS }).flatMap((file) => {
  const matches = readFileSync(file, 'utf8').matchAll(LOWER_CASE_DATA);
  return [...matches].map(({ groups }) => ({ file, name: groups?.['name'] ?? '' }));
});

describe('a constant of a module in functions', () => {
  it('is UPPER_CASE', () => {
    expect(found).toEqual([]);
  });
});
