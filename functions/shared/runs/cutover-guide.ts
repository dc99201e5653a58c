import type { FreezeCommands, SyncReport } from './sync-report.ts';

/** What an operator does by hand, and the command for it. */
export interface FreezeStep {
  readonly text: string;
  /** To paste. */
  readonly command?: string;
}

/** What a cut over does, in order. */
export function cutOverSteps({ source, follows }: Pick<SyncReport, 'source' | 'follows'>): readonly string[] {
  const targets = follows.tables.join(', ');
  return [
    `It waits until no change of ${source.table} has arrived for 30 s and no key is pending.`,
    'It writes SWITCHING: from then on changes are counted and no longer written. It waits another 30 s for writes that are under way.',
    `It compares all of ${source.table} with ${targets} and changes nothing. Nothing may differ.`,
    `One conditional write makes the sync SWITCHED, if nothing differs and nothing has arrived since. The shop may then write to ${targets} at once. A table that was kept closed is opened then, and DynamoDB may refuse the shop there for four more minutes.`,
    'It deletes the event source mapping 60 s later. A change that still arrives raises an alarm.',
    'If anything differs or arrives, the shop does not switch: the sync goes on, the key is named, and a compare repairs what differs.',
  ];
}

/** How the source is frozen, and how that is undone. */
export function freezeSteps(
  { source }: Pick<SyncReport, 'source'>,
  { freeze, cutOver, undo, replicas = [] }: FreezeCommands,
): readonly FreezeStep[] {
  return [
    { text: `Switch the shop to read-only, or stop everything else that writes to ${source.table}.` },
    {
      text: `To enforce it, deny writing by a resource policy. It keeps what the policy says already. Then wait five minutes, because a policy may take four to take effect:`,
      command: freeze,
    },
    ...replicas.map((replica) => ({
      text: `${source.table} has a replica in ${replica.region}, which has a policy of its own. Deny writing there as well. If this command is refused, that replica has a policy already: add the statement to it.`,
      command: replica.freeze,
    })),
    { text: 'Cut over:', command: cutOver },
    {
      text: `To allow writing to ${source.table} again, whenever you want to go on without a switch (if somebody changes the policy meanwhile, list the checks again first):`,
      command: undo,
    },
    ...replicas.map((replica) => ({ text: `And in ${replica.region}:`, command: replica.undo })),
  ];
}
