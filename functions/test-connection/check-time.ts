import { commandsOf, type StagePlace, stepText } from '../shared/commands.ts';
import type { EstimatedWork } from '../shared/cost/cost.ts';
import { EXECUTION_SECONDS, executionSeconds, overTime, timeRefusal } from '../shared/cost/time-limit.ts';
import { askedInput } from '../shared/runs/again-input.ts';
import type { MigrateInput } from '../shared/runs/migrate-input.ts';
import { type Check, stop, warning } from './check.ts';

const NAME = 'time';

/**
 * Nothing where the execution has time for the run, or if the run is a resumed one, which has done a part of its work. A
 * run that is to be held goes on by `resume`, so that it is only warned.
 */
export function checkTime(input: MigrateInput, estimate: EstimatedWork, place: StagePlace): readonly Check[] {
  const { onFailure, resume } = input;
  const seconds = executionSeconds(estimate, input);
  if (resume !== undefined || seconds <= EXECUTION_SECONDS) return [];
  const what = 'migration';
  if (onFailure === 'hold')
    return [
      warning(
        NAME,
        `${overTime({ what, seconds, ending: 'it is held then' })} Resume it as often as it takes.`,
      ),
    ];
  const held = commandsOf(place).migrate({ ...askedInput(input), onFailure: 'hold' });
  const nextStep = stepText(['Or have it held when the time is over, and resume it', held]);
  const refusal = timeRefusal({ what, seconds, ending: THEN, remedy: REMEDY, nextStep });
  return refusal === undefined ? [] : [stop(NAME, refusal)];
}

const THEN = 'it would be rolled back then';
const REMEDY = 'Start it with more workers (maxConcurrency) or higher caps.';

/** The refusal of a run that is only thought of, on no stage. */
export function timeRefusalOf(input: MigrateInput, estimate: EstimatedWork) {
  if (input.onFailure === 'hold') return undefined;
  return timeRefusal({
    what: 'migration',
    seconds: executionSeconds(estimate, input),
    ending: THEN,
    remedy: `${REMEDY} Or start it with "onFailure": "hold", and resume it when its time is over.`,
  });
}
