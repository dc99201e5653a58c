import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Claims } from './claims.ts';
import { type LedgerKey, type LedgerTable, queryAll } from './ledger-table.ts';

/** A record of a run that carries a claim, or is not quiet yet. */
export type ClaimRecord = LedgerKey & Claims;

/** Records of workers; the run's own claim stands in the run. */
const CLAIMED_RECORDS = ['SHARD#', 'TABLE#'] as const;

/** Every record of a run that a call works on, or whose earlier calls are not through. Strongly consistent. */
export async function listClaims(
  ledger: LedgerTable,
  runId: string,
  now: number,
): Promise<readonly ClaimRecord[]> {
  const claimsUnder = (prefix: string) =>
    queryAll(ledger, {
      KeyConditionExpression: 'PK = :run AND begins_with(SK, :prefix)',
      FilterExpression: 'attribute_exists(claim) OR quietAt > :now',
      ProjectionExpression: 'PK, SK, claim, quietAt',
      ExpressionAttributeValues: { ':run': `RUN#${runId}`, ':prefix': prefix, ':now': now },
      ConsistentRead: true,
    });
  const records: Record<string, unknown>[] = [];
  for (const prefix of CLAIMED_RECORDS) records.push(...(await claimsUnder(prefix)));
  return records as unknown as readonly ClaimRecord[];
}

/**
 * Closes the claim of one call on a record, be it one's own or that of a call that has stopped. A call whose claim
 * is closed finds out at its next look, and its next save is refused. Idempotent; nothing happens where the claim is
 * another call's by now.
 *
 * @param quietAt epoch milliseconds until which requests of that call may still take effect
 */
export async function closeClaim(
  { client, tableName }: LedgerTable,
  { key, call }: { readonly key: LedgerKey; readonly call: string },
  quietAt: number | undefined,
): Promise<void> {
  await client
    .send(
      new UpdateCommand({
        TableName: tableName,
        Key: key,
        UpdateExpression: quietAt === undefined ? 'REMOVE claim' : 'SET quietAt = :quietAt REMOVE claim',
        ConditionExpression: 'claim = :call',
        ExpressionAttributeValues: { ':call': call, ':quietAt': quietAt },
      }),
    )
    .catch((error: unknown) => {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    });
}
