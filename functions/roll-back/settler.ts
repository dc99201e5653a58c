import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { RunClosedError } from '../shared/errors.ts';
import { runKey } from '../shared/ledger/ledger-table.ts';
import { findLock } from '../shared/ledger/lock.ts';
import { readRun, type Run } from '../shared/ledger/run.ts';
import type { Runtime } from '../shared/runtime.ts';

/** A settler that says nothing for this long is taken for dead; it renews every few seconds. */
const settlerMillis = 60_000;
/** The claim is renewed at this age; no request begins under an older one than twice this. */
const renewMillis = 5_000;

/** The claim as part of the marking itself: whoever marks a run settles it, also where an earlier claim is still young. */
export function settlerFacts({ clock }: Runtime, settler: string): Pick<Run, 'settler' | 'settlerUntil'> {
  return { settler, settlerUntil: clock.now() + settlerMillis };
}

/**
 * Claims, or renews the claim on, a run that is ROLLING_BACK.
 *
 * @returns `undefined` when another settler is at it, or the lock is not the run's: then nothing may be changed.
 */
export async function holdSettler(runtime: Runtime, run: Run, settler: string): Promise<Run | undefined> {
  const { ledger, clock } = runtime;
  const lock = await findLock(ledger, run.sourceTable);
  if (lock?.runId !== run.runId) return undefined;
  const now = clock.now();
  try {
    const { Attributes } = await ledger.client.send(
      new UpdateCommand({
        TableName: ledger.tableName,
        Key: runKey(run.runId),
        UpdateExpression: 'SET settler = :me, settlerUntil = :until',
        ConditionExpression:
          '#status = :rollingBack AND (attribute_not_exists(settler) OR settler = :me OR settlerUntil < :now)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ':me': settler,
          ':until': now + settlerMillis,
          ':now': now,
          ':rollingBack': 'ROLLING_BACK',
        },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return Attributes as Run;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

/** To be awaited before every request that takes something away. */
export interface SettlerFence {
  check(): Promise<void>;
}

/** Guards a claim that was just made, and keeps it alive. */
export function settlerFence(runtime: Runtime, run: Run, settler: string): SettlerFence {
  let heldAt = runtime.clock.now();
  let pending: Promise<void> | undefined;
  const renew = async (): Promise<void> => {
    const startedAt = runtime.clock.now();
    try {
      if ((await holdSettler(runtime, run, settler)) === undefined)
        throw new RunClosedError(
          `Somebody else has taken over the roll back of run ${run.runId} (${(await readRun(runtime.ledger, run.runId)).settler ?? 'it has ended'}); this one changes nothing more.`,
        );
      heldAt = startedAt;
    } finally {
      pending = undefined;
    }
  };
  return {
    check: async () => {
      if (runtime.clock.now() - heldAt < renewMillis) return;
      pending ??= renew();
      await pending;
    },
  };
}
