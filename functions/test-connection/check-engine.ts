import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { commandsOf, type StagePlace } from '../shared/commands.ts';
import { engineFacts, loadOf } from '../shared/cost/engine-estimates.ts';
import { sizeOfPlan } from '../shared/cost/run-size.ts';
import { type ChosenEngine, chooseWriteEngine } from '../shared/cost/write-engine.ts';
import { askedInput } from '../shared/runs/again-input.ts';
import type { MigrateInput } from '../shared/runs/migrate-input.ts';
import type { Plan } from '../shared/state.ts';
import { bulkRefusal, migrateObstacles } from '../shared/tables/bulk-obstacles.ts';
import { type Check, done, stop } from './check.ts';

/** What the write engine is chosen by. */
export interface EngineScope {
  readonly input: MigrateInput;
  readonly place: StagePlace;
  readonly plan: Plan;
  /** The tables that items go into, as far as they exist. */
  readonly targets: readonly (TableDescription | undefined)[];
}

/** The write engine of a run. */
export interface EngineCheck {
  /** Clauses: why bulk put cannot do this run; none where it can. */
  readonly obstacles: readonly string[];
  /** The engine, and the check that says so; absent where the input leaves it at batch. */
  readonly choice?: { readonly chosen: ChosenEngine; readonly check: Check };
}

/** Chooses the write engine. Bulk put that was asked for and cannot do the run is a stop. */
export function checkEngine({ input, plan, place, targets: tables }: EngineScope): EngineCheck {
  const { writeEngine: asked = 'batch', onExisting } = input;
  const size = sizeOfPlan(plan, place);
  const obstacles = migrateObstacles(size, { tables, onExisting });
  if (asked === 'batch') return { obstacles };
  const chosen = chooseWriteEngine(engineFacts(loadOf(size), { asked, obstacles }));
  const byBatches = commandsOf(place).migrate({ ...askedInput(input), writeEngine: 'batch' });
  const refusal = bulkRefusal(asked, obstacles, { what: 'run', byBatches });
  const check = refusal === undefined ? done(WHAT, sentenceOf(chosen)) : stop(WHAT, refusal);
  return { obstacles, choice: { chosen, check } };
}

const WHAT = 'write engine';

const sentenceOf = ({ engine, why }: ChosenEngine): string =>
  engine === 'batch'
    ? `Our own workers write the items, because ${why}.`
    : `DynamoDB's bulk put writes the items, because ${why}.`;
