import { counted } from '../shared/counted.ts';
import type { Run } from '../shared/ledger/run.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import { noteTable, type TableRecord } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import { changePolicy, findPolicy } from '../shared/aws/change-policy.ts';
import { tableArnOf } from '../shared/tables/close-table.ts';
import { type Closure, closedPolicy, isClosed, isClosedBy } from '../shared/aws/table-policy.ts';
import { isNamed } from '../shared/errors.ts';
import type { RollBackFence } from './recovery-owner.ts';

/** A table to inspect and delete. */
export interface ClosingScope {
  readonly run: Run;
  readonly fence: RollBackFence;
  readonly record: TableRecord;
  /** Whether the shop may be using it, because the run succeeded or a later run relies on it. */
  readonly isInUse: boolean;
}

/** Whether anybody can write to the table while it is inspected. */
export type Closing =
  /** Only the run's own writers can, or nobody at all. */
  | { readonly kind: 'closed' }
  /** The endpoint has no resource policies, or the table was not closed. */
  | { readonly kind: 'open' }
  /** It has just been closed, and AWS does not say how long that takes to become effective. */
  | { readonly kind: 'wait'; readonly seconds: number };

/** When this roll back has closed the table to everybody (epoch milliseconds). What an earlier one closed does not count. */
export const closedAtOf = ({
  run: { markedAt = 0 },
  record,
}: Pick<ClosingScope, 'run' | 'record'>): number | undefined =>
  record.closedToAllFor === markedAt ? record.closedToAllAt : undefined;

/** A failed run's table has been closed since its creation, unless the deployment leaves it open or somebody opened it. */
async function isStillClosed(runtime: Runtime, { record }: ClosingScope): Promise<boolean> {
  // What a roll back has closed counts only after the wait.
  if (record.access !== 'CLOSED' || record.closedToAllAt !== undefined) return false;
  const found = await findPolicy(runtime, tableArnOf(runtime, record));
  return found.kind === 'policy' && isClosed(found.policy);
}

/** When the table was closed to everybody, or `undefined` if the endpoint has no resource policies. */
async function closeToAll(runtime: Runtime, scope: ClosingScope): Promise<number | undefined> {
  const { run, fence, record } = scope;
  const { name } = record;
  const closedAt = closedAtOf(scope);
  const tableArn = tableArnOf(runtime, record);
  const closure: Closure = { runId: run.runId, tableArn };
  const found = await findPolicy(runtime, tableArn);
  const stands = found.kind === 'policy' && isClosedBy(found.policy, closure);
  if (stands && closedAt !== undefined) return closedAt;
  const { kind } = await changePolicy(runtime, {
    tableArn,
    wanted: (policy) => closedPolicy(policy, closure),
    isDone: (policy) => isClosedBy(policy, closure),
    check: () => fence.check(),
  });
  if (kind === 'not offered') return undefined;
  const now = runtime.clock.now();
  await noteTable(
    runtime.ledger,
    { runId: run.runId, name },
    { closedToAllAt: now, closedToAllFor: run.markedAt ?? 0, access: 'CLOSED' },
  );
  return now;
}

/** Adds a warning to the report, once per run. */
async function sayThatAWindowIsLeft({ ledger, config }: Runtime, run: Run): Promise<void> {
  await warnRun(ledger, run, [
    `Tables of the run were open to others, so each of them was closed to every writer for at least ${counted(config.closeWaitSeconds, 'second')} before it was inspected, and deleted if nothing of others was in it. This shortens the time in which a write can be lost with a table, but does not rule it out, because AWS does not say how long a resource policy takes to become effective.`,
  ]);
}

/**
 * Makes sure that nobody writes to a table between its inspection and its deletion. A table that others can write to is
 * closed to everybody, including our own functions, until it is deleted. Idempotent.
 *
 * @throws RunClosedError, and the SDK's errors where the policy of a table in use cannot be put; safe to repeat
 */
export async function closeForRollBack(runtime: Runtime, scope: ClosingScope): Promise<Closing> {
  const { run, isInUse } = scope;
  if (!isInUse && (await isStillClosed(runtime, scope))) return { kind: 'closed' };
  const closedAt = await closeToAll(runtime, scope).catch((error: unknown) => {
    // A deployment may leave its tables open because nobody may put policies there.
    if (isInUse || !isNamed(error, 'AccessDeniedException')) throw error;
    return undefined;
  });
  if (closedAt === undefined) return { kind: 'open' };
  await sayThatAWindowIsLeft(runtime, run);
  const leftMillis = closedAt + runtime.config.closeWaitSeconds * 1_000 - runtime.clock.now();
  return leftMillis > 0 ? { kind: 'wait', seconds: leftMillis / 1_000 } : { kind: 'closed' };
}
