import {
  type DynamoDBClient,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { errorSummary } from '../errors.ts';
import type { TableRecord } from '../ledger/table-record.ts';
import { isTransient, retry } from '../retry.ts';
import type { Runtime } from '../runtime.ts';

/** A young table answers ContinuousBackupsUnavailable for a while. */
const patienceMillis = 60_000;

function isWorthRetrying(error: unknown): boolean {
  const { name } = errorSummary(error);
  return (
    name === 'ContinuousBackupsUnavailableException' ||
    name === 'ResourceInUseException' ||
    isTransient(error)
  );
}

interface Protection {
  readonly what: string;
  readonly enable: (client: DynamoDBClient, TableName: string) => Promise<unknown>;
}

const protections: readonly Protection[] = [
  {
    what: 'Deletion protection',
    enable: (client, TableName) =>
      client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true })),
  },
  {
    what: 'Point-in-time recovery',
    enable: (client, TableName) =>
      client.send(
        new UpdateContinuousBackupsCommand({
          TableName,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      ),
  },
];

/** `undefined` when it is on; else the error's name. */
async function protect(runtime: Runtime, name: string, { enable }: Protection): Promise<string | undefined> {
  const { clients, clock } = runtime;
  try {
    const deadline = clock.now() + patienceMillis;
    await retry({ clock, deadline, patienceMillis, isRetryable: isWorthRetrying }, () =>
      enable(clients.dynamo, name),
    );
    return undefined;
  } catch (error) {
    return errorSummary(error).name;
  }
}

/** One sentence a protection, however many tables lack it; `undefined` when all have it. */
async function protectAll(
  runtime: Runtime,
  names: readonly string[],
  protection: Protection,
): Promise<string | undefined> {
  const errors = await Promise.all(names.map((name) => protect(runtime, name, protection)));
  const unprotected = names.filter((_, index) => errors[index] !== undefined);
  if (unprotected.length === 0) return undefined;
  const reasons = [...new Set(errors.filter((error) => error !== undefined))].join(', ');
  const { what } = protection;
  return `${what} could not be switched on for ${unprotected.join(', ')} (${reasons}). The data is migrated and verified; switch it on in the DynamoDB console.`;
}

/**
 * Switches deletion protection and point-in-time recovery on for every table that the run created. Idempotent.
 *
 * @returns a sentence for each that could not be; none is thrown, because the run is committed.
 */
export async function protectTables(
  runtime: Runtime,
  tables: readonly TableRecord[],
): Promise<readonly string[]> {
  const created = tables.filter(({ outcome }) => outcome === 'CREATED').map(({ name }) => name);
  const warnings: string[] = [];
  // One after the other: UpdateTable makes a table UPDATING for a moment.
  for (const protection of protections) {
    const warning = await protectAll(runtime, created, protection);
    if (warning !== undefined) warnings.push(warning);
  }
  return warnings;
}
