import { migration } from '#migration/index.ts';
import { countedAs } from '../../functions/shared/counted.ts';
import type { Estimate } from '../../functions/shared/cost/cost.ts';
import { costRefusal } from '../../functions/shared/cost/cost-limit.ts';
import { commandsOf, type Input, isCommandLine, type StagePlace } from '../../functions/shared/commands.ts';
import { splitMessage } from '../../functions/shared/message.ts';
import { typedInput } from '../../functions/shared/runs/again-input.ts';
import { stopsForQuarantine } from '../../functions/shared/runs/ending.ts';
import type { Report } from '../../functions/shared/runs/report.ts';
import type { ConnectionReport } from './connection-check.ts';
import { DONE, exitCodeOf, REFUSED } from './exit-codes.ts';

/** How a plan ends. */
export interface Verdict {
  /** Whether a run started now would get past everything that the plan has looked at. */
  readonly ready: boolean;
  readonly sentence: string;
  /** Starts the run, to paste: with the limit that it needs, where one would stop it. Absent where something must be fixed first. */
  readonly command?: string;
  /** What to do about what stops a run, as `stepText` words it. Absent where a command says it all. */
  readonly nextStep?: string;
  /** Of `npm run plan`. */
  readonly exitCode: number;
}

/** What the verdict follows from. */
export interface PlannedStage {
  readonly connection: ConnectionReport;
  /** The input of the run, without what makes it a dry run. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly estimate?: Estimate;
  /** Of the dry run; absent with `--quick`. */
  readonly rehearsed?: { readonly report: Report; readonly succeeded: boolean } | undefined;
  readonly place: StagePlace;
}

/** Judges a plan. The first thing that would stop a run decides. */
export function verdictOf(planned: PlannedStage): Verdict {
  return (
    stoppedByCheck(planned.connection) ??
    stoppedByEmptySource(planned) ??
    stoppedByDryRun(planned) ??
    stoppedByCost(planned) ?? {
      ready: true,
      sentence:
        planned.rehearsed === undefined
          ? `No check stops a run. Its ${migration.nouns.items} were not counted.`
          : 'Nothing stops a run. This command applies the very files that were planned:',
      command: startCommand(planned),
      exitCode: DONE,
    }
  );
}

const stopped = (sentence: string, exitCode = REFUSED, nextStep?: string | null): Verdict => ({
  ready: false,
  sentence,
  exitCode,
  ...(nextStep ? { nextStep } : {}),
});

/** A run that would stop as it was asked for, and the command of one that would not. */
const stoppedUnless = (sentence: string, command: string): Verdict => ({ ...stopped(sentence), command });

function stoppedByCheck({ ok, plan, nextStep }: ConnectionReport): Verdict | undefined {
  if (ok && plan !== undefined) return undefined;
  return stopped('A run would stop here. Fix what is marked, then plan again.', REFUSED, nextStep);
}

/** Without a dry run the plan says whether the source is empty. */
function stoppedByEmptySource(planned: PlannedStage): Verdict | undefined {
  const { connection, rehearsed, input } = planned;
  const products = rehearsed?.report.source.products ?? connection.plan?.estimatedProducts;
  if (products !== 0 || 'allowEmpty' in input || rehearsed?.succeeded === false) return undefined;
  return stoppedUnless(
    'A run would stop here: the source table is empty. Fill it, or migrate nothing:',
    startCommand(planned, { allowEmpty: true }),
  );
}

/** A dry run lists quarantined products and succeeds all the same. The run that it plans would fail. */
function stoppedByDryRun(planned: PlannedStage): Verdict | undefined {
  const { rehearsed } = planned;
  if (rehearsed === undefined) return undefined;
  const { failure, rehearsal, parameters, status, nextStep } = rehearsed.report;
  if (!rehearsed.succeeded)
    return stopped(
      `A run would fail: ${failure?.error ?? ''}: ${failure?.cause ?? ''}`,
      exitCodeOf(status),
      nextStep,
    );
  const quarantined = rehearsal?.quarantined ?? 0;
  const maxQuarantined = parameters?.maxQuarantined ?? 0;
  if (!stopsForQuarantine({ quarantined, maxQuarantined })) return undefined;
  return stoppedUnless(
    `A run would stop here: ${countedAs(migration.nouns, quarantined)} cannot be migrated, and --max-quarantined allows ${maxQuarantined}. Correct what is named above, or leave it behind:`,
    startCommand(planned, { maxQuarantined: quarantined }),
  );
}

/** Asked again with what was counted: TestConnection had to assume how many items there will be. */
function stoppedByCost(planned: PlannedStage): Verdict | undefined {
  const { input, estimate } = planned;
  if (estimate === undefined) return undefined;
  const { maxCost } = input;
  const refusal = costRefusal({
    what: 'migration',
    maxCost: typeof maxCost === 'number' ? maxCost : undefined,
    cost: estimate,
    state: 'A run would stop here, before any table is created.',
    again: (changed) => ({ line: startCommand(planned, changed) }),
  });
  if (refusal === undefined) return undefined;
  const { said, nextStep = '' } = splitMessage(refusal.message);
  const command = nextStep.split('\n').findLast(isCommandLine);
  return command === undefined ? stopped(said) : stoppedUnless(`${said} To go on all the same:`, command);
}

/** A plan is applied by its run's id, with the limits that a resumed run takes; anything else by its input. */
function startCommand({ input, rehearsed, place }: PlannedStage, changed: Input = {}): string {
  const own = { ...typedInput(input), ...changed };
  const { maxCost, confirm } = own;
  const { maxQuarantined } = changed;
  const fields =
    rehearsed === undefined ? own : { resume: rehearsed.report.runId, maxQuarantined, maxCost, confirm };
  return commandsOf(place).migrate(fields).line;
}
