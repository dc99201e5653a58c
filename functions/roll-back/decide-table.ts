/**
 * What is known about a table when the roll back decides what to do with it. Plain facts, so that every case can be
 * tested.
 */
export interface TableFacts {
  readonly runId: string;
  /** From the ledger. */
  readonly recorded: {
    readonly outcome: 'INTENT' | 'CREATED' | 'EXISTED' | 'DELETED' | 'KEPT';
    readonly tableId?: string | undefined;
  };
  /** What exists now. Absent if there is no table of that name. */
  readonly existing?: {
    readonly tableId: string;
    readonly runTag: string | undefined;
    readonly status: string;
    /** Regions of its other replicas. Absent: it has none. */
    readonly replicas?: string | undefined;
    /** Whether it was created after this run announced it. Only set if the endpoint has no tags. */
    readonly isSinceIntent?: boolean | undefined;
  };
  /** Whether the time within which an announced table may still appear has passed. */
  readonly isIntentWaitOver: boolean;
  /** Absent until the table has been inspected. */
  readonly contents?: 'nothing of the shop' | 'something of the shop';
}

/** What to do with the table. */
export type TableDecision =
  | { readonly action: 'nothing' }
  /** The announced table may still appear, or is being created or deleted. Look again. */
  | { readonly action: 'wait' }
  /** The run's table is gone, no matter who deleted it. */
  | { readonly action: 'note deleted' }
  /** The announced table belongs to somebody else, or existed before. */
  | { readonly action: 'note existed' }
  | { readonly action: 'look inside' }
  | { readonly action: 'delete' }
  | { readonly action: 'keep'; readonly remark: string };

/** Decided by its tag, or by the time of its creation if the endpoint has no tags. */
const isOfRun = (runId: string, { runTag, isSinceIntent }: NonNullable<TableFacts['existing']>): boolean =>
  isSinceIntent ?? runTag === runId;

function decideIntent({ runId, existing, isIntentWaitOver }: TableFacts): TableDecision | undefined {
  if (existing === undefined) return isIntentWaitOver ? { action: 'note deleted' } : { action: 'wait' };
  return isOfRun(runId, existing) ? undefined : { action: 'note existed' };
}

/**
 * Whether the time has passed within which an announced table and its tags may still appear. The tags may be as late as
 * that even where the table itself was created late.
 *
 * @param times epoch milliseconds; `createdAt`: of a table of that name that exists
 */
export function isIntentWaitOver(
  {
    markedAt,
    createdAt = 0,
    now,
  }: { readonly markedAt: number; readonly createdAt?: number | undefined; readonly now: number },
  waitMillis: number,
): boolean {
  return now >= Math.max(markedAt, createdAt) + waitMillis;
}

/** A new table's tags appear late, so without our tag nothing is decided before the wait is over. */
const isUndecided = ({ recorded, existing, isIntentWaitOver }: TableFacts): boolean =>
  existing !== undefined &&
  existing.runTag === undefined &&
  existing.isSinceIntent === undefined &&
  (recorded.tableId ?? existing.tableId) === existing.tableId &&
  !isIntentWaitOver;

/**
 * Deletes a table only if its intent, its tag (or, without tags, its time of creation) and its TableId agree, and it
 * holds no foreign items. In any doubt the table is kept.
 */
export function decideTable(facts: TableFacts): TableDecision {
  const { runId, recorded, existing, contents } = facts;
  if (recorded.outcome === 'EXISTED' || recorded.outcome === 'DELETED') return { action: 'nothing' };
  // A table that is still being created cannot be read, and one that is being deleted still exists.
  if (existing?.status === 'CREATING' || existing?.status === 'DELETING') return { action: 'wait' };
  if (isUndecided(facts)) return { action: 'wait' };
  if (recorded.outcome === 'INTENT') {
    const early = decideIntent(facts);
    if (early !== undefined) return early;
  }
  if (existing === undefined) return { action: 'note deleted' };
  if (recorded.tableId !== undefined && recorded.tableId !== existing.tableId)
    return { action: 'keep', remark: 'somebody else has since created a table of this name' };
  if (existing.isSinceIntent === false)
    return { action: 'keep', remark: 'it was created before this run announced it' };
  if (!isOfRun(runId, existing))
    return {
      action: 'keep',
      remark: `its tag migration:run is not ${runId}, so nothing shows that this run created it`,
    };
  // Closing it would shut out what other Regions replicate, and a look here sees only what has arrived.
  if (existing.replicas !== undefined)
    return { action: 'keep', remark: `it is a global table (${existing.replicas})` };
  if (contents === undefined) return { action: 'look inside' };
  if (contents === 'something of the shop')
    return { action: 'keep', remark: 'it holds items that are not as this run wrote them' };
  return { action: 'delete' };
}
