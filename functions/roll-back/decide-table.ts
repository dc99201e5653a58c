/** What is known of one table when its fate is decided. Pure facts, so that every case can be tested. */
export interface TableFacts {
  readonly runId: string;
  /** From the ledger. */
  readonly recorded: {
    readonly outcome: 'INTENT' | 'CREATED' | 'EXISTED' | 'DELETED' | 'KEPT';
    readonly tableId?: string | undefined;
  };
  /** What exists now. Absent: no table of that name. */
  readonly existing?: {
    readonly tableId: string;
    readonly runTag: string | undefined;
    readonly status: string;
    /** Only where the endpoint has no tags: whether it was created after this run had announced it. */
    readonly isSinceIntent?: boolean | undefined;
  };
  /** Whether the time in which an announced table may still appear is over. */
  readonly isIntentWaitOver: boolean;
  /** Absent: not looked at yet. */
  readonly contents?: 'nothing of the shop' | 'something of the shop';
}

/** What to do about it. */
export type TableDecision =
  | { readonly action: 'nothing' }
  /** The announced table may still appear, or is on its way in or out: look again. */
  | { readonly action: 'wait' }
  /** The run's table is gone, no matter who deleted it. */
  | { readonly action: 'note deleted' }
  /** The announced table was somebody else's, or existed before. */
  | { readonly action: 'note existed' }
  | { readonly action: 'look inside' }
  | { readonly action: 'delete' }
  | { readonly action: 'keep'; readonly remark: string };

/** By its tag; where the endpoint has none, by the time of its creation. */
const isOfRun = (runId: string, { runTag, isSinceIntent }: NonNullable<TableFacts['existing']>): boolean =>
  isSinceIntent ?? runTag === runId;

function decideIntent({ runId, existing, isIntentWaitOver }: TableFacts): TableDecision | undefined {
  if (existing === undefined) return isIntentWaitOver ? { action: 'note deleted' } : { action: 'wait' };
  if (isOfRun(runId, existing)) return undefined;
  // Tags of a new table show late: without any, nothing is decided before the wait is over.
  const isUndecided = existing.runTag === undefined && existing.isSinceIntent === undefined;
  if (isUndecided && !isIntentWaitOver) return { action: 'wait' };
  return { action: 'note existed' };
}

/**
 * Deletes only where intent, tag (or, without tags, the time) and TableId agree and nothing of the shop's is inside. Every doubt keeps the table.
 */
export function decideTable(facts: TableFacts): TableDecision {
  const { runId, recorded, existing, contents } = facts;
  if (recorded.outcome === 'EXISTED' || recorded.outcome === 'DELETED') return { action: 'nothing' };
  // Nothing can be read in a table that is not there yet, and one that is going is gone only when it is.
  if (existing?.status === 'CREATING' || existing?.status === 'DELETING') return { action: 'wait' };
  if (recorded.outcome === 'INTENT') {
    const early = decideIntent(facts);
    if (early !== undefined) return early;
  }
  if (existing === undefined) return { action: 'note deleted' };
  if (recorded.tableId !== undefined && recorded.tableId !== existing.tableId)
    return { action: 'keep', remark: 'a table of this name was created by somebody else since' };
  if (existing.isSinceIntent === false)
    return { action: 'keep', remark: 'it was created before this run announced it' };
  if (!isOfRun(runId, existing))
    return {
      action: 'keep',
      remark: `its tag migration:run is not ${runId}, so it cannot be shown to be this run's`,
    };
  if (contents === undefined) return { action: 'look inside' };
  if (contents === 'something of the shop')
    return { action: 'keep', remark: 'it holds items that are not as this run wrote them' };
  return { action: 'delete' };
}
