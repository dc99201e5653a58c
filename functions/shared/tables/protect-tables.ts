import { listed } from '../text.ts';
import {
  type DynamoDBClient,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { errorSummary } from '../errors.ts';
import { noteTable, type ProtectionState, type TableRecord } from '../ledger/table-record.ts';
import { isNotOffered } from '../aws/not-offered.ts';
import { isTransientOr, retry } from '../retry.ts';
import type { Runtime } from '../runtime.ts';
import { mayTakeItLater, switchOnTimeToLive } from './enable-time-to-live.ts';

/** A young table is like this for a while. */
const PATIENCE_MILLIS = 60_000;

const PASSING: readonly string[] = [
  // Its tags appear late, and with them a permission that depends on tags.
  'AccessDeniedException',
  'ContinuousBackupsUnavailableException',
  'ResourceInUseException',
];

const isWorthRetrying = (error: unknown): boolean => isTransientOr(error, ...PASSING);

const DELETION_PROTECTION: Protection = {
  what: 'Deletion protection',
  field: 'deletionProtection',
  enable: (client, { name: TableName }) =>
    client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true })),
  isWorthRetrying,
};

const RECOVERY: Protection = {
  what: 'Point-in-time recovery',
  field: 'pointInTimeRecovery',
  enable: (client, { name: TableName }) =>
    client.send(
      new UpdateContinuousBackupsCommand({
        TableName,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
    ),
  isWorthRetrying,
};

/** Before the commit it would delete what the run still has to find. */
const timeToLive = (attributes: ReadonlyMap<string, string>): Protection => ({
  what: 'Time to live',
  field: 'timeToLive',
  enable: async (client, { name, check }) => {
    const attribute = attributes.get(name);
    if (attribute !== undefined) await switchOnTimeToLive(client, { name, attribute, check });
  },
  isWorthRetrying: mayTakeItLater,
});

/** A setting that a new table gets once its run is committed. */
interface Protection {
  readonly what: string;
  /** The field of the table's record that says whether it is on. */
  readonly field: 'deletionProtection' | 'pointInTimeRecovery' | 'timeToLive';
  readonly enable: (client: DynamoDBClient, table: CheckedTable) => Promise<unknown>;
  readonly isWorthRetrying: (error: unknown) => boolean;
}

type CheckedTable = { readonly name: string } & Pick<ProtectedTables, 'check'>;

/** Tables of one run, as its ledger has them. */
export interface ProtectedTables {
  readonly runId: string;
  readonly tables: readonly TableRecord[];
  /** By name: the attribute by which items of a table expire that the run has filled. */
  readonly expiring: ReadonlyMap<string, string>;
  /** Awaited before each request. @throws RunClosedError when the run is being rolled back */
  readonly check: () => Promise<void>;
}

/** Protections that are missing. */
export interface ProtectionOutcome {
  /** One sentence per protection, for all tables that lack it. */
  readonly warnings: readonly string[];
  /** Whether the missing protections may be switched on later. */
  readonly isWorthAnotherTry: boolean;
}

/**
 * Switches deletion protection and point-in-time recovery on for every table that the run created, and time to live for
 * those that it filled and whose items expire. Records each separately in the table's record, so that none is requested
 * twice. Idempotent. No refusal is thrown, because the run is committed.
 */
export async function protectTables(runtime: Runtime, scope: ProtectedTables): Promise<ProtectionOutcome> {
  const { expiring } = scope;
  const created = scope.tables.filter(({ outcome }) => outcome === 'CREATED');
  const filled = created.filter(({ name }) => expiring.has(name));
  // One after the other: UpdateTable makes a table UPDATING for a moment.
  const outcomes = [
    await protectAll(runtime, { ...scope, tables: created }, DELETION_PROTECTION),
    await protectAll(runtime, { ...scope, tables: created }, RECOVERY),
    await protectAll(runtime, { ...scope, tables: filled }, timeToLive(expiring)),
  ];
  return {
    warnings: outcomes.flatMap(({ warnings }) => warnings),
    isWorthAnotherTry: outcomes.some((outcome) => outcome.isWorthAnotherTry),
  };
}

/** One protection, for every table that does not have it yet. */
async function protectAll(
  runtime: Runtime,
  { runId, tables, check }: ProtectedTables,
  protection: Protection,
): Promise<ProtectionOutcome> {
  const names = tables.filter((table) => table[protection.field] !== 'ON').map(({ name }) => name);
  const refusals = await Promise.all(
    names.map(async (name) => {
      const refusal = await protect(runtime, { name, check }, protection);
      await noteTable(runtime.ledger, { runId, name }, { [protection.field]: stateOf(refusal) });
      return refusal;
    }),
  );
  // What has the tables' names while the run is rolled back may be another run's.
  const isClosed = refusals.some((refusal) => refusal?.error === 'RunClosedError');
  const unprotected = isClosed ? [] : names.filter((_, index) => refusals[index] !== undefined);
  if (unprotected.length === 0) return { warnings: [], isWorthAnotherTry: false };
  const isWorthAnotherTry = refusals.some((refusal) => refusal?.isPassing);
  if (refusals.every((refusal) => refusal === undefined || refusal.isNotOffered))
    return {
      warnings: [
        `This endpoint offers no ${protection.what.toLowerCase()}. Without it: ${unprotected.join(', ')}.`,
      ],
      isWorthAnotherTry,
    };
  const reasons = [...new Set(refusals.flatMap((refusal) => refusal?.error ?? []))].join(', ');
  // A run keeps its warnings: this one must be true of a run that was rolled back, too.
  const next = isWorthAnotherTry
    ? 'this is tried again every 15 minutes for a day; the DynamoDB console shows whether it is on.'
    : 'switch it on in the DynamoDB console.';
  const warning = `${protection.what} could not be switched on for ${listed(unprotected)} (${reasons}) once the data was migrated and verified. Unless the run is rolled back, ${next}`;
  return { warnings: [warning], isWorthAnotherTry };
}

/**
 * Switches a table's deletion protection on again.
 *
 * @returns the name of the error that keeps it off; `undefined`: it is on, or this endpoint has none
 */
export async function protectFromDeletion(
  runtime: Runtime,
  table: CheckedTable,
): Promise<string | undefined> {
  const refusal = await protect(runtime, table, DELETION_PROTECTION);
  return refusal?.isNotOffered === true ? undefined : refusal?.error;
}

/** Why it is not on, and whether that is transient; `undefined` if it is on. */
interface Refusal {
  readonly error: string;
  /** The endpoint does not have it at all. */
  readonly isNotOffered: boolean;
  readonly isPassing: boolean;
}

async function protect(
  runtime: Runtime,
  table: CheckedTable,
  { enable, isWorthRetrying: isRetryable }: Protection,
): Promise<Refusal | undefined> {
  const { clients, clock } = runtime;
  try {
    const deadline = clock.now() + PATIENCE_MILLIS;
    await retry({ clock, deadline, patienceMillis: PATIENCE_MILLIS, isRetryable }, async () => {
      await table.check();
      return enable(clients.dynamo, table);
    });
    return undefined;
  } catch (error) {
    return {
      error: errorSummary(error).name,
      isNotOffered: isNotOffered(error),
      isPassing: isRetryable(error),
    };
  }
}

function stateOf(refusal: Refusal | undefined): ProtectionState {
  if (refusal === undefined) return 'ON';
  return refusal.isPassing ? 'PENDING' : 'REFUSED';
}
