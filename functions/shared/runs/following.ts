import { commandsOf, type StagePlace, type Step } from '../commands.ts';
import { counted } from '../counted.ts';
import type { Run } from '../ledger/run.ts';
import type { Compared, Gap } from '../ledger/sync-facts.ts';
import { listed } from '../text.ts';
import { syncInputOf } from './start-again.ts';

/** How far the target of an open sync follows the source: a sentence. @param pending keys that wait */
export function followingText(run: Run, tables: readonly string[], pending: number): string {
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
  const butFor = pending === 0 ? '' : `, but for ${counted(pending, 'key that waits', 'keys that wait')}`;
  return `${names} ${follows} every change of table ${sourceTable}${butFor}.`;
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
