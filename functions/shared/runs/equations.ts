import { someOf } from '../counted.ts';
import type { Run } from '../ledger/run.ts';
import { type Digest, equalDigests } from '../items/digest.ts';

/**
 * What must be equal before anything is called complete, as pure functions over what was counted. Each returns one
 * clause for each thing that is wrong, and nothing if all is well.
 */

/** One Map state: the shards of the plan, and those in the ledger. */
export interface PassFacts {
  readonly state: string;
  readonly planned: readonly number[];
  readonly shards: readonly { readonly shard: number; readonly done: boolean }[];
}

/** A table is UPDATING while its owner changes indexes or capacity. It can be read and written. */
const USABLE: ReadonlySet<string> = new Set(['ACTIVE', 'UPDATING']);
const MADE: ReadonlySet<string> = new Set(['CREATED', 'EXISTED']);

/** Every shard of the plan is there and done, and no other. */
export function passProblems({ state, planned, shards }: PassFacts): readonly string[] {
  const done = new Set(shards.filter((shard) => shard.done).map(({ shard }) => shard));
  const open = planned.filter((index) => !done.has(index));
  const wanted = new Set(planned);
  const strange = shards.filter(({ shard }) => !wanted.has(shard)).map(({ shard }) => shard);
  return [
    ...(open.length === 0
      ? []
      : [
          `${open.length} of the ${planned.length} shards of ${state} are not there and done (${named(open)})`,
        ]),
    ...(strange.length === 0 ? [] : [`${state} has shards that are not of the plan (${named(strange)})`]),
  ];
}

const named = (names: readonly (string | number)[]): string => someOf(names, { most: 3 });

/** The items of one backup, as each place counts and digests them. */
export interface BackupFacts {
  /** By the workers' checkpoints. */
  readonly scanned: Digest;
  /** By the ledger's list of files. */
  readonly filed: Digest;
  /** As read back from the files. */
  readonly reread: Digest;
  /** By the manifest in the bucket; absent before it is written. */
  readonly manifest?: Digest;
  /** By the run's record; absent before the backup is sealed. */
  readonly sealed?: Digest;
}

/** Scanned = sum of the files = manifest = sealed = read back, by count and digest. */
export function backupProblems({
  scanned,
  filed,
  reread,
  manifest = scanned,
  sealed = scanned,
}: BackupFacts): readonly string[] {
  return [
    ...unequalDigest('the list of files holds', filed, scanned),
    ...unequalDigest('the files were read back with', reread, scanned),
    ...unequalDigest('the manifest names', manifest, scanned),
    ...unequalDigest('the run remembers', sealed, scanned),
  ];
}

function unequalDigest(what: string, found: Digest, wanted: Digest): readonly string[] {
  if (found.count !== wanted.count) return unequal(what, found.count, wanted.count);
  return equalDigests(found, wanted) ? [] : [`${what} as many items as expected, but other ones (digest)`];
}

/** A clause if two counts differ. A negative or fractional count never equals anything. */
function unequal(what: string, found: number, wanted: number): readonly string[] {
  return Number.isSafeInteger(found) && found >= 0 && found === wanted
    ? []
    : [`${what} ${found}, not ${wanted}`];
}

/** What became of the source items. */
export interface TransformFacts {
  /** Items of the sealed backup. */
  readonly sourceItems: number;
  /** Source items that became target items, and those that did not. */
  readonly transformed: number;
  readonly quarantined: number;
  /** Absent where nothing limits them: a dry run. */
  readonly maxQuarantined?: number | undefined;
  /** Target items by the counters of kinds. */
  readonly targetItems: number;
  /** Target items by digest. */
  readonly expected: Digest;
  /** What the run's record says is expected. */
  readonly remembered: Digest;
}

/** Transformed + quarantined = the backup's items, and no more are quarantined than allowed. */
export function transformProblems(facts: TransformFacts): readonly string[] {
  const {
    sourceItems,
    transformed,
    quarantined,
    maxQuarantined = quarantined,
    targetItems,
    expected,
  } = facts;
  return [
    ...broken({ transformed, quarantined }),
    ...unequal('transformed and quarantined are together', transformed + quarantined, sourceItems),
    ...unequal('TransformProducts counts as target items', targetItems, expected.count),
    ...unequalDigest('the run remembers as expected', facts.remembered, expected),
    ...(quarantined <= maxQuarantined
      ? []
      : [`${quarantined} are quarantined where maxQuarantined allows ${maxQuarantined}`]),
  ];
}

/** Counts that are no counts, because somebody has written into the ledger. */
function broken(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts)
    .filter(([, count]) => !Number.isSafeInteger(count) || count < 0)
    .map(([name, count]) => `the count of ${name} is ${count}`);
}

export type DigestName = `target ${string}`;

/** Under which name a checkpoint of the verification digests the items of one table. */
export const digestName = (table: string): DigestName => `target ${table}`;

/** What one of several new tables must hold, and holds. */
export interface TableDigests {
  readonly table: string;
  /** By its target files. */
  readonly expected: Digest;
  readonly found: Digest;
}

/** Each table holds the items that are its own: those of all tables together could have changed places. */
export function tableDigestProblems(tables: readonly TableDigests[]): readonly string[] {
  return tables.flatMap(({ table, expected, found }) =>
    unequalDigest(`table ${table} holds`, found, expected),
  );
}

/** A table that only this run has written to. */
export interface NewTableFacts {
  /** What the table must hold: what TransformProducts counted, or what the backup holds. */
  readonly expected: Digest;
  /** Items that the workers wrote, and items that they found there. */
  readonly sent: number;
  readonly present: number;
  /** Everything that the table holds. */
  readonly found: Digest;
  /** Keys that are missing, that differ, or that no backup holds. */
  readonly missing: number;
  readonly different: number;
  readonly extra: number;
}

/** Sent = expected = everything in the tables, by digest, and nothing else. */
export function newTableProblems({ expected, found, sent, ...others }: NewTableFacts): readonly string[] {
  return [
    ...unequal('items sent:', sent, expected.count),
    ...unequalDigest('the table holds', found, expected),
    ...Object.entries(others).flatMap(([name, count]) => unequal(`${name}:`, count, 0)),
  ];
}

/** What DynamoDB's bulk put says that it has done. */
export interface BulkFacts {
  /** Items of the files that it read. */
  readonly expected: number;
  readonly processed: number;
  readonly failed: number;
}

/** Processed = expected, and nothing failed. What is in the tables is for the verification to say. */
export function bulkProblems({ expected, processed, failed }: BulkFacts): readonly string[] {
  return [
    ...unequal('items that bulk put processed:', processed, expected),
    ...unequal('items that bulk put could not write:', failed, 0),
  ];
}

/** A table that existed before the run, or that others may have written to. */
export interface ExistingTableFacts {
  /** Items that must be there: what TransformProducts counted, or what the backup holds. */
  readonly expected: number;
  /** By the workers that wrote. */
  readonly written: number;
  readonly replaced: number;
  readonly present: number;
  /** By the workers that verified: items of this run, and of others. */
  readonly ownEqual: number;
  readonly ownChanged: number;
  readonly otherEqual: number;
  readonly otherDifferent: number;
  readonly missing: number;
}

/** Written + replaced + present = expected = found, no matter who wrote it. Nothing is missing. */
export function existingTableProblems(facts: ExistingTableFacts): readonly string[] {
  const { expected, written, replaced, present, missing } = facts;
  const { ownEqual, ownChanged, otherEqual, otherDifferent } = facts;
  return [
    ...broken({ written, replaced, present, ownEqual, ownChanged, otherEqual, otherDifferent }),
    ...unequal('written, replaced and present are together', written + replaced + present, expected),
    ...unequal('found are', ownEqual + ownChanged + otherEqual + otherDifferent, expected),
    ...unequal('missing:', missing, 0),
  ];
}

/** What the ledger knows of one table, and what exists. */
export interface TableFacts {
  readonly name: string;
  /** Absent: the ledger has no record of it. */
  readonly recorded?: { readonly outcome: string; readonly tableId?: string | undefined } | undefined;
  /** Absent: there is no such table. */
  readonly existing?: { readonly tableId: string; readonly status: string } | undefined;
}

/** The table exists, is usable, and is the one that the run has worked with. */
export function tableProblems({ name, recorded, existing }: TableFacts): readonly string[] {
  if (recorded === undefined) return [`the ledger has no record of table ${name}`];
  if (!MADE.has(recorded.outcome)) return [`table ${name} was announced, but never made ready`];
  if (existing === undefined) return [`table ${name} is gone: somebody has deleted it`];
  if (!USABLE.has(existing.status)) return [`table ${name} is ${existing.status}`];
  return recorded.tableId === existing.tableId
    ? []
    : [`table ${name} is not the one that the run has worked with: somebody has replaced it`];
}

/**
 * What a checkpoint of the verification rests on: its execution. A run that was held may have been changed by people,
 * so the execution that resumes it looks at everything again.
 */
export const verificationBasis = ({ executionArn }: Run): string => executionArn;
