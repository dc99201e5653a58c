import { lambdaHandler } from '../shared/handler.ts';
import type { Stage } from '../shared/handler.ts';
import { type RunStepInput, runStepSchema } from '../shared/state.ts';
import { createAlone, createForRun } from './create-table.ts';
import { tableCreatedBy } from './table-created-by.ts';

function stageOf(functionKey: string): Stage<RunStepInput> {
  const spec = tableCreatedBy(functionKey);
  return {
    input: runStepSchema,
    run: (runtime, input, turn) => createForRun(runtime, { spec, ...input }, turn),
    alone: (runtime, turn) => createAlone(runtime, spec, turn),
  };
}

export const createCartTable = lambdaHandler(stageOf('createCartTable'));
export const createOrdersTable = lambdaHandler(stageOf('createOrdersTable'));
export const createReturnsTable = lambdaHandler(stageOf('createReturnsTable'));
export const createProductsEnhancedTable = lambdaHandler(stageOf('createProductsEnhancedTable'));
