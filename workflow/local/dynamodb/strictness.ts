import { AwsError } from '../gateway/aws-answers.ts';
import type { AwsRequest, AwsResponse } from '../gateway/aws-request.ts';

/** What AWS refuses and the engine lets pass. */
export interface Strictness {
  /** @throws AwsError in AWS's words */
  check(request: AwsRequest): Promise<void>;
  /** Remembers what a later check needs, once the engine has done it. */
  note(request: AwsRequest): void;
}

const MAX_BATCH_WRITES = 25;
const MAX_BATCH_BYTES = 16 * 1024 * 1024;
const TTL_CHANGE_MILLIS = 3_600_000;

type WriteRequest = { PutRequest?: { Item?: Item }; DeleteRequest?: { Key?: Item } };
type Item = Readonly<Record<string, unknown>>;
type Call = (operation: string, json: unknown) => Promise<AwsResponse>;

/** Checks of batches and of time-to-live changes; `call` asks the engine for a table's key. */
export function createStrictness(call: Call): Strictness {
  const keyNames = new Map<string, Promise<readonly string[]>>();
  const ttlChanges = new Map<string, number>();
  /** Asked once; again where the engine did not tell. */
  const keyNamesOf = async (table: string): Promise<readonly string[]> => {
    const known = keyNames.get(table) ?? readKeyNames(call, table);
    keyNames.set(table, known);
    const names = await known.catch((error: unknown) => {
      keyNames.delete(table);
      throw error;
    });
    if (names.length === 0) keyNames.delete(table);
    return names;
  };
  return {
    async check(request) {
      if (request.operation === 'UpdateTimeToLive') checkTimeToLive(ttlChanges, request);
      if (request.operation !== 'BatchWriteItem') return;
      checkBatchSize(request);
      for (const [table, writes] of batchOf(request)) checkDuplicates(await keyNamesOf(table), writes);
    },
    note({ operation, tables: [table] }) {
      if (table === undefined) return;
      if (operation === 'UpdateTimeToLive') ttlChanges.set(table, Date.now());
      if (operation !== 'CreateTable' && operation !== 'DeleteTable') return;
      keyNames.delete(table);
      ttlChanges.delete(table);
    },
  };
}

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html */
function checkTimeToLive(changes: ReadonlyMap<string, number>, request: AwsRequest): void {
  const last = changes.get(request.tables[0] ?? '');
  if (last === undefined || Date.now() - last >= TTL_CHANGE_MILLIS) return;
  throw validation('Time to live has been modified multiple times within a fixed interval');
}

function checkBatchSize(request: AwsRequest): void {
  const count = batchOf(request).reduce((sum, [, writes]) => sum + writes.length, 0);
  if (count > MAX_BATCH_WRITES) {
    throw validation(
      `1 validation error detected: Value at 'requestItems' failed to satisfy constraint: ` +
        `Map value must satisfy constraint: [Member must have length less than or equal to ${MAX_BATCH_WRITES}, ` +
        'Member must have length greater than or equal to 1]',
    );
  }
  if (request.body.length > MAX_BATCH_BYTES) {
    throw validation(
      'Collection size of items in batch write request exceeded the maximum of 16777216 bytes',
    );
  }
}

function checkDuplicates(keyNames: readonly string[], writes: readonly WriteRequest[]): void {
  const keys = writes.map(({ PutRequest, DeleteRequest }) => {
    const item = PutRequest?.Item ?? DeleteRequest?.Key ?? {};
    return JSON.stringify(keyNames.map((name) => item[name]));
  });
  if (keyNames.length > 0 && new Set(keys).size < keys.length) {
    throw validation('Provided list of item keys contains duplicates');
  }
}

function batchOf(request: AwsRequest): readonly (readonly [string, readonly WriteRequest[]])[] {
  const items = request.json?.['RequestItems'];
  return typeof items === 'object' && items !== null ? Object.entries(items) : [];
}

/** Names of the key attributes; none for a table that is not there, which the engine then says itself. */
async function readKeyNames(call: Call, table: string): Promise<readonly string[]> {
  const response = await call('DescribeTable', { TableName: table });
  if (response.status !== 200) return [];
  const answer = JSON.parse(response.body.toString()) as {
    Table: { KeySchema: { AttributeName: string }[] };
  };
  return answer.Table.KeySchema.map(({ AttributeName }) => AttributeName);
}

function validation(message: string): AwsError {
  return new AwsError(400, 'ValidationException', message);
}
