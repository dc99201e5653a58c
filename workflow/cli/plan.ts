import { Command, Option } from 'commander';
import { migration } from '#migration/index.ts';
import { isCommandLine } from '../../functions/shared/commands.ts';
import { printable } from '../../functions/shared/printable.ts';
import { DEFAULT_RUPEES_PER_DOLLAR } from '../../functions/shared/cost/prices.ts';
import type { Plan } from '../../functions/shared/state.ts';
import { reportOfExecution } from './collect-report.ts';
import {
  anyNumber,
  jsonOption,
  largeNumber,
  onStage,
  profileOption,
  regionOption,
  runCommand,
  type StageOptions,
  stageOption,
} from './command.ts';
import { checkConnection, sayChecks } from './connection-check.ts';
import type { OperatorContext } from './context.ts';
import { askedEngine, type EngineComparison } from './engine-comparison.ts';
import { WRONG_USAGE } from './exit-codes.ts';
import { startAndFollow, type TellEnd } from './follow-to-report.ts';
import { addMigrateOptions, type MigrateOptions, migrateInput } from './input-options.ts';
import { OperatorError } from './operator-error.ts';
import { enginesOf, estimateOf, type PlanFacts, sayPlan } from './plan-summary.ts';
import { type PlannedStage, verdictOf } from './plan-verdict.ts';
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
    .addOption(regionOption())
    .addOption(profileOption()),
)
  .option('--quick', 'only the checks and an estimate: no backup, no dry run')
  .option(
    '--products <count>',
    `plan for this many ${migration.nouns.items} instead of a stage, for example 1e9`,
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
      `Say --stage or --products, not both: a stage is planned for the ${migration.nouns.items} that it has.`,
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
  const planned = { connection, input, place: context };
  if (!connection.ok || plan === undefined) return conclude(planned, terminal);
  const sayFigures = (rehearsed?: Rehearsed): number => {
    const { bulkObstacles } = connection;
    const known = { plan, report: rehearsed?.report, asked: askedEngine(input), bulkObstacles };
    const facts = factsOf(context, options, known);
    sayPlan(terminal, facts);
    const figures = { estimate: estimateOf(facts), engines: enginesOf(facts) };
    return conclude({ ...planned, rehearsed, ...figures }, terminal);
  };
  if (options.quick === true) return sayFigures();
  return rehearse(context, { input: rehearsalInput(input, plan), terminal }, (rehearsed) =>
    // One that failed may have counted nothing, so that no figure means anything.
    rehearsed.succeeded ? sayFigures(rehearsed) : conclude({ ...planned, rehearsed }, terminal),
  );
}

/** Prints the verdict, and with `--json` the document. @returns the exit code */
function conclude(
  planned: PlannedStage & { readonly engines?: EngineComparison },
  { say, colors, signs, json, document }: Terminal,
): number {
  const { connection, rehearsed, estimate = null, engines = null } = planned;
  const { exitCode, ...verdict } = verdictOf(planned);
  say(`\n${verdict.ready ? signs.good : signs.bad} ${printable(verdict.sentence)}`);
  if (verdict.command !== undefined) say(`  ${colors.bold(verdict.command)}`);
  for (const line of verdict.nextStep?.split('\n') ?? [])
    say(`  ${isCommandLine(line) ? colors.bold(line) : printable(line)}`);
  if (json) document({ connection, report: rehearsed?.report ?? null, estimate, engines, verdict });
  return exitCode;
}

/** An empty source is a warning, and planned all the same, because the tables' cost is worth knowing. */
function rehearsalInput(input: object, { estimatedProducts }: Plan): object {
  return { ...input, dryRun: true, ...(estimatedProducts === 0 && { allowEmpty: true }) };
}

/** The input of the run that is planned. */
function inputOf(options: Options): Readonly<Record<string, unknown>> {
  const input = migrateInput(options);
  if (typeof input === 'object' && input !== null) {
    const { dryRun: _dryRun, ...planned } = input as Readonly<Record<string, unknown>>;
    return planned;
  }
  throw new OperatorError('--execution-input of a plan must be a JSON object.', WRONG_USAGE);
}

function factsOf(
  { region }: OperatorContext,
  { rupeesPerDollar }: Options,
  known: Omit<PlanFacts, 'region' | 'rupeesPerDollar'>,
): PlanFacts {
  return { ...known, region, rupeesPerDollar };
}

type Rehearsed = NonNullable<PlannedStage['rehearsed']>;

/**
 * A dry run: backs up and transforms every product, and so counts instead of guessing. It goes on without the command
 * that follows it.
 */
function rehearse(
  context: OperatorContext,
  { input, terminal }: { readonly input: object; readonly terminal: Terminal },
  say: (rehearsed: Rehearsed) => number,
): Promise<number> {
  terminal.say(`\n${terminal.colors.bold('Dry run')}`);
  const tellEnd: TellEnd = async (_context, end, { patiently }) => {
    const { report } = await patiently(() => reportOfExecution(context, end));
    return say({ report, succeeded: end.status === 'SUCCEEDED' });
  };
  return startAndFollow(context, { machine: 'migrate', input, tellEnd }, terminal);
}
