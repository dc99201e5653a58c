import { isBulk, isRestore, type Run } from '../ledger/run.ts';
import type { TableAccess, TableRecord } from '../ledger/table-record.ts';
import { tableArn } from '../names.ts';
import { retry } from '../retry.ts';
import type { Runtime } from '../runtime.ts';
import { findPolicy, POLICY_PATIENCE_MILLIS } from '../aws/change-policy.ts';
import { type Closure, isClosedBy, writerOf } from '../aws/table-policy.ts';

/** The recorded ARN; an announced table has none yet. */
export function tableArnOf(
  { config, accountId }: Pick<Runtime, 'config' | 'accountId'>,
  record: Pick<TableRecord, 'name' | 'tableArn'>,
): string {
  return record.tableArn ?? tableArn({ ...config, accountId }, record.name);
}

/**
 * How a new table is closed until the run's commit: only roles with this deployment's tag may write items. `undefined` if
 * it is not closed: a step called alone has no commit, and the deployment may have turned it off.
 */
export function closureFor(
  runtime: Runtime,
  run: Pick<Run, 'runId' | 'kind'>,
  name: string,
): Closure | undefined {
  const { config } = runtime;
  if (run.kind === 'manual' || !config.closeNewTables) return undefined;
  return { runId: run.runId, tableArn: tableArnOf(runtime, { name }), writer: writerOf(config) };
}

/**
 * Whether a run may write into its table without conditions: it created the table, GetResourcePolicy has shown that it is
 * closed to others, and the run was never interrupted. Into a table that others can write to, it writes as into an
 * existing one.
 */
export function isAloneIn(
  record: Pick<TableRecord, 'outcome' | 'access'> | undefined,
  { resumed }: Pick<Run, 'resumed'>,
): boolean {
  return record?.outcome === 'CREATED' && record.access === 'CLOSED' && !resumed;
}

/** What a report adds about another table that the run may have taken for its own: a clause, or nothing. */
export function blindnessIn(
  record: Pick<TableRecord, 'outcome' | 'access'>,
  run: Pick<Run, 'resumed' | 'kind' | 'step' | 'plan'>,
): readonly string[] {
  // Bulk put writes the lines of a migration by condition, and those of a backup without one.
  const isConditional = isBulk(run) && !isRestore(run);
  return isAloneIn(record, run) && !isConditional
    ? ['the run did not look for items of others under its keys before it wrote']
    : [];
}

/** What is known about who may write to a new table. It goes into the table's record. */
export interface Closed {
  readonly access: TableAccess;
  readonly policyRevision?: string;
}

/**
 * Reads back whether the table is closed. A policy that was given at creation may take some seconds to appear, and an
 * engine without resource policies never shows it.
 *
 * @throws the SDK's errors; safe to repeat
 */
export async function readClosure(runtime: Runtime, closure: Closure): Promise<Closed> {
  const { clock } = runtime;
  const notYet = new Error('The policy does not show yet.');
  const until = {
    clock,
    deadline: clock.now() + POLICY_PATIENCE_MILLIS,
    patienceMillis: POLICY_PATIENCE_MILLIS,
    isRetryable: (error: unknown) => error === notYet,
  };
  try {
    return await retry(until, async (): Promise<Closed> => {
      const found = await findPolicy(runtime, closure.tableArn);
      if (found.kind === 'none') throw notYet;
      if (found.kind === 'policy' && isClosedBy(found.policy, closure))
        return { access: 'CLOSED', policyRevision: found.revisionId };
      return { access: 'NEVER_CLOSED' };
    });
  } catch (error) {
    if (error === notYet) return { access: 'NEVER_CLOSED' };
    throw error;
  }
}
