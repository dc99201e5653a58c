import { keyText } from '../../items/item-key.ts';
import type { WireItem } from '../../items/wire-item.ts';
import { type DeletionEnd, putBackIfMore } from '../put-back.ts';
import type { ConflictKind, Decision } from './decide.ts';
import type { ReconcileIo, Refused, TargetTable, WriteEnd } from './reconcile-io.ts';

/** An item as an operator can look it up. */
interface NamedItem {
  readonly table: string;
  /** `PRODUCT#1 / METADATA` */
  readonly key: string;
}

export interface Difference extends NamedItem {
  readonly kind: 'missing' | 'different' | 'extra';
}

/** `lost`: others changed the item while it was being deleted, and again before it was back: the first change is gone. */
export interface NamedConflict extends NamedItem {
  readonly kind: ConflictKind | 'lost';
}

/** What must happen in a table. */
export interface TableLook {
  readonly table: TargetTable;
  readonly decision: Decision;
}

/** A write that is due, and how it is named. */
export interface DueWrite {
  readonly difference: Difference;
  readonly send: () => Promise<WriteEnd | 'lost'>;
  /** See {@link ReconcileIo.recallRefusal}. */
  readonly recall: () => Promise<Refused | undefined>;
}

/** Over all tables first what is missing, last what is too much: a reader of the targets never sees less than there is. */
export function writesOf(io: ReconcileIo, looks: readonly TableLook[]): readonly DueWrite[] {
  const due = looks.flatMap((look) => writesIn(io, look));
  const inOrder = ['missing', 'different', 'extra'] as const;
  return inOrder.flatMap((kind) => due.filter(({ difference }) => difference.kind === kind));
}

function writesIn(io: ReconcileIo, { table, decision }: TableLook): readonly DueWrite[] {
  const due = (kind: Difference['kind'], item: WireItem): Pick<DueWrite, 'difference'> => ({
    difference: { kind, ...named(table, item) },
  });
  return [
    ...decision.puts.map((to) => ({
      ...due('missing', to),
      send: () => io.putIf(table, to),
      recall: () => io.recallRefusal(table, { to }),
    })),
    ...decision.changes.map((one) => ({
      ...due('different', one.to),
      send: () => io.changeIf(table, one),
      recall: () => io.recallRefusal(table, one),
    })),
    ...decision.deletions.map((item) => ({
      ...due('extra', item),
      send: () => remove(io, table, item),
      recall: () => Promise.resolve(undefined),
    })),
  ];
}

async function remove(io: ReconcileIo, table: TargetTable, item: WireItem): Promise<WriteEnd | 'lost'> {
  const deletion = await io.deleteIf(table, item);
  if (!deletion.written) return 'failed';
  const end = await putBackIfMore(
    { ...deletion, asRead: item },
    {
      putIfAbsent: (old) => io.putBack(table, old),
      // Another worker may have filled the gap.
      replace: (existing, old) => io.putBack(table, old, existing),
    },
  );
  return REMOVALS[end];
}

const REMOVALS = { gone: 'written', back: 'failed', lost: 'lost' } as const satisfies Record<
  DeletionEnd,
  unknown
>;

/** An item of a table, by its key. */
export function named({ name, spec }: TargetTable, item: WireItem): NamedItem {
  return { table: name, key: keyText(item, spec.tableKey) };
}
