import type { MigrationManifest } from '../shared/files/manifests.ts';
import { type RunLedger } from '../shared/runs/build-report.ts';
import { bulkFactsOf, countOver, countRestored } from '../shared/runs/count-shards.ts';
import {
  backupProblems,
  bulkProblems,
  existingTableProblems,
  newTableProblems,
  passProblems,
  tableProblems,
  type TableFacts,
} from '../shared/runs/equations.ts';
import { VerificationFailedError } from '../shared/errors.ts';
import { existingTables } from '../shared/aws/existing-tables.ts';
import { isBulk, type Run, type Verification } from '../shared/ledger/run.ts';
import type { Shard, ShardState } from '../shared/ledger/shard.ts';
import type { Runtime } from '../shared/runtime.ts';
import { combineDigests, type Digest, EMPTY_DIGEST } from '../shared/items/digest.ts';
import { orderOf } from '../shared/runs/restore-order.ts';
import { restoreModeIn } from '../shared/runs/restored-counts.ts';

/** The facts that a restore is judged by. */
export interface RestoreFacts {
  readonly run: Run;
  readonly ledger: RunLedger;
  /** The manifest of the restored backup. */
  readonly manifest: Pick<MigrationManifest, 'digest' | 'files'>;
  /** The target, as it is now. */
  readonly table: TableFacts;
}

/** Reads the target's state. */
export async function readRestoreFacts(
  runtime: Runtime,
  { run, ledger, manifest }: Omit<RestoreFacts, 'table'>,
): Promise<RestoreFacts> {
  const name = orderOf(run).targetTable;
  const recorded = ledger.tables.find((table) => table.name === name);
  const existing = (await existingTables(runtime, [name])).get(name);
  return { run, ledger, manifest, table: { name, recorded, existing } };
}

/**
 * What a checkpoint of the verification is valid for: one execution, or one call of the step alone. Anybody may change
 * the table between two calls, so the second call reads all of it again.
 */
export function verifyRestoreVersion({
  executionArn,
  executionStartTime,
}: Pick<Run, 'executionArn' | 'executionStartTime'>): string {
  return `${executionArn} ${executionStartTime}`;
}

const shardsOf = ({ ledger }: RestoreFacts, state: ShardState): readonly Shard[] =>
  ledger.shards.get(state) ?? [];

function digestOver(facts: RestoreFacts, state: ShardState, name: string): Digest {
  return combineDigests(shardsOf(facts, state).map(({ digests }) => digests[name] ?? EMPTY_DIGEST));
}

/** The result of the verification, as the report shows it. */
function verificationOf(facts: RestoreFacts): Verification {
  const { run, ledger, manifest } = facts;
  const noDrift = { changedSince: 0, drift: { added: 0, changed: 0, removed: 0 } };
  const expected = manifest.digest.count;
  if (restoreModeIn(ledger.tables, run) === 'EXISTING') {
    const count = (counter: string): number => countOver(ledger.shards, 'VerifyRestore', counter);
    return {
      expected,
      found: count('found'),
      missing: Math.max(count('missing'), expected - count('found') - count('expired')),
      different: 0,
      extra: 0,
      presentDifferent: count('different'),
      ...noDrift,
    };
  }
  const target = digestOver(facts, 'VerifyRestore', 'target');
  return {
    expected,
    found: target.count,
    missing: Math.max(0, expected - target.count),
    different: target.count === expected && target.sum !== manifest.digest.sum ? 1 : 0,
    extra: Math.max(0, target.count - expected),
    ...noDrift,
  };
}

function passesOf(facts: RestoreFacts): readonly string[] {
  const planned = facts.run.plan.shards;
  const version = verifyRestoreVersion(facts.run);
  const looked = shardsOf(facts, 'VerifyRestore').map((shard) => ({
    ...shard,
    done: shard.done && shard.basis === version,
  }));
  return [
    ...passProblems({ state: 'ProveBackup', planned, shards: shardsOf(facts, 'ProveBackup') }),
    ...(isBulk(facts.run)
      ? passProblems({ state: 'BulkLoad', planned: [0], shards: shardsOf(facts, 'BulkLoad') })
      : passProblems({ state: 'RestoreProducts', planned, shards: shardsOf(facts, 'RestoreProducts') })),
    ...passProblems({ state: 'VerifyRestore', planned, shards: looked }),
  ];
}

function targetProblems(facts: RestoreFacts): readonly string[] {
  const { run, ledger, manifest } = facts;
  const restored = (counter: string): number => countRestored(ledger.shards, counter);
  const looked = (counter: string): number => countOver(ledger.shards, 'VerifyRestore', counter);
  const { missing, different, extra } = verificationOf(facts);
  if (restoreModeIn(ledger.tables, run) === 'NEW')
    return newTableProblems({
      expected: manifest.digest,
      // Items carry no mark of the restore. If a turn is interrupted, the next one finds the items it wrote as equal
      // ones.
      sent: restored('written') + restored('alreadyPresent'),
      present: restored('keptDifferent'),
      found: digestOver(facts, 'VerifyRestore', 'target'),
      missing,
      different,
      extra,
    });
  return existingTableProblems({
    expected: manifest.digest.count,
    written: restored('written'),
    replaced: 0,
    present: restored('alreadyPresent') + restored('keptDifferent'),
    ownEqual: 0,
    ownChanged: 0,
    // What time to live has deleted since was put back, or was equal.
    otherEqual: looked('found') - looked('different') + looked('expired'),
    otherDifferent: looked('different'),
    missing,
  });
}

/** One clause for each condition that a complete restore must meet and this one does not. */
function restoreProblems(facts: RestoreFacts): readonly string[] {
  const { manifest, table } = facts;
  const filed = combineDigests(manifest.files.map(({ digest }) => digest));
  const reread = digestOver(facts, 'ProveBackup', 'source');
  return [
    ...tableProblems(table),
    ...passesOf(facts),
    ...backupProblems({ scanned: manifest.digest, filed, reread }),
    ...targetProblems(facts),
    ...(isBulk(facts.run) ? bulkProblems(bulkFactsOf(facts.ledger.shards, manifest.digest.count)) : []),
  ];
}

const MAX_PROBLEMS = 6;

/**
 * Checks that the target holds what the backup holds.
 *
 * @throws VerificationFailedError naming what differs. It is not retried, and the run is rolled back or held.
 */
export function judgeRestore(facts: RestoreFacts): Verification {
  const problems = restoreProblems(facts);
  if (problems.length === 0) return verificationOf(facts);
  const { targetTable, backupId } = orderOf(facts.run);
  const more = problems.length > MAX_PROBLEMS ? `; and ${problems.length - MAX_PROBLEMS} more` : '';
  throw new VerificationFailedError(
    `Table ${targetTable} is not what backup ${backupId} holds: ${problems.slice(0, MAX_PROBLEMS).join('; ')}${more}. The restore is not complete. Make sure that nobody writes to ${targetTable}.`,
  );
}
