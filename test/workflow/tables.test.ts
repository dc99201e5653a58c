import { expect, it } from 'vitest';
import { sourceTableName, targetTables } from '../../functions/shared/tables/target-tables.ts';
import { namesInSpecs, namesInStack } from '../support/table-names.ts';

it('the stack’s roles name each table as its spec does, for the function that creates it', () => {
  const inStack = namesInStack('.');

  expect(inStack).toEqual(namesInSpecs({ sourceTableName, targetTables }));
  expect(targetTables).toHaveLength(Object.keys(inStack.targets).length);
});
