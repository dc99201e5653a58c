import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { sourceTableName, targetTables } from '../../functions/migrations/shop/tables/target-tables.ts';
import { namesInSpecs, namesInStack } from '../support/table-names.ts';

it('the stack’s roles name each table as its spec does, for the function that creates it', () => {
  const inStack = namesInStack('.');

  expect(inStack).toEqual(namesInSpecs({ sourceTableName, targetTables }));
  expect(targetTables).toHaveLength(Object.keys(inStack.targets).length);
});

it('a function may switch time to live on exactly where its table’s spec has an attribute for it', () => {
  const text = readFileSync('functions/create-tables/function.yml', 'utf8');
  const { resources } = parse(text, { logLevel: 'silent' }) as {
    readonly resources: { readonly Resources: Readonly<Record<string, unknown>> };
  };
  const may = targetTables.map(({ createdBy }) => {
    const role = resources.Resources[`${createdBy[0]?.toUpperCase()}${createdBy.slice(1)}Role`];
    return [createdBy, JSON.stringify(role).includes('dynamodb:UpdateTimeToLive')];
  });

  expect(may).toEqual(
    targetTables.map(({ createdBy, timeToLiveAttribute }) => [createdBy, timeToLiveAttribute !== undefined]),
  );
});
