import { lambdaHandler } from '../shared/handler.ts';
import type { Stage } from '../shared/handler.ts';
import { type RunStepInput, runStepSchema } from '../shared/state.ts';
import { cartTable } from '../shared/tables/cart.ts';
import { ordersTable } from '../shared/tables/orders.ts';
import { productsEnhancedTable } from '../shared/tables/products-enhanced.ts';
import { returnsTable } from '../shared/tables/returns.ts';
import type { TableSpec } from '../shared/tables/table-spec.ts';
import { createAlone, createForRun } from './create-table.ts';

const stageFor = (spec: TableSpec): Stage<RunStepInput> => ({
  input: runStepSchema,
  run: (runtime, input, turn) => createForRun(runtime, { spec, ...input }, turn),
  alone: (runtime, turn) => createAlone(runtime, spec, turn),
});

export const createCartTable = lambdaHandler(stageFor(cartTable));
export const createOrdersTable = lambdaHandler(stageFor(ordersTable));
export const createReturnsTable = lambdaHandler(stageFor(returnsTable));
export const createProductsEnhancedTable = lambdaHandler(stageFor(productsEnhancedTable));
