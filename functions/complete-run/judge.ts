import { type RunLedger } from '../shared/runs/build-report.ts';
import { countedVerification } from '../shared/runs/report-counts.ts';
import { bulkFactsOf, countMigrated, countOver } from '../shared/runs/count-shards.ts';
import {
  backupProblems,
  bulkProblems,
  digestName,
  existingTableProblems,
  newTableProblems,
  passProblems,
  type TableDigests,
  tableDigestProblems,
  tableProblems,
  type TableFacts,
  transformProblems,
  verificationBasis,
} from '../shared/runs/equations.ts';
import { indexesTo } from '../shared/runs/cut-work.ts';
import { VerificationFailedError } from '../shared/errors.ts';
import { isBulk, type Run, type Verification } from '../shared/ledger/run.ts';
import type { Shard, ShardState } from '../shared/ledger/shard.ts';
import type { TargetFile } from '../shared/ledger/transformed-file.ts';
import { combineDigests, type Digest, EMPTY_DIGEST } from '../shared/items/digest.ts';

/** Everything that a commit is judged by. */
export interface CommitFacts {
  readonly run: Run;
  readonly ledger: RunLedger;
  /** By the ledger's list of files. */
  readonly filed: Digest;
  /** By the manifest in the bucket. */
  readonly manifest: Digest;
  /** Parts of the backup that are no longer in the bucket, one clause each. */
  readonly bucketProblems: readonly string[];
  /** The tables of the model, with what is there now; none for a dry run. */
  readonly tables: readonly TableFacts[];
  /** Name of the table that products go into. */
  readonly targets: readonly string[];
  /** By the ledger's list of target files. */
  readonly targetFiles: readonly Pick<TargetFile, 'table' | 'digest'>[];
}

const NOTHING: Digest = EMPTY_DIGEST;

/** Clauses that a message names. Further ones would mostly repeat these. */
const MAX_PROBLEMS = 6;

/**
 * Judges whether everything is in place: the backup, the tables, and every item that the backup should have become.
 *
 * @returns what was verified; `undefined` for a dry run.
 * @throws VerificationFailedError naming what is wrong; not retried, the run is rolled back.
 */
export function judge(facts: CommitFacts): Verification | undefined {
  const { run, ledger } = facts;
  const problems = commitProblems(facts);
  const { dryRun } = run.parameters;
  const verification = dryRun ? undefined : countedVerification(run, ledger.shards);
  const isVerified = dryRun || verification !== undefined;
  if (problems.length === 0 && isVerified) return verification;
  const all = isVerified ? problems : [...problems, 'it was not verified'];
  const more = all.length > MAX_PROBLEMS ? `; and ${all.length - MAX_PROBLEMS} more` : '';
  throw new VerificationFailedError(
    `Run ${run.runId} is not committed, because the tables do not hold what backup ${run.backupId} should have become: ${all.slice(0, MAX_PROBLEMS).join('; ')}${more}. ${remedyFor(facts, verification)}`,
  );
}

/** One clause for each thing that keeps the run from being complete. */
function commitProblems(facts: CommitFacts): readonly string[] {
  const prepared = [...passesOf(facts), ...preparationProblems(facts)];
  if (facts.run.parameters.dryRun) return prepared;
  return [
    ...facts.tables.flatMap(tableProblems),
    ...prepared,
    ...migrationProblems(facts),
    ...(isBulk(facts.run) ? bulkProblems(bulkFactsOf(facts.ledger.shards, expectedOf(facts).count)) : []),
    ...targetProblems(facts),
  ];
}

function passesOf(facts: CommitFacts): readonly string[] {
  const { segments, shards: cut } = facts.run.plan;
  const ofNow = (state: ShardState): readonly Shard[] =>
    shardsOf(facts, state).map((shard) => ({
      ...shard,
      done: shard.done && shard.basis === verificationBasis(facts.run),
    }));
  const pass = (state: ShardState, planned: readonly number[], shards = shardsOf(facts, state)) =>
    passProblems({ state, planned, shards });
  const prepared = [...pass('BackupProducts', segments), ...pass('TransformProducts', cut)];
  if (facts.run.parameters.dryRun) return prepared;
  return [
    ...prepared,
    ...(isBulk(facts.run) ? pass('BulkLoad', indexesTo(facts.targets.length)) : pass('MigrateProducts', cut)),
    ...pass('VerifyMigration', segments, ofNow('VerifyMigration')),
    ...(isCompared(facts) ? pass('CompareByKey', cut, ofNow('CompareByKey')) : []),
  ];
}

const shardsOf = ({ ledger }: CommitFacts, state: ShardState): readonly Shard[] =>
  ledger.shards.get(state) ?? [];

/** Key by key: always for an existing table, and for a new one whose digest did not match. */
function isCompared(facts: CommitFacts): boolean {
  return !isCreated(facts) || shardsOf(facts, 'CompareByKey').length > 0;
}

function isCreated({ ledger, targets }: CommitFacts): boolean {
  const created = ledger.tables.filter(({ outcome }) => outcome === 'CREATED').map(({ name }) => name);
  return targets.every((target) => created.includes(target));
}

function preparationProblems(facts: CommitFacts): readonly string[] {
  const { run, ledger, filed, manifest } = facts;
  const count = (counter: string): number => countOver(ledger.shards, 'TransformProducts', counter);
  const scanned = digestOver(facts, 'BackupProducts', 'source');
  const { dryRun, maxQuarantined } = run.parameters;
  return [
    ...facts.bucketProblems,
    ...backupProblems({
      scanned,
      filed,
      reread: digestOver(facts, 'TransformProducts', 'source'),
      manifest,
      sealed: run.backup?.digest ?? NOTHING,
    }),
    ...transformProblems({
      sourceItems: run.backup?.items ?? 0,
      transformed: count('metadata'),
      quarantined: count('quarantined'),
      maxQuarantined: dryRun ? undefined : maxQuarantined,
      targetItems: count('metadata') + count('variants'),
      expected: expectedOf(facts),
      remembered: run.rehearsal?.expected ?? NOTHING,
    }),
  ];
}

function digestOver(facts: CommitFacts, state: ShardState, name: string): Digest {
  return combineDigests(shardsOf(facts, state).map(({ digests }) => digests[name] ?? NOTHING));
}

/** What the target must hold. TransformProducts counted it, never the comparison. */
function expectedOf(facts: CommitFacts): Digest {
  return digestOver(facts, 'TransformProducts', 'expected');
}

/** What fills the tables has seen every product and made the same of it as TransformProducts. */
function migrationProblems({ run, ledger }: CommitFacts): readonly string[] {
  const migrated = (counter: string): number => countMigrated(ledger.shards, counter);
  const transformed = (counter: string): number => countOver(ledger.shards, 'TransformProducts', counter);
  const same = (['metadata', 'variants', 'quarantined'] as const).flatMap((counter) =>
    migrated(counter) === transformed(counter)
      ? []
      : [
          `${isBulk(run) ? 'BulkLoad' : 'MigrateProducts'} counts ${migrated(counter)} ${counter}, TransformProducts ${transformed(counter)}`,
        ],
  );
  const products = migrated('metadata') + migrated('quarantined');
  const all = run.backup?.items ?? 0;
  return products === all
    ? same
    : [...same, `${products} of ${all} source items were migrated or quarantined`];
}

function targetProblems(facts: CommitFacts): readonly string[] {
  const { ledger } = facts;
  const migrated = (counter: string): number => countMigrated(ledger.shards, counter);
  const compared = (counter: string): number => countOver(ledger.shards, 'CompareByKey', counter);
  const expected = expectedOf(facts);
  const atHand = migrated('alreadyPresent');
  const written = migrated('items') - atHand;
  const otherDifferent = compared('presentDifferent');
  if (isCreated(facts)) {
    const together = newTableProblems({
      expected,
      sent: written,
      present: atHand,
      found: digestOver(facts, 'VerifyMigration', 'target'),
      missing: compared('missing'),
      different: compared('different') + compared('alreadyPresent') + compared('changedSince'),
      extra: countOver(ledger.shards, 'VerifyMigration', 'foreign'),
    });
    return together.length > 0
      ? together
      : tableDigestProblems(facts.targets.map((table) => digestsOf(facts, table)));
  }
  const extra = countOver(ledger.shards, 'VerifyMigration', 'foreign');
  const existing = existingTableProblems({
    expected: expected.count,
    written,
    replaced: migrated('replaced'),
    present: atHand - migrated('replaced'),
    ownEqual: compared('same'),
    ownChanged: compared('changedSince'),
    otherEqual: compared('alreadyPresent') - otherDifferent,
    otherDifferent,
    missing: compared('missing'),
  });
  // Of tables that the run created beside existing ones.
  return extra === 0 ? existing : [...existing, `extra: ${extra}, not 0`];
}

function digestsOf(facts: CommitFacts, table: string): TableDigests {
  const files = facts.targetFiles.filter((file) => file.table === table);
  return {
    table,
    expected: combineDigests(files.map(({ digest }) => digest)),
    found: digestOver(facts, 'VerifyMigration', digestName(table)),
  };
}

function remedyFor({ tables, targets }: CommitFacts, verification: Verification | undefined): string {
  const { missing = 0, different = 0, extra = 0 } = verification ?? {};
  if (tables.some((table) => tableProblems(table).length > 0))
    return 'Find out who deletes or replaces tables while a run is working.';
  const tablesText = targets.join(' or ');
  const expiry =
    missing === 0
      ? ''
      : ` Time to live also deletes what has expired: if it is on for ${tablesText}, switch it off until then.`;
  return missing + different + extra > 0
    ? `The report names keys. If the shop already writes into ${tablesText}, stop that until the migration has succeeded.${expiry}`
    : 'If nobody has changed the ledger, the backup or the target by hand, this is a fault of the migration: keep the report.';
}
