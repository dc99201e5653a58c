import { BULK_PUT, readingOf } from '../../../../functions/shared/cost/bulk-put.ts';
import { AwsError, jsonAnswer } from '../../gateway/aws-answers.ts';
import type { AwsRequest, AwsResponse, Service } from '../../gateway/aws-request.ts';
import { bulkTableOf, type BulkTableDescription, inUse, notFound } from './bulk-table.ts';
import { assertMembers, type Json, lengthBetween, readText, validation } from './constraints.ts';
import { listOperations } from './list-operations.ts';
import { type BulkOperation, createOperation, descriptionOf, isActive } from './operation.ts';
import { runOperation, type RunParts } from './run-operation.ts';
import { readStartRequest, type StartRequest } from './start-request.ts';

/** DynamoDB's bulk operations, in front of an engine that has none. */
export interface BulkOperations {
  /**
   * Starts, describes, cancels and lists bulk operations, ends those of a table that is deleted, and has everything else
   * carried out.
   *
   * @throws AwsError in AWS's words
   */
  serve(request: AwsRequest, carryOut: Service): Promise<AwsResponse>;
  /** Nothing more is written; what is under way lands. */
  stop(): void;
}

/** What bulk operations need to know. */
export interface BulkParts extends RunParts {
  /** `undefined`: there is no such table. */
  readonly describe: (table: string) => Promise<BulkTableDescription | undefined>;
}

const TOKEN_MILLIS = (readingOf(BULK_PUT.limits.tokenSeconds) ?? 0) * 1_000;
const MOST_OF_TABLE = readingOf(BULK_PUT.limits.activePerTable) ?? Number.POSITIVE_INFINITY;
const MOST_OF_ACCOUNT = readingOf(BULK_PUT.limits.activePerAccount) ?? Number.POSITIVE_INFINITY;
const ARN = lengthBetween(37, 1024);

const stopped = () => new AwsError(503, 'ServiceUnavailable', 'The embedded AWS was stopped');

/** Keeps the operations of the account. */
export function createBulkOperations(parts: BulkParts): BulkOperations {
  /** Oldest first. */
  const all: BulkOperation[] = [];

  const begin = (
    { tables: [name = ''], accessKeyId }: AwsRequest,
    request: StartRequest,
    table: BulkTableDescription | undefined,
  ): BulkOperation => {
    const bulkTable = bulkTableOf(name, table);
    assertQuotas(all, name);
    const operation = createOperation({ request, table: bulkTable, accessKeyId, startedAt: parts.now() });
    all.push(operation);
    return operation;
  };

  const start = async (request: AwsRequest): Promise<object> => {
    const read = readStartRequest(request.json ?? {});
    const known = findByToken(all, read, parts.now());
    if (known !== undefined) return { BulkOperationDescription: descriptionOf(known) };
    const described = await parts.describe(request.tables[0] ?? '');
    // Another request with this token may have come meanwhile.
    const operation = findByToken(all, read, parts.now()) ?? begin(request, read, described);
    const answer = { BulkOperationDescription: descriptionOf(operation) };
    if (operation.request === read) void runOperation(parts, operation);
    return answer;
  };

  const activeOf = (table: string): readonly BulkOperation[] =>
    all.filter((one) => isActive(one) && one.table.name === table);

  return {
    async serve(request, carryOut) {
      const { operation, json = {}, tables } = request;
      const table = tables[0] ?? '';
      switch (operation) {
        case 'StartBulkPutItems':
          return jsonAnswer(await start(request));
        case 'DescribeBulkOperation':
          return jsonAnswer({ BulkOperationDescription: descriptionOf(find(all, json)) });
        case 'CancelBulkOperation':
          return jsonAnswer(cancel(find(all, json)));
        case 'ListBulkOperations':
          return jsonAnswer(listOperations(json, all, parts.now()));
        case 'UpdateTable':
          assertNoReplica(json, activeOf(table));
          return carryOut(request);
        case 'DeleteTable': {
          const response = await carryOut(request);
          if (response.status < 400)
            for (const { abort } of activeOf(table))
              abort.abort(notFound(`Requested resource not found: Table: ${table} was deleted`));
          return response;
        }
        default:
          return carryOut(request);
      }
    },
    stop() {
      for (const { abort } of all.filter(isActive)) abort.abort(stopped());
    },
  };
}

/** The operation that this token started. @throws AwsError (IdempotentParameterMismatchException) */
function findByToken(
  all: readonly BulkOperation[],
  request: StartRequest,
  now: number,
): BulkOperation | undefined {
  const { ClientToken: token } = request;
  if (token === undefined) return undefined;
  const found = all.findLast((one) => one.request.ClientToken === token);
  if (found === undefined || now >= found.startedAt + TOKEN_MILLIS) return undefined;
  if (JSON.stringify(found.request) === JSON.stringify(request)) return found;
  throw new AwsError(
    400,
    'IdempotentParameterMismatchException',
    `The client token ${token} was already used with other parameters, for ${found.arn}`,
  );
}

/** @throws AwsError (LimitExceededException) */
function assertQuotas(all: readonly BulkOperation[], table: string): void {
  const active = all.filter(isActive);
  const ofTable = active.filter((one) => one.table.name === table);
  if (ofTable.length >= MOST_OF_TABLE)
    throw limitExceeded(`Table ${table} has an active bulk operation: ${ofTable[0]?.arn ?? ''}`);
  if (active.length >= MOST_OF_ACCOUNT)
    throw limitExceeded(`The account has ${active.length} active bulk operations`);
}

/** The operation that a request names. @throws AwsError (ValidationException, ResourceNotFoundException) */
function find(all: readonly BulkOperation[], json: Json): BulkOperation {
  const arn = readText(json, 'BulkOperationArn');
  assertMembers([{ name: 'bulkOperationArn', value: arn, constraints: ARN, isRequired: true }]);
  const found = all.find((one) => one.arn === arn);
  if (found === undefined)
    throw notFound(`Requested resource not found: Bulk operation: ${arn ?? ''} not found`);
  return found;
}

/** @throws AwsError (ValidationException) where it has ended */
function cancel(operation: BulkOperation): object {
  const { arn, abort } = operation;
  if (!isActive(operation))
    throw validation(`The bulk operation ${arn} cannot be cancelled; its status is ${operation.status}`);
  operation.status = 'CANCELLING';
  abort.abort(new AwsError(400, 'UserCancelled', `CancelBulkOperation was called for ${arn}`));
  return { BulkOperationArn: arn, BulkOperationStatus: operation.status };
}

/** @throws AwsError (ResourceInUseException) */
function assertNoReplica(json: Json, [active]: readonly BulkOperation[]): void {
  if (active !== undefined && json['ReplicaUpdates'] !== undefined)
    throw inUse(`A replica cannot be added while the bulk operation ${active.arn} is in progress`);
}

function limitExceeded(message: string): AwsError {
  return new AwsError(400, 'LimitExceededException', message);
}
