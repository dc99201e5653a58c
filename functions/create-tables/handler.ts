import { lambdaHandler } from '../shared/handler.ts';
import { runStepSchema } from '../shared/state.ts';
import { createAlone, createForRun } from './create-table.ts';
import { ownTable } from './own-table.ts';

/** A branch of CreateTables, and each table's function called alone. */
export const handler = lambdaHandler({
  input: runStepSchema,
  run: (runtime, input, turn) => createForRun(runtime, { spec: ownTable(runtime), ...input }, turn),
  alone: (runtime, turn) => createAlone(runtime, ownTable(runtime), turn),
});
