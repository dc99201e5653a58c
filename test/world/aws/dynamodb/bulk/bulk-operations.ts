import { BULK_PUT, readingOf } from '../../../../../functions/shared/cost/bulk-put.ts';
import { readStartRequest } from '../../../../../workflow/local/dynamodb/bulk/start-request.ts';
import { AwsError } from '../../../../../workflow/local/gateway/aws-answers.ts';
import { dynamoError, invalid } from '../../errors.ts';
import type { Caller } from '../../request.ts';
import { type Aws, nextId, shown } from '../../state.ts';
import { operation, whole } from '../../work.ts';
import { findTable, statusOf } from '../table-state.ts';
import { type BulkOperation, isActive } from './bulk-state.ts';

const TOKEN_MILLIS = (readingOf(BULK_PUT.limits.tokenSeconds) ?? 0) * 1_000;
const MOST_OF_TABLE = readingOf(BULK_PUT.limits.activePerTable) ?? Number.POSITIVE_INFINITY;
const MOST_OF_ACCOUNT = readingOf(BULK_PUT.limits.activePerAccount) ?? Number.POSITIVE_INFINITY;
/** A page of ListBulkOperations has this many, or after a choice fewer. */
const PAGE_OPERATIONS = 10;
const SHORT_PAGES = 2;
/** For so long a list may not name a new operation. */
const LISTED_LATE_MILLIS = 20_000;

type Json = Readonly<Record<string, unknown>>;

/** The request in the embedded AWS's reading, whose refusals become DynamoDB's. */
function readRequest(input: Json) {
  try {
    return readStartRequest(input);
  } catch (error) {
    if (error instanceof AwsError) throw dynamoError(error.code, error.message);
    throw error;
  }
}

function startBulkPut(aws: Aws, caller: Caller, input: Json): unknown {
  const request = readRequest(input);
  const known = findByToken(aws, request);
  if (known !== undefined) return { BulkOperationDescription: descriptionOf(known) };
  const table = findTable(aws, request.TableName);
  const status = statusOf(aws, table);
  if (status !== 'ACTIVE' && status !== 'UPDATING')
    throw dynamoError('ResourceInUseException', `Table ${table.name} is in state ${status}`);
  assertQuotas(aws, table.name);
  const startedAt = aws.now();
  const id = `${String(startedAt).padStart(14, '0')}-${String(nextId(aws)).padStart(8, '0')}`;
  const started: BulkOperation = {
    arn: `${table.arn}/bulk-operation/${id}`,
    id,
    request,
    tableName: table.name,
    tableId: table.id,
    caller,
    startedAt,
    isListed: { value: true, before: false, shownFrom: startedAt + LISTED_LATE_MILLIS },
    status: 'IN_PROGRESS',
    report: [],
    processed: 0,
    failed: 0,
    inputBytes: 0,
    tableBytes: 0,
  };
  aws.state.bulkOperations.set(started.arn, started);
  return { BulkOperationDescription: descriptionOf(started) };
}

function findByToken({ state, now }: Aws, request: BulkOperation['request']): BulkOperation | undefined {
  const { ClientToken: token } = request;
  const found = [...state.bulkOperations.values()].findLast(
    (one) => token !== undefined && one.request.ClientToken === token && now() < one.startedAt + TOKEN_MILLIS,
  );
  if (found === undefined || JSON.stringify(found.request) === JSON.stringify(request)) return found;
  throw dynamoError(
    'IdempotentParameterMismatchException',
    `The client token ${token} was already used with other parameters, for ${found.arn}`,
  );
}

function assertQuotas({ state }: Aws, tableName: string): void {
  const active = [...state.bulkOperations.values()].filter(isActive);
  const ofTable = active.filter((one) => one.tableName === tableName);
  if (ofTable.length >= MOST_OF_TABLE || active.length >= MOST_OF_ACCOUNT)
    throw dynamoError('LimitExceededException', `There are active bulk operations: ${active.length}`);
}

function findOperation({ state }: Aws, { BulkOperationArn: arn }: Json): BulkOperation {
  const found = state.bulkOperations.get(String(arn));
  if (found !== undefined) return found;
  throw dynamoError(
    'ResourceNotFoundException',
    `Requested resource not found: Bulk operation: ${String(arn)} not found`,
  );
}

function cancelBulk(aws: Aws, input: Json): unknown {
  const found = findOperation(aws, input);
  if (!isActive(found))
    throw invalid(`The bulk operation ${found.arn} cannot be cancelled; its status is ${found.status}`);
  found.status = 'CANCELLING';
  return { BulkOperationArn: found.arn, BulkOperationStatus: found.status };
}

function summaryOf({ arn, status, startedAt, endedAt }: BulkOperation) {
  return {
    BulkOperationArn: arn,
    BulkOperationStatus: status,
    StartTime: new Date(startedAt),
    ...(endedAt !== undefined && { EndTime: new Date(endedAt) }),
  };
}

function descriptionOf(found: BulkOperation): object {
  const { TableName, ...request } = found.request;
  return {
    ...summaryOf(found),
    ...request,
    TableDetails: [{ TableName, TableId: found.tableId }],
    ProcessedItemCount: found.processed,
    FailedItemCount: found.failed,
    ProcessedInputBytes: found.inputBytes,
    BulkOperationUsage: [
      { TableName, BulkPutBytes: found.tableBytes, Table: { BulkPutBytes: found.tableBytes } },
    ],
    ...(found.failure && { FailureCode: found.failure.code, FailureMessage: found.failure.message }),
  };
}

/** The most recent first. */
function listBulk(aws: Aws, { NextToken: token }: Json): unknown {
  const all = [...aws.state.bulkOperations.values()]
    .filter(({ isListed }) => shown(aws, isListed, 'whether a list names a new bulk operation'))
    .toReversed();
  const left = all.slice(1 + all.findIndex(({ id }) => id === token));
  const short = aws.choose(SHORT_PAGES + 1, 'bulk operations after which a list ends');
  const page = left.slice(0, short === 0 ? PAGE_OPERATIONS : short);
  return {
    BulkOperationsSummaryList: page.map(summaryOf),
    ...(page.length < left.length && { NextToken: page.at(-1)?.id }),
  };
}

/** Bulk put operations. Their lines are written by `stepBulk`. */
export const BULK_OPERATIONS = {
  StartBulkPutItems: operation(
    'TableName ClientToken InputS3Configuration OutputS3Configuration MaxWriteRequestUnits PerformanceTier',
    (aws, caller, input: Json) => whole(String(input['TableName']), () => startBulkPut(aws, caller, input)),
  ),
  DescribeBulkOperation: operation('BulkOperationArn', (aws, _caller, input: Json) =>
    whole(String(input['BulkOperationArn']), () => ({
      BulkOperationDescription: descriptionOf(findOperation(aws, input)),
    })),
  ),
  CancelBulkOperation: operation('BulkOperationArn', (aws, _caller, input: Json) =>
    whole(String(input['BulkOperationArn']), () => cancelBulk(aws, input)),
  ),
  ListBulkOperations: operation('NextToken', (aws, _caller, input: Json) =>
    whole('bulk operations', () => listBulk(aws, input)),
  ),
};
