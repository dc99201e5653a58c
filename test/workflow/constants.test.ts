import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** A constant of a module that is data: a literal, or a set or map of them. A function or what a call makes is none. */
const LOWER_CASE_DATA =
  /^(?:export )?const (?<name>[a-z]\w*)(?:: [^=]+?)? = (?:[\d'"`[{/-]|new (?:Set|Map|RegExp|TextDecoder|TextEncoder)\b|[A-Z][A-Z_\d]+\b)(?!.*=>)/gm;

/** Folders and files with constants that are not UPPER_CASE yet. Nothing may be added. */
const NOT_YET = ['functions/migrations/'];

const found = globSync('functions/**/*.ts').flatMap((file) => {
  const matches = readFileSync(file, 'utf8').matchAll(LOWER_CASE_DATA);
  return [...matches].map(({ groups }) => ({ file, name: groups?.['name'] ?? '' }));
});
const isListed = ({ file }: { readonly file: string }): boolean =>
  NOT_YET.some((path) => file.startsWith(path));

describe('a constant of a module in functions', () => {
  it('is UPPER_CASE', () => {
    expect(found.filter((one) => !isListed(one))).toEqual([]);
  });

  it('is listed as an exception only where there is one', () => {
    expect(NOT_YET.filter((path) => !found.some(({ file }) => file.startsWith(path)))).toEqual([]);
  });
});
