import { migration } from '#migration/index.ts';
import { capitalized, countedAs } from '../../../functions/shared/counted.ts';
import { sizedPlanCommand } from '../../../functions/shared/commands.ts';
import { costRefusal } from '../../../functions/shared/cost/cost-limit.ts';
import type { MapMode } from '../../../functions/shared/cost/history.ts';
import { type MigrateInput, parseMigrateInput } from '../../../functions/shared/runs/migrate-input.ts';
import { regionOf } from '../context.ts';
import { sayEngines } from '../engine-comparison.ts';
import { DONE, REFUSED } from '../exit-codes.ts';
import { bytes } from '../../../functions/shared/format.ts';
import { tableText } from '../plain-table.ts';
import type { Terminal } from '../terminal.ts';
import { type AverageProduct, measureSamples } from './sample-product.ts';
import { acceptedOf, isRefused, type RefusedRun, type ScaledRun } from './scale-run.ts';
import { scaleSizes, sizesUpTo } from './scale-sizes.ts';
import { type FigureTable, limitTable, scaleTable } from './scale-table.ts';

/** What `npm run plan` is told of a table that need not exist. */
export interface ScaleOptions {
  readonly products?: number;
  readonly bytesPerProduct?: number;
  readonly mapMode?: MapMode;
}

/** The size that is planned for, and where. */
export interface PlannedSize extends ScaleOptions {
  readonly products: number;
  readonly region?: string | undefined;
  readonly rupeesPerDollar: number;
}

/**
 * Plans for a table of this size, and for smaller ones, by arithmetic alone.
 *
 * @returns 0, or 3 where a run would be refused or cost more than `maxCost` allows.
 * @throws InvalidInputError as a run would; not retried.
 */
export async function planProducts(size: PlannedSize, typed: unknown, terminal: Terminal): Promise<number> {
  const { products, mapMode, rupeesPerDollar } = size;
  const input = parseMigrateInput(typed);
  const product = productOf(size);
  const about = { product, input, region: regionOf(size), rupeesPerDollar };
  const runs = scaleSizes(about, sizesUpTo(products), mapMode === undefined ? undefined : [mapMode]);
  const asked = runs.filter((run) => run.products === products);
  sayRuns(runs, product, terminal);
  sayLimits(asked, terminal);
  const refusal = refusalOf(acceptedOf(asked), input);
  if (refusal !== undefined) terminal.say(`${terminal.signs.bad} ${refusal}`);
  if (terminal.json) terminal.document({ product, runs, refusal: refusal ?? null });
  return asked.every(isRefused) || refusal !== undefined ? REFUSED : DONE;
}

/** The sentence of a run that would cost too much; `undefined` where one of the modes of the Maps costs little enough. */
function refusalOf(accepted: readonly ScaledRun[], { maxCost }: MigrateInput): string | undefined {
  const refusals = accepted.map(({ estimate, products }) =>
    costRefusal({
      what: 'migration',
      maxCost,
      cost: estimate,
      state: 'Nothing was read or created.',
      again: (changed) => sizedPlanCommand({ products, ...changed }),
    }),
  );
  return refusals.includes(undefined) ? undefined : refusals[0]?.message;
}

function productOf({ bytesPerProduct }: PlannedSize): AverageProduct {
  return bytesPerProduct === undefined ? measureSamples() : { bytes: bytesPerProduct };
}

function sayRuns(
  runs: readonly (ScaledRun | RefusedRun)[],
  { bytes: size, target }: AverageProduct,
  terminal: Terminal,
): void {
  const { nouns } = migration;
  const origin =
    target === undefined
      ? 'as given; five items of each are assumed'
      : `measured on generated ${nouns.items}`;
  terminal.say(terminal.colors.bold(`${capitalized(nouns.items)} of ${bytes(size)} (${origin})`));
  sayTable(scaleTable(runs), terminal);
  const refusals = new Set(runs.filter(isRefused).map(({ refusal }) => refusal));
  for (const refusal of refusals) terminal.say(`${terminal.signs.bad} ${refusal}`);
}

function sayLimits(asked: readonly (ScaledRun | RefusedRun)[], terminal: Terminal): void {
  for (const run of acceptedOf(asked)) {
    const title = `Limits of a run of ${countedAs(migration.nouns, run.products)}, ${run.mapMode}`;
    terminal.say(`\n${terminal.colors.bold(title)}`);
    sayTable(limitTable(run), terminal);
    terminal.say();
    sayEngines(terminal, run.engines);
    for (const warning of run.plan.warnings) terminal.say(`${terminal.signs.notice} ${warning}`);
  }
  terminal.say(
    `\nNothing was read or counted. Plan a run of a deployed stage with: npm run plan -- --stage <stage>`,
  );
}

function sayTable({ columns, rows }: FigureTable, terminal: Terminal): void {
  terminal.say(tableText(terminal, columns, rows));
}
