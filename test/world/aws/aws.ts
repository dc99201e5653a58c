import { ACCOUNT_ID, REGION } from '../../../workflow/local/account.ts';
import { BACKUP_OPERATIONS } from './dynamodb/backups.ts';
import { BULK_OPERATIONS } from './dynamodb/bulk/bulk-operations.ts';
import { BATCH_OPERATIONS } from './dynamodb/batch-write.ts';
import { READ_OPERATIONS } from './dynamodb/item-reads.ts';
import { WRITE_OPERATIONS } from './dynamodb/item-writes.ts';
import { POLICY_OPERATIONS } from './dynamodb/policies.ts';
import { QUERY_OPERATIONS } from './dynamodb/query.ts';
import { SCAN_OPERATIONS } from './dynamodb/scan.ts';
import { SETTING_OPERATIONS } from './dynamodb/table-settings.ts';
import { TABLE_OPERATIONS } from './dynamodb/tables.ts';
import { TRANSACT_OPERATIONS } from './dynamodb/transact-write.ts';
import { UnknownToWorldError } from './errors.ts';
import type { WorldAws, WorldAwsOptions, WorldService } from './request.ts';
import { LAMBDA_OPERATIONS } from './services/lambda.ts';
import { S3_OPERATIONS } from './services/s3.ts';
import { SNS_OPERATIONS, SQS_OPERATIONS, STS_OPERATIONS } from './services/small-services.ts';
import { STATES_OPERATIONS } from './services/states.ts';
import { type Aws, type AwsState, emptyState } from './state.ts';
import { checkParameters, type KnownOperation, requestOf } from './work.ts';

const OPERATIONS: Readonly<Record<WorldService, Readonly<Record<string, KnownOperation>>>> = {
  dynamodb: {
    ...READ_OPERATIONS,
    ...WRITE_OPERATIONS,
    ...BATCH_OPERATIONS,
    ...TRANSACT_OPERATIONS,
    ...SCAN_OPERATIONS,
    ...QUERY_OPERATIONS,
    ...TABLE_OPERATIONS,
    ...SETTING_OPERATIONS,
    ...POLICY_OPERATIONS,
    ...BACKUP_OPERATIONS,
    ...BULK_OPERATIONS,
  },
  s3: S3_OPERATIONS,
  states: STATES_OPERATIONS,
  lambda: LAMBDA_OPERATIONS,
  sqs: SQS_OPERATIONS,
  sts: STS_OPERATIONS,
  sns: SNS_OPERATIONS,
};

/** The in-memory AWS with what it holds, for actors that look at it or change it without a request. */
export interface OpenWorldAws extends WorldAws {
  readonly state: AwsState;
  /** What functions that work on the state take: {@link splitShard}, {@link readShard}, {@link writeRow} ... */
  readonly aws: Aws;
}

const nothing = (): void => undefined;

/** An in-memory AWS with nothing in it: no tables, buckets, machines, functions or queues. */
export function createWorldAws(options: WorldAwsOptions): OpenWorldAws {
  const state = emptyState();
  const defaults = { accountId: ACCOUNT_ID, region: REGION, onStart: nothing, onStop: nothing };
  const aws: Aws = { ...defaults, ...options, state };
  const onDefect = (error: unknown): void => {
    if (error instanceof UnknownToWorldError) state.gaps.push(error.message);
  };
  return {
    state,
    aws,
    begin(caller, service, name, input) {
      try {
        const known = OPERATIONS[service][name];
        if (known === undefined)
          throw new UnknownToWorldError(`The in-memory AWS does not know ${name} of ${service}.`);
        checkParameters(name, known, input as object);
        return requestOf({ service, name, work: known.begin(aws, caller, input as never), onDefect });
      } catch (error) {
        onDefect(error);
        throw error;
      }
    },
  };
}
