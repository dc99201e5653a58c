import * as z from 'zod';
import { ConfigurationError } from './errors.ts';
import { ledgerTableName } from './names.ts';
import { readSettings, type SettingValues } from './settings.ts';

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const wholeSeconds = z.coerce.number().int().min(0).max(840);

const schema = z.object({
  SERVICE: z.string().min(1),
  STAGE: z.string().regex(/^[a-z][a-z0-9-]{0,15}$/),
  AWS_REGION: z.string().min(1),
  AWS_ENDPOINT_URL: z.string().optional(),
  AWS_LAMBDA_FUNCTION_NAME: z.string().default(''),
  SOURCE_TABLE: z.string().regex(/^[A-Za-z0-9_.-]{3,255}$/),
  TABLE_PREFIX: z.string().regex(/^[A-Za-z0-9_.-]{0,64}$/),
  MAP_MODE: z.enum(['INLINE', 'DISTRIBUTED']),
  MAX_CONCURRENCY: z.coerce.number().int().min(1).max(1000),
  SETTINGS: z.string().transform(parseSettings),
  TRANSFORM_VERSION: z.string().min(1),
  FENCE_WAIT_SECONDS: wholeSeconds,
  INTENT_WAIT_SECONDS: wholeSeconds,
  CLOSE_WAIT_SECONDS: wholeSeconds,
  CLOSE_NEW_TABLES: flag,
  RESTORE_INTO_SOURCE: flag,
  NOTIFY_TOPIC: z.string().optional(),
  KMS_KEY_ARN: z.string().optional(),
  SOURCE_KMS_KEY_ARN: z.string().optional(),
  TARGET_KMS_KEY_ARN: z.string().optional(),
});

/** What the deployment decided. `serverless.yml` sets every value. */
export interface Config {
  readonly service: string;
  readonly stage: string;
  readonly region: string;
  /** Of the embedded AWS; absent: AWS itself. */
  readonly endpointUrl: string | undefined;
  /** Key of this function under `functions:`; empty outside a Lambda. */
  readonly functionKey: string;
  readonly sourceTable: string;
  /** Put before each of the target names; may be empty. */
  readonly tablePrefix: string;
  readonly mapMode: 'INLINE' | 'DISTRIBUTED';
  /** Map workers at once, unless the input says otherwise. */
  readonly maxConcurrency: number;
  /** The migration's settings. */
  readonly settings: SettingValues;
  /** Of the migration with all that it imports: other code, another version. from-migration.cjs makes it. */
  readonly transformVersion: string;
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
  /** Key of bucket and ledger. */
  readonly kmsKeyArn: string | undefined;
  /** Key of the source. */
  readonly sourceKmsKeyArn: string | undefined;
  /** Key of existing targets. */
  readonly targetKmsKeyArn: string | undefined;
  readonly ledgerTable: string;
}

/**
 * Reads the Lambda's environment; the only place that does. `defaults` are the settings of the migration.
 *
 * @throws ConfigurationError naming each missing or unusable variable; not retried.
 */
export function readConfig(defaults: SettingValues, environment: NodeJS.ProcessEnv = process.env): Config {
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
    endpointUrl: text(env.AWS_ENDPOINT_URL),
    functionKey: env.AWS_LAMBDA_FUNCTION_NAME.replace(`${env.SERVICE}-${env.STAGE}-`, ''),
    sourceTable: env.SOURCE_TABLE,
    tablePrefix: env.TABLE_PREFIX,
    mapMode: env.MAP_MODE,
    maxConcurrency: env.MAX_CONCURRENCY,
    settings: deployedSettings(env.SETTINGS, defaults),
    transformVersion: env.TRANSFORM_VERSION,
    fenceWaitSeconds: env.FENCE_WAIT_SECONDS,
    intentWaitSeconds: env.INTENT_WAIT_SECONDS,
    closeWaitSeconds: env.CLOSE_WAIT_SECONDS,
    closeNewTables: env.CLOSE_NEW_TABLES,
    restoreIntoSource: env.RESTORE_INTO_SOURCE,
    notifyTopic: text(env.NOTIFY_TOPIC),
    kmsKeyArn: text(env.KMS_KEY_ARN),
    sourceKmsKeyArn: text(env.SOURCE_KMS_KEY_ARN),
    targetKmsKeyArn: text(env.TARGET_KMS_KEY_ARN),
    ledgerTable: ledgerTableName({ service: env.SERVICE, stage: env.STAGE }),
  };
}

const text = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

function deployedSettings(given: Readonly<Record<string, string>>, defaults: SettingValues): SettingValues {
  try {
    return readSettings(defaults, given);
  } catch (error) {
    throw new ConfigurationError(
      `${error instanceof Error ? error.message : String(error)} Deploy the service again with another value of this parameter.`,
    );
  }
}

/** `{"name": "text"}`, as from-migration.cjs writes it. */
function parseSettings(text: string, context: z.RefinementCtx): Readonly<Record<string, string>> {
  const parsed = z.record(z.string(), z.string()).safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: 'not an object of texts' });
  return z.NEVER;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
