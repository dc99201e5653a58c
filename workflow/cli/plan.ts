import { Command, Option } from 'commander';
import { printable } from '../../functions/shared/printable.ts';
import { DEFAULT_RUPEES_PER_DOLLAR } from '../../functions/shared/cost/prices.ts';
import { stopsForQuarantine } from '../../functions/shared/runs/next-step.ts';
import type { Report } from '../../functions/shared/runs/report.ts';
import type { Plan } from '../../functions/shared/state.ts';
import { reportOfExecution } from './collect-report.ts';
import {
  anyNumber,
  jsonOption,
  largeNumber,
  onStage,
  regionOption,
  runCommand,
  type StageOptions,
  stageOption,
} from './command.ts';
import { checkConnection, sayChecks } from './connection-check.ts';
import type { OperatorContext } from './context.ts';
import { startExecution } from './executions.ts';
import { exitCodeOf, REFUSED, WRONG_USAGE } from './exit-codes.ts';
import { followExecution } from './follow-run.ts';
import { addMigrateOptions, type MigrateOptions, migrateInput } from './input-options.ts';
import { counted } from './format.ts';
import { OperatorError } from './operator-error.ts';
import { estimateOf, type PlanFacts, sayPlan } from './plan-summary.ts';
import { progressView } from './progress-view.ts';
import { planProducts, type ScaleOptions } from './scale/plan-products.ts';
import { MAP_MODES } from './scale/scale-sizes.ts';
import { processTerminal, type Terminal } from './terminal.ts';

interface Options extends Partial<StageOptions>, ScaleOptions, MigrateOptions {
  readonly quick?: boolean;
  readonly rupeesPerDollar: number;
}

const command = addMigrateOptions(
  new Command('npm run plan --')
    .description(
      'Says what a migration would do, take and cost. Creates and writes no table. With --stage it plans a run of a deployed stage, with --products of a table of that size: no account and no network are needed.',
    )
    .addOption(stageOption())
    .addOption(regionOption()),
)
  .option('--quick', 'only the checks and an estimate: no backup, no dry run')
  .option(
    '--products <count>',
    'plan for this many products instead of a stage, for example 1e9',
    largeNumber,
  )
  .option(
    '--bytes-per-product <bytes>',
    'with --products: size of one in the source table (default: measured on generated ones)',
    largeNumber,
  )
  .addOption(
    new Option('--map-mode <mode>', 'with --products: how the Maps run (default: both)').choices([
      ...MAP_MODES,
    ]),
  )
  .option('--rupees-per-dollar <rate>', 'exchange rate', anyNumber, DEFAULT_RUPEES_PER_DOLLAR)
  .addOption(jsonOption('the plan'));

await runCommand<Options>(command, async (options) => {
  const terminal = processTerminal(options);
  const { stage, products } = options;
  if (stage !== undefined && products !== undefined)
    throw new OperatorError(
      'Say --stage or --products, not both: a stage is planned for the products that it has.',
      WRONG_USAGE,
    );
  if (products !== undefined) return planProducts({ ...options, products }, migrateInput(options), terminal);
  if (stage === undefined)
    throw new OperatorError(
      'Say --stage to plan a run of a deployed stage, or --products to plan for a table of that size.',
      WRONG_USAGE,
    );
  return onStage({ ...options, stage }, (context) => planStage(context, options, terminal));
});

async function planStage(context: OperatorContext, options: Options, terminal: Terminal): Promise<number> {
  const input = inputOf(options);
  terminal.say(terminal.colors.bold('Checks'));
  const connection = await checkConnection(context, input);
  sayChecks(connection, terminal);
  const { plan } = connection;
  if (!connection.ok || plan === undefined) return stopped({ connection }, terminal);
  const rehearsed =
    options.quick === true ? undefined : await rehearse(context, rehearsalInput(input, plan), terminal);
  const facts = factsOf(context, options, { plan, report: rehearsed?.report });
  sayPlan(terminal, facts);
  if (terminal.json)
    terminal.document({ connection, report: rehearsed?.report ?? null, estimate: estimateOf(facts) });
  if (rehearsed === undefined) return 0;
  if (!rehearsed.succeeded) return sayStop(rehearsed.report, terminal);
  if (rehearsed.report.source.products === 0 && !('allowEmpty' in input)) return sayEmpty(terminal);
  return stopsForQuarantine(quarantineOf(rehearsed.report)) ? sayTooMany(rehearsed.report, terminal) : 0;
}

/** An empty source is a warning, and planned all the same, because the tables' cost is worth knowing. */
function rehearsalInput(input: object, { estimatedProducts }: Plan): object {
  return estimatedProducts === 0 ? { ...input, allowEmpty: true } : input;
}

function inputOf(options: Options): object {
  const input = migrateInput(options);
  if (typeof input === 'object' && input !== null) return { ...input, dryRun: true };
  throw new OperatorError('--execution-input of a plan must be a JSON object.', WRONG_USAGE);
}

function factsOf(
  { region }: OperatorContext,
  { rupeesPerDollar }: Options,
  known: { readonly plan: Plan; readonly report: PlanFacts['report'] },
): PlanFacts {
  return { ...known, region, rupeesPerDollar };
}

function stopped(plan: object, terminal: Terminal): number {
  terminal.say('\nA run would stop here. Fix what is marked, then plan again.');
  if (terminal.json) terminal.document({ ...plan, report: null, estimate: null });
  return REFUSED;
}

/** A dry run: backs up and transforms every product, and so counts instead of guessing. */
async function rehearse(context: OperatorContext, input: object, terminal: Terminal) {
  terminal.say(`\n${terminal.colors.bold('Dry run')}`);
  const executionArn = await startExecution(context, 'migrate', { input });
  const end = await followExecution(context, executionArn, { view: progressView(terminal) });
  if (end === undefined) throw new OperatorError(`The dry run ${executionArn} was not followed to its end.`);
  const { report } = await reportOfExecution(context, end);
  return { report, succeeded: end.status === 'SUCCEEDED' };
}

function sayStop({ failure, status }: Report, { say, signs }: Terminal): number {
  say(`\n${signs.bad} A run would fail: ${printable(`${failure?.error ?? ''}: ${failure?.cause ?? ''}`)}`);
  return exitCodeOf(status);
}

function sayEmpty({ say, signs }: Terminal): number {
  say(`\n${signs.bad} A run would stop here: the source table is empty. Fill it, or run with --allow-empty.`);
  return REFUSED;
}

const quarantineOf = ({ rehearsal, parameters }: Report) => ({
  quarantined: rehearsal?.quarantined,
  maxQuarantined: parameters?.maxQuarantined,
});

/** A dry run lists quarantined products and succeeds all the same. The run that it plans would fail. */
function sayTooMany({ rehearsal, parameters }: Report, { say, signs }: Terminal): number {
  const quarantined = rehearsal?.quarantined ?? 0;
  say(
    `\n${signs.bad} A run would stop here: ${counted(quarantined, 'product')} cannot be migrated, and --max-quarantined allows ${parameters?.maxQuarantined ?? 0}. Correct what is named above, or run with --max-quarantined ${quarantined}.`,
  );
  return REFUSED;
}
