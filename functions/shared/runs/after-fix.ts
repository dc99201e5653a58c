import { type Command, type Commands, type Input, type Step, stepText } from '../commands.ts';
import { capitalized } from '../counted.ts';
import { deployWith } from '../deploy-with.cjs';
import { CAP_NAMES, NO_CAPS } from '../ledger/run-facts.ts';
import type { Ending } from './ending.ts';

/** The same run once more, with these fields changed. */
export function sameAgain(
  { isRestore: restores, again = {} }: Ending,
  { migrate, restore }: Commands,
  changed: Input = {},
): Command {
  return (restores ? restore : migrate)({ ...again, ...changed });
}

/** Whether an error's own step ends in a run. Otherwise it is how to fix the cause. */
export const startsSomething = (ownStep: string): boolean => /^npm run (?!prices)/m.test(ownStep);

/** How to fix the cause, where the error says that, and then these steps. */
export function afterFix({ ownStep }: Ending, ...steps: readonly Step[]): string {
  return [ownStep ?? [], stepText(...steps)].flat().join('\n');
}

/** The same once more when the cause is fixed, and what else would do. */
export function onceFixed(ending: Ending, commands: Commands, fixed: string): readonly Step[] {
  const same: Step = [`Fix the reported cause, then ${fixed}`, sameAgain(ending, commands)];
  switch (ending.error) {
    case 'BulkLoadError':
      return [
        same,
        [
          "Or let the service's own workers write the items",
          sameAgain(ending, commands, { writeEngine: 'batch' }),
        ],
      ];
    case 'RunTooLongForInlineError':
      return [
        [`${capitalized(deployWith('mapMode', 'DISTRIBUTED'))}. Then ${fixed}`, sameAgain(ending, commands)],
        ...uncapped('Or start without these caps, or with higher ones', ending, commands),
      ];
    case 'RunTooLongError': {
      const shorter = uncapped('Start without these caps, or with higher ones', ending, commands);
      return [...(shorter.length > 0 ? shorter : [same]), ...heldInTime(ending, commands)];
    }
    default:
      return [same];
  }
}

/** Where caps were asked for. At the same ones a run is too long again. */
function uncapped(words: string, ending: Ending, commands: Commands): readonly Step[] {
  const isCapped = CAP_NAMES.some((cap) => ending.again?.[cap] !== undefined);
  return isCapped ? [[words, sameAgain(ending, commands, NO_CAPS)]] : [];
}

/** A migration may take longer than an execution lasts. */
function heldInTime(ending: Ending, commands: Commands): readonly Step[] {
  if (ending.isRestore) return [];
  const held = sameAgain(ending, commands, { onFailure: 'hold' });
  return [['Or have it held when its time is up, and resume it then', held]];
}
