import { type Command, commandsOf, stepText } from '../shared/commands.ts';
import { SyncRefusedError } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import { CAP_NAMES, NO_CAPS } from '../shared/ledger/run-facts.ts';
import { capsText } from '../shared/runs/control-text.ts';
import type { SyncInput } from './sync-input.ts';
import type { SyncRuntime } from './sync-runtime.ts';

/**
 * A sync, and each of its compares, keeps to the caps of its start. Whoever types others for a compare counts on them.
 *
 * @param again compares with these fields changed
 * @throws SyncRefusedError; not retried
 */
export function refuseOtherCaps(
  { config }: Pick<SyncRuntime, 'config'>,
  { runId, plan }: Run,
  { input, again }: { readonly input: SyncInput; readonly again: (changed: typeof NO_CAPS) => Command },
): void {
  const isOther = CAP_NAMES.some((cap) => input[cap] !== undefined && input[cap] !== plan[cap]);
  if (!isOther) return;
  throw new SyncRefusedError(
    `Sync ${runId} is open, and its compares keep to the caps of its start (${capsText(plan)}). Nothing was changed.`,
    stepText(
      ['Compare within these caps', again(NO_CAPS)],
      ['For other caps, cancel the sync and start it with them', commandsOf(config).cancelSync()],
    ),
  );
}
