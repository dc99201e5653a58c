import * as z from 'zod';
import { ConfigurationError } from './errors.ts';

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const wholeSeconds = z.coerce.number().int().min(0).max(840);

const schema = z.object({
  SERVICE: z.string().min(1),
  STAGE: z.string().regex(/^[a-z][a-z0-9-]{0,15}$/),
  AWS_REGION: z.string().min(1),
  SOURCE_TABLE: z.string().regex(/^[A-Za-z0-9_.-]{3,255}$/),
  TABLE_PREFIX: z.string().regex(/^[A-Za-z0-9_.-]{0,64}$/),
  MAP_MODE: z.enum(['INLINE', 'DISTRIBUTED']),
  MAX_CONCURRENCY: z.coerce.number().int().min(1).max(1000),
  DEFAULT_STOCK_QUANTITY: z.coerce.number().int().min(0),
  FENCE_WAIT_SECONDS: wholeSeconds,
  INTENT_WAIT_SECONDS: wholeSeconds,
  CLOSE_WAIT_SECONDS: wholeSeconds,
  CLOSE_NEW_TABLES: flag,
  RESTORE_INTO_SOURCE: flag,
  NOTIFY_TOPIC: z.string().optional(),
  KMS_KEY_ARN: z.string().optional(),
});

/** What the deployment decided. `serverless.yml` sets every value. */
export interface Config {
  readonly service: string;
  readonly stage: string;
  readonly region: string;
  readonly sourceTable: string;
  /** Put before each of the four target names; may be empty. */
  readonly tablePrefix: string;
  readonly mapMode: 'INLINE' | 'DISTRIBUTED';
  /** Map workers at once when the input says nothing. */
  readonly maxConcurrency: number;
  readonly defaultStockQuantity: number;
  /** How long a roll back waits for workers that read the run before it was marked. */
  readonly fenceWaitSeconds: number;
  /** How long a roll back looks for a table whose creation was announced but not confirmed. */
  readonly intentWaitSeconds: number;
  /** How long a roll back of a run that succeeded waits between closing a table and looking into it. */
  readonly closeWaitSeconds: number;
  /** Whether new tables are closed to everybody but the run's writers until its commit. */
  readonly closeNewTables: boolean;
  readonly restoreIntoSource: boolean;
  /** Name of the SNS topic for ends of runs; absent where none is deployed. */
  readonly notifyTopic: string | undefined;
  readonly kmsKeyArn: string | undefined;
  readonly ledgerTable: string;
}

const text = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

/**
 * Reads the Lambda's environment; the only place that does.
 *
 * @throws ConfigurationError naming each missing or unusable variable; not retried.
 */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) {
    const problems = parsed.error.issues
      .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
      .join('; ');
    throw new ConfigurationError(
      `The function's environment is incomplete (${problems}). Deploy the service again with sls deploy, which sets every variable.`,
    );
  }
  const env = parsed.data;
  return {
    service: env.SERVICE,
    stage: env.STAGE,
    region: env.AWS_REGION,
    sourceTable: env.SOURCE_TABLE,
    tablePrefix: env.TABLE_PREFIX,
    mapMode: env.MAP_MODE,
    maxConcurrency: env.MAX_CONCURRENCY,
    defaultStockQuantity: env.DEFAULT_STOCK_QUANTITY,
    fenceWaitSeconds: env.FENCE_WAIT_SECONDS,
    intentWaitSeconds: env.INTENT_WAIT_SECONDS,
    closeWaitSeconds: env.CLOSE_WAIT_SECONDS,
    closeNewTables: env.CLOSE_NEW_TABLES,
    restoreIntoSource: env.RESTORE_INTO_SOURCE,
    notifyTopic: text(env.NOTIFY_TOPIC),
    kmsKeyArn: text(env.KMS_KEY_ARN),
    ledgerTable: `${env.SERVICE}-${env.STAGE}-ledger`,
  };
}
