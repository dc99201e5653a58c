import { commandsOf, type StagePlace, type Step } from '../commands.ts';
import { counted } from '../counted.ts';
import type { Run } from '../ledger/run.ts';
import type { NamedKey, NamedKind } from '../ledger/sync-names.ts';
import type { Compared, Gap } from '../ledger/sync-facts.ts';
import { listed } from '../text.ts';
import { syncInputOf } from './start-again.ts';

/** How many keys a sync names. */
export interface NamedCounts {
  /** Keys that wait. */
  readonly pending: number;
  readonly quarantined: number;
  readonly conflicts: number;
  /** Source items whose target items still differed when a compare had looked. */
  readonly differing: number;
}

export function namedCounts(pending: number, named: readonly Pick<NamedKey, 'kind'>[]): NamedCounts {
  const of = (kind: NamedKind): number => named.filter((one) => one.kind === kind).length;
  return { pending, quarantined: of('quarantined'), conflicts: of('conflict'), differing: of('differing') };
}

/** How far the target of an open sync follows the source: a sentence. */
export function followingText(run: Run, tables: readonly string[], named: NamedCounts): string {
  const { sourceTable, isStarted } = run;
  const names = listed(tables);
  const [is, does, follows] = tables.length === 1 ? ['is', 'does', 'follows'] : ['are', 'do', 'follow'];
  if (isStarted !== true)
    return `The sync of table ${sourceTable} is starting. ${names} ${is} in step once its first compare has ended.`;
  const gap = openGap(run);
  if (gap?.isLasting === true)
    return `${names} ${does} not follow table ${sourceTable}: changes are not delivered. ${gap.reason}`;
  if (gap !== undefined)
    return `${names} ${follows} table ${sourceTable}, but changes may have been missed. ${gap.reason}`;
  const exceptions = exceptionsOf(named);
  const butFor = exceptions.length === 0 ? '' : `, but for ${listed(exceptions)}`;
  return `${names} ${follows} every change of table ${sourceTable}${butFor}.`;
}

function exceptionsOf({ pending, quarantined, conflicts, differing }: NamedCounts): readonly string[] {
  const item = 'source item';
  const all: readonly (readonly [number, string, string])[] = [
    [pending, 'key that waits', 'keys that wait'],
    [quarantined, `${item} that cannot be transformed`, `${item}s that cannot be transformed`],
    [differing, `${item} that still differs`, `${item}s that still differ`],
    [conflicts, 'target item that others have changed', 'target items that others have changed'],
  ];
  return all.flatMap(([number, one, several]) => (number === 0 ? [] : counted(number, one, several)));
}

/** What an operator may do with it. */
export function followingSteps(config: StagePlace, run: Run): readonly Step[] {
  const { showSync, cutOver, cancelSync, compare, startSync } = commandsOf(config);
  const gap = openGap(run);
  if (gap?.isLasting === true)
    return [
      ['End it', cancelSync()],
      ['Then start it again, which compares everything', startSync(syncInputOf(run))],
    ];
  const next: readonly Step[] =
    gap === undefined
      ? [['When the shop is ready', cutOver({ dryRun: true })]]
      : [['Look for the changes that may have been missed', compare()]];
  return [['Watch it', showSync()], ...(run.isStarted === true ? next : []), ['To end it', cancelSync()]];
}

/** Changes that may have been missed, and that no compare has looked for since. */
function openGap({ gap, compared }: Run): Gap | undefined {
  return isGapOpen({ gap: gap ?? null, compared: compared ?? null }) ? gap : undefined;
}

interface GapFacts {
  readonly gap: Gap | null;
  readonly compared: Compared | null;
}

/** Whether changes may have been missed that no compare has looked for since, or still are. */
export function isGapOpen({ gap, compared }: GapFacts): boolean {
  return gap !== null && (gap.isLasting === true || compared === null || compared.startedAt <= gap.at);
}
