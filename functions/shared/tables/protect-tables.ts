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
    what: 'deletion protection',
    enable: (client, TableName) =>
      client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true })),
  },
  {
    what: 'point-in-time recovery',
    enable: (client, TableName) =>
      client.send(
        new UpdateContinuousBackupsCommand({
          TableName,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      ),
  },
];

/** `undefined` when it is on; else the sentence for the report. */
async function protect(
  runtime: Runtime,
  name: string,
  { what, enable }: Protection,
): Promise<string | undefined> {
  const { clients, clock } = runtime;
  try {
    const deadline = clock.now() + patienceMillis;
    await retry({ clock, deadline, patienceMillis, isRetryable: isWorthRetrying }, () =>
      enable(clients.dynamo, name),
    );
    return undefined;
  } catch (error) {
    const { name: errorName } = errorSummary(error);
    return `${name}: ${what} could not be switched on (${errorName}). The data is migrated and verified; switch it on in the DynamoDB console.`;
  }
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
  const created = tables.filter(({ outcome }) => outcome === 'CREATED');
  const outcomes = await Promise.all(
    created.map(async ({ name }) => {
      const warnings: string[] = [];
      // One after the other: UpdateTable makes the table UPDATING for a moment.
      for (const protection of protections) {
        const warning = await protect(runtime, name, protection);
        if (warning !== undefined) warnings.push(warning);
      }
      return warnings;
    }),
  );
  return outcomes.flat();
}
