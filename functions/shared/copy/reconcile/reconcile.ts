import { canonicalJson } from '../../items/canonical-json.ts';
import type { WireItem } from '../../items/wire-item.ts';
import type { TransformResult } from '../../migration/migration.ts';
import { decide } from './decide.ts';
import {
  type Difference,
  type DueWrite,
  named,
  type NamedConflict,
  type TableLook,
  writesOf,
} from './due-writes.ts';
import type { ReconcileIo, ReconcileRules, Refused } from './reconcile-io.ts';

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
  /** Items that stay as others left them, as of the last look, and what was lost. */
  readonly conflicts: readonly NamedConflict[];
  /** The source item cannot become what the migration makes of it. Its items stay. */
  readonly quarantined?: { readonly code: string; readonly reason: string };
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
 * One thing is lost: an attribute that others add to an item in the milliseconds before it is deleted, where the worker
 * dies before {@link ReconcileIo.putBack}, where that fails, or where the answer to the deletion gets lost. The worker
 * warns of it. If it has died, the next worker with the same segment of a compare or the same batch warns. If no call
 * has that batch again, the sync warns at its end.
 *
 * Only a compare puts right a write that lands long after its sender has died.
 *
 * @throws what the requests throw, among them the fence's error; the key must then be reconciled again
 * @throws TransformError where the migration's own code throws; not retried
 */
export async function reconcile(
  io: ReconcileIo,
  rules: ReconcileRules,
  { sourceKey, repair, maxTries = MAX_TRIES }: ReconcileRequest,
): Promise<Reconciled> {
  const done: Done = { repaired: [], lost: [] };
  for (let tries = 1; ; tries += 1) {
    const look = await takeLook(io, rules, sourceKey);
    if (look.isEqual) return resultOf(endOf(done), look, done);
    const due = writesOf(io, look.tables);
    const end = repair ? await write(due, done) : NOTHING_WRITTEN;
    if (!end.hasFailed && isSame(look.source, await io.readSource(sourceKey))) {
      if (repair) return { ...resultOf(endOf(done), look, done), ...end.refusal };
      // A repair would begin with this write, and end with its refusal.
      const refused = await due[0]?.recall();
      if (refused !== undefined) return { ...resultOf('equal', look, done), ...refusalOf(refused) };
      const differences = due.map(({ difference }) => difference);
      return { ...resultOf('different', look, done), differences };
    }
    if (tries >= maxTries) return resultOf('pending', look, done);
  }
}

/** What the tries so far have done. */
interface Done {
  readonly repaired: Difference[];
  readonly lost: NamedConflict[];
}

const endOf = ({ repaired }: Done): 'equal' | 'repaired' => (repaired.length > 0 ? 'repaired' : 'equal');

/** The source item, and what must happen in each table. */
interface SourceLook {
  readonly source: WireItem | undefined;
  readonly made: TransformResult | undefined;
  readonly tables: readonly TableLook[];
  readonly isEqual: boolean;
}

async function takeLook(
  io: ReconcileIo,
  { tables, transform, madeBy, othersAmong, isOver }: ReconcileRules,
  sourceKey: WireItem,
): Promise<SourceLook> {
  const existing: (readonly WireItem[])[] = [];
  for (const table of tables) existing.push(await io.readTarget(table, sourceKey));
  const source = await io.readSource(sourceKey);
  const made = source && transform(source);
  const others = source === undefined ? await othersAmong?.(existing.flat()) : undefined;
  const looks = tables.map((table, index) => ({
    table,
    decision: decide(
      {
        table: table.spec,
        existing: existing[index] ?? [],
        made,
        others,
        isOver: isOver && ((item) => isOver(item, table.spec.timeToLiveAttribute)),
      },
      madeBy,
    ),
  }));
  return { source, made, tables: looks, isEqual: looks.every(({ decision }) => decision.isEqual) };
}

/** What the writes of one try came to. */
interface TryEnd {
  /** Whether a condition failed: others have written. */
  readonly hasFailed: boolean;
  /** DynamoDB will never take one of the items. Nothing was written after it. */
  readonly refusal?: Pick<Reconciled, 'quarantined'>;
}

const NOTHING_WRITTEN: TryEnd = { hasFailed: false };

async function write(due: readonly DueWrite[], done: Done): Promise<TryEnd> {
  let hasFailed = false;
  for (const { difference, send } of due) {
    const end = await send();
    if (typeof end === 'object') return { hasFailed, refusal: refusalOf(end) };
    if (end === 'written') done.repaired.push(difference);
    else hasFailed = true;
    if (end === 'lost') done.lost.push({ ...difference, kind: end });
  }
  return { hasFailed };
}

const refusalOf = ({ refused }: Refused): Pick<Reconciled, 'quarantined'> => ({
  quarantined: { code: ITEM_REFUSED, reason: refused },
});

/** Code of a source item whose target item DynamoDB will never take. */
const ITEM_REFUSED = 'ItemRefused';

function resultOf(
  outcome: Reconciled['outcome'],
  { made, tables }: SourceLook,
  { repaired, lost }: Done,
): Reconciled {
  const deleted = repaired.filter(({ kind }) => kind === 'extra').length;
  const conflicts = tables.flatMap(({ table, decision }) =>
    decision.conflicts.map(({ item, kind }): NamedConflict => ({ kind, ...named(table, item) })),
  );
  return {
    outcome,
    written: repaired.length - deleted,
    deleted,
    differences: repaired,
    conflicts: [...lost, ...conflicts],
    ...(made?.kind === 'quarantined' && { quarantined: { code: made.code, reason: made.sentence } }),
  };
}

function isSame(one: WireItem | undefined, other: WireItem | undefined): boolean {
  if (one === undefined || other === undefined || one === other) return one === other;
  return canonicalJson(one) === canonicalJson(other);
}
