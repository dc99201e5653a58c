import { commandsOf, type Step } from '../shared/commands.ts';
import { KEYS_TAKEN_UP } from '../shared/copy/reconcile/take-up-pending.ts';
import { counted } from '../shared/counted.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { PendingKey } from '../shared/ledger/sync-records.ts';
import { shorten } from '../shared/text.ts';
import { againStep } from './again-steps.ts';
import type { SyncRuntime } from './sync-runtime.ts';

type Waiting = readonly Pick<PendingKey, 'text' | 'reason'>[];

const MAX_REASONS = 3;
const MAX_REASON_BYTES = 240;

/** `1 key is pending. p1: It is changed all the time.` At most three of them, each with its reason. */
export function pendingText(pending: Waiting): string {
  const first = pending.slice(0, MAX_REASONS);
  const number = counted(pending.length, 'key is', 'keys are');
  const which = pending.length > first.length ? `. The first ${first.length}:` : '.';
  const reasons = first.map(
    ({ text, reason }) => `${text}: ${shorten(reason, MAX_REASON_BYTES).replace(/\.?$/, '.')}`,
  );
  return [`${number} pending${which}`, ...reasons].join(' ');
}

/** What helps where nothing arrives any more, and keys wait all the same: a frozen source does not settle them. */
export function pendingSteps(runtime: SyncRuntime, run: Run, pending: Waiting): readonly Step[] {
  const look: Step = ['Look at the pending keys and their reasons', commandsOf(runtime.config).showSync()];
  return [
    look,
    pending.length > KEYS_TAKEN_UP
      ? againStep(
          runtime,
          run,
          'Each look takes up some of them, so cut over again, which goes on with the rest',
        )
      : againStep(runtime, run, 'Fix what the reasons name, then cut over again'),
  ];
}
