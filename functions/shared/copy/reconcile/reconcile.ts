import type { ConditionalOutcome } from '../../aws/item-table.ts';
import { canonicalJson } from '../../items/canonical-json.ts';
import { keyText } from '../../items/item-key.ts';
import type { WireItem } from '../../items/wire-item.ts';
import type { MadeBy } from '../../migration/as-written.ts';
import type { FilledTable, TransformResult } from '../../migration/migration.ts';
import type { RunTable } from '../../tables/run-tables.ts';
import { putBackIfMore } from '../put-back.ts';
import { type ConflictKind, decide, type Decision, type ItemReplacement } from './decide.ts';

/** Every request of a reconcile. Each read is strongly consistent, and each awaits what it needs: pace, retries, fence. */
export interface ReconcileIo {
  /** The items of a table that belong to the source item of this key. */
  readonly readTarget: (table: TargetTable, sourceKey: WireItem) => Promise<readonly WireItem[]>;
  /** `undefined`: there is no such source item. */
  readonly readSource: (sourceKey: WireItem) => Promise<WireItem | undefined>;
  /** Writes the item where nothing is. */
  readonly putIf: (table: TargetTable, item: WireItem) => Promise<WriteEnd>;
  /** Replaces an item if every attribute still is as read. An attribute that was added since stays. */
  readonly changeIf: (table: TargetTable, change: ItemReplacement) => Promise<WriteEnd>;
  /** Deletes an item if every attribute still is as read; `old` is what was deleted. */
  readonly deleteIf: (
    table: TargetTable,
    item: WireItem,
  ) => Promise<{ readonly written: false } | { readonly written: true; readonly old: WireItem | undefined }>;
  /** As `putIf`, but not stopped by the fence: for what was deleted with more than was read. */
  readonly putBack: (table: TargetTable, item: WireItem) => Promise<ConditionalOutcome>;
}

export type TargetTable = RunTable<FilledTable>;

/** `lost`: the condition failed. An object: DynamoDB will never take this item, and why. */
export type WriteEnd = 'written' | 'lost' | { readonly refused: string };

/** What a source item must become: as the followed run would have made it. */
export interface ReconcileRules {
  readonly tables: readonly TargetTable[];
  readonly transform: (source: WireItem) => TransformResult;
  readonly madeBy: MadeBy;
}

export interface ReconcileRequest {
  /** The whole key of a source item, which need not exist any more. */
  readonly sourceKey: WireItem;
  /** False: only looks, and names what differs. */
  readonly repair: boolean;
  /** Default 3. A hot source item would take for ever. */
  readonly maxTries?: number;
}

/** What became of one source key. */
export interface Reconciled {
  /**
   * `equal`: nothing had to be written. `repaired`: the target now says what the source says. `different`: it does not,
   * and nothing was to be repaired. `pending`: the source changed, or others wrote, at every try; the key must be
   * reconciled again.
   */
  readonly outcome: 'equal' | 'repaired' | 'different' | 'pending';
  /** Items put or changed. */
  readonly written: number;
  readonly deleted: number;
  /** What was repaired, one entry a write; without repair: what differs. */
  readonly differences: readonly Difference[];
  /** Items that stay as others left them, as of the last look. */
  readonly conflicts: readonly NamedConflict[];
  /** The source item cannot become what the migration makes of it. Its items stay. */
  readonly quarantined?: { readonly code: string; readonly reason: string };
}

/** An item as an operator can look it up. */
interface NamedItem {
  readonly table: string;
  /** `PRODUCT#1 / METADATA` */
  readonly key: string;
}

export interface Difference extends NamedItem {
  readonly kind: 'missing' | 'different' | 'extra';
}

export interface NamedConflict extends NamedItem {
  readonly kind: ConflictKind;
}

const MAX_TRIES = 3;

/**
 * Makes the target say what the source says of one source key, whoever else writes either of them at the same time. The
 * key alone counts: what a change record says of the item is not asked for.
 *
 * Reads the target, then the source, and writes the differences by condition. If it has written anything, it reads the
 * source again: only where that is unchanged is the key settled. Else, and where a condition failed, it starts over. So
 * whoever writes last has looked at the source afterwards, and neither order nor repetition of the calls matters.
 *
 * A worker that dies between a deletion and {@link ReconcileIo.putBack} loses attributes that others added to that item
 * in the milliseconds before.
 *
 * @throws what the requests throw, among them the fence's error; the key must then be reconciled again
 * @throws TransformError where the migration's own code throws; not retried
 */
export async function reconcile(
  io: ReconcileIo,
  rules: ReconcileRules,
  { sourceKey, repair, maxTries = MAX_TRIES }: ReconcileRequest,
): Promise<Reconciled> {
  const repaired: Difference[] = [];
  for (let tries = 1; ; tries += 1) {
    const look = await takeLook(io, rules, sourceKey);
    if (look.isEqual) return resultOf(endOf(repaired), look, repaired);
    const due = look.tables.flatMap((one) => writesOf(io, one));
    const end = repair ? await write(due, repaired) : NOTHING_WRITTEN;
    if (!end.hasLost && isSame(look.source, await io.readSource(sourceKey))) {
      if (repair) return { ...resultOf(endOf(repaired), look, repaired), ...end.refusal };
      const differences = due.map(({ difference }) => difference);
      return { ...resultOf('different', look, []), differences };
    }
    if (tries >= maxTries) return resultOf('pending', look, repaired);
  }
}

const endOf = (repaired: readonly Difference[]): 'equal' | 'repaired' =>
  repaired.length > 0 ? 'repaired' : 'equal';

/** The source item, and what must happen in each table. */
interface SourceLook {
  readonly source: WireItem | undefined;
  readonly made: TransformResult | undefined;
  readonly tables: readonly TableLook[];
  readonly isEqual: boolean;
}

interface TableLook {
  readonly table: TargetTable;
  readonly decision: Decision;
}

async function takeLook(
  io: ReconcileIo,
  { tables, transform, madeBy }: ReconcileRules,
  sourceKey: WireItem,
): Promise<SourceLook> {
  const existing: (readonly WireItem[])[] = [];
  for (const table of tables) existing.push(await io.readTarget(table, sourceKey));
  const source = await io.readSource(sourceKey);
  const made = source && transform(source);
  const looks = tables.map((table, index) => ({
    table,
    decision: decide({ table: table.spec, existing: existing[index] ?? [], made }, madeBy),
  }));
  return { source, made, tables: looks, isEqual: looks.every(({ decision }) => decision.isEqual) };
}

/** What the writes of one try came to. */
interface TryEnd {
  /** Whether a condition failed: somebody else has written. */
  readonly hasLost: boolean;
  /** DynamoDB will never take one of the items. Nothing was written after it. */
  readonly refusal?: Pick<Reconciled, 'quarantined'>;
}

const NOTHING_WRITTEN: TryEnd = { hasLost: false };

async function write(due: readonly DueWrite[], repaired: Difference[]): Promise<TryEnd> {
  let hasLost = false;
  for (const { difference, send } of due) {
    const end = await send();
    if (end === 'written') repaired.push(difference);
    else if (end === 'lost') hasLost = true;
    else return { hasLost, refusal: { quarantined: { code: ITEM_REFUSED, reason: end.refused } } };
  }
  return { hasLost };
}

/** Code of a source item whose target item DynamoDB will never take. */
const ITEM_REFUSED = 'ItemRefused';

/** A write that is due, and how it is named. */
interface DueWrite {
  readonly difference: Difference;
  readonly send: () => Promise<WriteEnd>;
}

/** First what is missing, last what is too much: a reader of the target never sees less than there is. */
function writesOf(io: ReconcileIo, { table, decision }: TableLook): readonly DueWrite[] {
  const due = (kind: Difference['kind'], item: WireItem, send: DueWrite['send']): DueWrite => ({
    difference: { kind, ...named(table, item) },
    send,
  });
  return [
    ...decision.puts.map((item) => due('missing', item, () => io.putIf(table, item))),
    ...decision.changes.map((one) => due('different', one.to, () => io.changeIf(table, one))),
    ...decision.deletions.map((item) => due('extra', item, () => remove(io, table, item))),
  ];
}

async function remove(io: ReconcileIo, table: TargetTable, item: WireItem): Promise<WriteEnd> {
  const deletion = await io.deleteIf(table, item);
  if (!deletion.written) return 'lost';
  const putIfAbsent = (old: WireItem): Promise<ConditionalOutcome> => io.putBack(table, old);
  const end = await putBackIfMore({ asRead: item, old: deletion.old }, { putIfAbsent });
  return end === 'gone' ? 'written' : 'lost';
}

function resultOf(
  outcome: Reconciled['outcome'],
  { made, tables }: SourceLook,
  repaired: readonly Difference[],
): Reconciled {
  const deleted = repaired.filter(({ kind }) => kind === 'extra').length;
  const conflicts = tables.flatMap(({ table, decision }) =>
    decision.conflicts.map(({ item, kind }) => ({ kind, ...named(table, item) })),
  );
  return {
    outcome,
    written: repaired.length - deleted,
    deleted,
    differences: repaired,
    conflicts,
    ...(made?.kind === 'quarantined' && { quarantined: { code: made.code, reason: made.sentence } }),
  };
}

function named({ name, spec }: TargetTable, item: WireItem): NamedItem {
  return { table: name, key: keyText(item, spec.tableKey) };
}

function isSame(one: WireItem | undefined, other: WireItem | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return canonicalJson(one) === canonicalJson(other);
}
