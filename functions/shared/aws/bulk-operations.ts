import {
  type BulkOperationDescription,
  CancelBulkOperationCommand,
  DescribeBulkOperationCommand,
  type DynamoDBClient,
  ListBulkOperationsCommand,
  StartBulkPutItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { isNamed } from '../errors.ts';

/** One of DynamoDB's bulk put operations, as it is described. */
export interface BulkOperation {
  readonly arn: string;
  /** `IN_PROGRESS`, `CANCELLING`, `COMPLETED`, `COMPLETED_WITH_ERRORS`, `CANCELLED` or `FAILED`. */
  readonly status: string;
  /** That it was started with. */
  readonly token: string | undefined;
  /** Lines that were written, failed, or whose condition did not hold. */
  readonly processed: number;
  /** Lines that could not be written. A condition that did not hold is no failure. */
  readonly failed: number;
  /** What DynamoDB charges for, of the table and its indexes. */
  readonly bulkPutBytes: number;
  /** Epoch milliseconds; absent where DynamoDB does not say. */
  readonly startedAt?: number | undefined;
  /** Epoch milliseconds; absent before its end. */
  readonly endedAt?: number | undefined;
  /** Why it failed or was cancelled. */
  readonly failure?: string | undefined;
}

/** What an operation reads, and where it writes. */
export interface BulkOrder {
  readonly token: string;
  readonly tableName: string;
  readonly bucket: string;
  /** Gzipped JSON lines; every object under it is read. */
  readonly inputPrefix: string;
  /** Where the report goes. */
  readonly reportPrefix: string;
  /** Write request units a second; 0: no cap. */
  readonly writeUnitsPerSecond: number;
}

/** Whether the operation writes nothing more. */
export const isEnded = ({ status }: Pick<BulkOperation, 'status'>): boolean =>
  status !== 'IN_PROGRESS' && status !== 'CANCELLING';

/**
 * Starts an operation; within 8 hours the same token finds the same operation again. One attempt.
 *
 * @throws the SDK's errors: IdempotentParameterMismatchException where the token belongs to another order
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StartBulkPutItems.html
 */
export async function startBulkPut(client: DynamoDBClient, order: BulkOrder): Promise<BulkOperation> {
  const { token, tableName, bucket, inputPrefix, reportPrefix, writeUnitsPerSecond } = order;
  const { BulkOperationDescription: started } = await client.send(
    new StartBulkPutItemsCommand({
      ClientToken: token,
      TableName: tableName,
      InputS3Configuration: {
        S3Bucket: bucket,
        S3KeyPrefix: inputPrefix,
        InputFormat: 'DYNAMODB_JSON',
        InputCompressionType: 'GZIP',
      },
      OutputS3Configuration: {
        S3Bucket: bucket,
        S3KeyPrefix: reportPrefix,
        OutputType: ['ERROR', 'CONDITION_CHECK_FAILURE'],
      },
      ...(writeUnitsPerSecond > 0 && { MaxWriteRequestUnits: writeUnitsPerSecond }),
    }),
  );
  return operationOf(started);
}

/** `undefined`: DynamoDB knows no such operation. @throws the SDK's errors */
export async function describeBulkOperation(
  client: DynamoDBClient,
  arn: string,
): Promise<BulkOperation | undefined> {
  try {
    const found = await client.send(new DescribeBulkOperationCommand({ BulkOperationArn: arn }));
    return operationOf(found.BulkOperationDescription);
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) return undefined;
    throw error;
  }
}

/** Asks for an end, which takes a while. One attempt. @throws the SDK's errors, also where it has ended meanwhile */
export async function cancelBulkOperation(client: DynamoDBClient, arn: string): Promise<void> {
  await client.send(new CancelBulkOperationCommand({ BulkOperationArn: arn }));
}

/** An operation whose ARN is not known, because the answer to its start was lost. */
export interface LostOperation {
  readonly token: string;
  /** Epoch milliseconds; it was started later. */
  readonly intentAt: number;
}

/** Clocks of AWS and of a function differ by less. */
const CLOCK_MILLIS = 5 * 60_000;

/**
 * The operation of a token, among all of the account. A list names no tokens, so each of those that were started since is
 * described.
 *
 * @throws the SDK's errors
 */
export async function findBulkOperation(
  client: DynamoDBClient,
  { token, intentAt }: LostOperation,
): Promise<BulkOperation | undefined> {
  let next: string | undefined;
  do {
    const page = await client.send(new ListBulkOperationsCommand({ NextToken: next }));
    for (const { BulkOperationArn: arn = '', StartTime } of page.BulkOperationsSummaryList ?? []) {
      if ((StartTime?.getTime() ?? intentAt) < intentAt - CLOCK_MILLIS) continue;
      const found = await describeBulkOperation(client, arn);
      if (found?.token === token) return found;
    }
    next = page.NextToken;
  } while (next !== undefined);
  return undefined;
}

function operationOf(described: BulkOperationDescription = {}): BulkOperation {
  const { BulkOperationArn = '', BulkOperationStatus = '', ClientToken, StartTime, EndTime } = described;
  const { FailureCode, FailureMessage, BulkOperationUsage = [] } = described;
  const failure = [FailureCode, FailureMessage].filter((text) => text !== undefined).join(': ');
  return {
    arn: BulkOperationArn,
    status: BulkOperationStatus,
    token: ClientToken,
    processed: described.ProcessedItemCount ?? 0,
    failed: described.FailedItemCount ?? 0,
    bulkPutBytes: BulkOperationUsage.reduce((sum, { BulkPutBytes = 0 }) => sum + BulkPutBytes, 0),
    startedAt: StartTime?.getTime(),
    endedAt: EndTime?.getTime(),
    ...(failure !== '' && { failure }),
  };
}
