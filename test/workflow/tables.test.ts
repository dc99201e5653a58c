import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { sourceTableName, targetTables } from '../../functions/shared/tables/target-tables.ts';

interface TablesFile {
  readonly source: string;
  /** Names by what stands between `create` and `Table` in the function that creates the table. */
  readonly targets: Readonly<Record<string, string>>;
}

const file = parse(readFileSync('workflow/resources/tables.yml', 'utf8')) as TablesFile;

/** `productsEnhanced` becomes `createProductsEnhancedTable`. */
const creatorOf = (key: string): string => `create${key.charAt(0).toUpperCase()}${key.slice(1)}Table`;

describe('the names of the tables', () => {
  it('are the same in the stack’s roles as in the specs, for each creating function', () => {
    const inStack = Object.entries(file.targets).map(([key, name]) => [creatorOf(key), name]);
    const inSpecs = targetTables.map(({ createdBy, name }) => [createdBy, name]);

    expect(Object.fromEntries(inStack)).toEqual(Object.fromEntries(inSpecs));
    expect(inSpecs).toHaveLength(inStack.length);
  });

  it('are the same for the source', () => {
    expect(file.source).toBe(sourceTableName);
  });
});
