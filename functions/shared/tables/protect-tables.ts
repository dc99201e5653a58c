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

/** A young table is like this for a while. */
const PATIENCE_MILLIS = 60_000;

const PASSING = new Set([
  // Its tags appear late, and with them a permission that depends on tags.
  'AccessDeniedException',
  'ContinuousBackupsUnavailableException',
  'ResourceInUseException',
]);

const DELETION_PROTECTION: Protection = {
  what: 'Deletion protection',
  field: 'deletionProtection',
  enable: (client, TableName) =>
    client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true })),
};

const PROTECTIONS: readonly Protection[] = [
  DELETION_PROTECTION,
  {
    what: 'Point-in-time recovery',
    field: 'pointInTimeRecovery',
    enable: (client, TableName) =>
      client.send(
        new UpdateContinuousBackupsCommand({
          TableName,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      ),
  },
];

interface Protection {
  readonly what: string;
  /** The field of the table's record that says whether it is on. */
  readonly field: 'deletionProtection' | 'pointInTimeRecovery';
  readonly enable: (client: DynamoDBClient, TableName: string) => Promise<unknown>;
}

/** Tables of one run, as its ledger has them. */
export interface ProtectedTables {
  readonly runId: string;
  readonly tables: readonly TableRecord[];
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
 * Switches deletion protection and point-in-time recovery on for every table that the run created, and records each
 * separately in the table's record, so that none is requested twice. Idempotent. No refusal is thrown, because the run is
 * committed.
 */
export async function protectTables(
  runtime: Runtime,
  { tables, ...scope }: ProtectedTables,
): Promise<ProtectionOutcome> {
  const created = tables.filter(({ outcome }) => outcome === 'CREATED');
  const outcomes: ProtectionOutcome[] = [];
  // One after the other: UpdateTable makes a table UPDATING for a moment.
  for (const protection of PROTECTIONS)
    outcomes.push(await protectAll(runtime, { ...scope, tables: created }, protection));
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
  const unprotected = names.filter((_, index) => refusals[index] !== undefined);
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
  const next = isWorthAnotherTry
    ? 'it is tried again every 15 minutes for a day; the DynamoDB console shows whether it is on.'
    : 'switch it on in the DynamoDB console.';
  const warning = `${protection.what} could not be switched on for ${unprotected.join(', ')} (${reasons}). The data is migrated and verified; ${next}`;
  return { warnings: [warning], isWorthAnotherTry };
}

/**
 * Switches a table's deletion protection on again.
 *
 * @returns the name of the error that keeps it off; `undefined`: it is on, or this endpoint has none
 */
export async function protectFromDeletion(
  runtime: Runtime,
  table: { readonly name: string } & Pick<ProtectedTables, 'check'>,
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
  { name, check }: { readonly name: string } & Pick<ProtectedTables, 'check'>,
  { enable }: Protection,
): Promise<Refusal | undefined> {
  const { clients, clock } = runtime;
  try {
    const deadline = clock.now() + PATIENCE_MILLIS;
    await retry(
      { clock, deadline, patienceMillis: PATIENCE_MILLIS, isRetryable: isWorthRetrying },
      async () => {
        await check();
        return enable(clients.dynamo, name);
      },
    );
    return undefined;
  } catch (error) {
    return {
      error: errorSummary(error).name,
      isNotOffered: isNotOffered(error),
      isPassing: isWorthRetrying(error),
    };
  }
}

const isWorthRetrying = (error: unknown): boolean => isTransientOr(error, ...PASSING);

function stateOf(refusal: Refusal | undefined): ProtectionState {
  if (refusal === undefined) return 'ON';
  return refusal.isPassing ? 'PENDING' : 'REFUSED';
}
