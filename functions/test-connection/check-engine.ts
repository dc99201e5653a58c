import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { engineEstimates } from '../shared/cost/engine-estimates.ts';
import { estimateRun } from '../shared/cost/estimate.ts';
import { measureRun, type MeasuredRun, sizeOfPlan } from '../shared/cost/run-size.ts';
import { type ChosenEngine, chooseWriteEngine, unknownOfBulkPut } from '../shared/cost/write-engine.ts';
import { InvalidInputError } from '../shared/errors.ts';
import type { MigrateInput } from '../shared/runs/migrate-input.ts';
import type { Plan } from '../shared/state.ts';
import { bulkObstacles } from '../shared/tables/bulk-obstacles.ts';
import { type Check, done, stop } from './check.ts';

/** What the write engine is chosen by. */
export interface EngineScope {
  readonly input: Pick<MigrateInput, 'writeEngine' | 'onExisting'>;
  readonly plan: Plan;
  readonly region: string;
  /** The tables that items go into, as far as they exist. */
  readonly targets: readonly (TableDescription | undefined)[];
}

/** The chosen engine, and the check that says so. */
export interface EngineCheck {
  readonly check: Check;
  readonly chosen: ChosenEngine;
}

/** Lines of DynamoDB JSON have at most about twice the bytes that DynamoDB counts for their items. */
const LINE_BYTES_PER_ITEM_BYTE = 2;
/** Bytes of lines in one target file. */
const FILE_BYTES = 8 * 1024 * 1024;

/**
 * Chooses the write engine; `undefined` where the input leaves it at batch. Bulk put that was asked for and cannot do the
 * run is a stop.
 */
export function checkEngine({ input, plan, region, targets }: EngineScope): EngineCheck | undefined {
  const { writeEngine: asked = 'batch', onExisting } = input;
  if (asked === 'batch') return undefined;
  const size = sizeOfPlan(plan, { region });
  const { writeUnitsPerSecond } = plan;
  const objects = objectsOf(measureRun(size));
  const obstacles = bulkObstacles({ tables: targets, objects, writeUnitsPerSecond, onExisting });
  const chosen = chooseWriteEngine({
    asked,
    obstacles,
    unknown: unknownOfBulkPut(region),
    ...engineEstimates(size, estimateRun(size)),
  });
  return { chosen, check: checkOf(chosen, obstacles) };
}

/** Each data file of the backup becomes at least one object in each table. */
const objectsOf = ({ files, target }: MeasuredRun): number =>
  files + Math.ceil((target.bytes * LINE_BYTES_PER_ITEM_BYTE) / FILE_BYTES);

function checkOf({ engine, why }: ChosenEngine, obstacles: readonly string[]): Check {
  const what = 'write engine';
  if (engine === 'batch') return done(what, `Our own workers write the items, because ${why}.`);
  if (obstacles.length > 0)
    return stop(
      what,
      new InvalidInputError(
        `"writeEngine": bulk put cannot do this run, because ${obstacles.join('; ')}. Nothing was created. Start again with {"writeEngine": "batch"}.`,
      ),
    );
  return done(what, `DynamoDB's bulk put writes the items, because ${why}.`);
}
