import {
  DeleteTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { deleteTable } from '../../../workflow/cli/smoke/tables.ts';

const named = (name: string): Error => Object.assign(new Error('Please try again.'), { name });

/** A table that is protected, and whose changes are refused first. */
function protectedTable(refusals: Readonly<Record<'lift' | 'delete', readonly string[]>>) {
  const left = { lift: [...refusals.lift], delete: [...refusals.delete] };
  const done: string[] = [];
  const change = (what: 'lift' | 'delete'): object => {
    const refusal = left[what].shift();
    if (refusal !== undefined) throw named(refusal);
    done.push(what);
    return {};
  };
  const describe = (): object => {
    if (done.includes('delete')) throw named('ResourceNotFoundException');
    return { Table: { TableName: 'cart', TableStatus: 'ACTIVE' } };
  };
  const send = async (command: object): Promise<object> => {
    if (command instanceof UpdateTableCommand) return change('lift');
    if (command instanceof DeleteTableCommand) return change('delete');
    if (command instanceof DescribeTableCommand) return describe();
    throw new Error('Nobody asks for anything else.');
  };
  const pace = { pause: () => Promise.resolve() };
  const table = { name: 'cart', description: { DeletionProtectionEnabled: true }, tags: new Map() };
  return { done, deleted: () => deleteTable({ dynamo: { send } as unknown as DynamoDBClient, pace }, table) };
}

describe('a table of the smoke test', () => {
  it('is deleted though DynamoDB has only just protected it and put its policy', async () => {
    const table = protectedTable({
      lift: ['ThrottlingException', 'ThrottlingException'],
      delete: ['ResourceInUseException'],
    });
    await table.deleted();
    expect(table.done).toEqual(['lift', 'delete']);
  });

  it('stays where its deletion is denied', async () => {
    const table = protectedTable({ lift: [], delete: ['AccessDeniedException'] });
    await expect(table.deleted()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(table.done).toEqual(['lift']);
  });
});
