import { lambdaHandler } from '../shared/handler.ts';
import { rollBackSchema } from '../shared/state.ts';
import { clearItems } from './clear-items.ts';
import { rollBack } from './roll-back.ts';

/** Takes a run back; for a resumed one whose code has changed, only its items. */
export const handler = lambdaHandler({
  input: rollBackSchema,
  run: (runtime, input, turn) =>
    input.machine === 'clear' ? clearItems(runtime, input.worker, turn) : rollBack(runtime, input, turn),
});
