import { migration } from '#migration/index.ts';
import { countedAs } from '../../functions/shared/counted.ts';
import { printable } from '../../functions/shared/printable.ts';
import type { Estimate } from '../../functions/shared/cost/cost.ts';
import { costRefusal } from '../../functions/shared/cost/cost-limit.ts';
import { flagOf } from '../../functions/shared/runs/commands.ts';
import { stopsForQuarantine } from '../../functions/shared/runs/next-step.ts';
import type { Report } from '../../functions/shared/runs/report.ts';
import type { ConnectionReport } from './connection-check.ts';
import { DONE, exitCodeOf, REFUSED } from './exit-codes.ts';

/** How a plan ends. */
export interface Verdict {
  /** Whether a run started now would get past everything that the plan has looked at. */
  readonly ready: boolean;
  readonly sentence: string;
  /** Starts the run, to paste; absent where it would stop. */
  readonly command?: string;
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
  readonly place: { readonly stage: string; readonly region?: string | undefined };
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

const stopped = (sentence: string, exitCode = REFUSED): Verdict => ({ ready: false, sentence, exitCode });

function stoppedByCheck({ ok, plan }: ConnectionReport): Verdict | undefined {
  if (ok && plan !== undefined) return undefined;
  return stopped('A run would stop here. Fix what is marked, then plan again.');
}

/** Without a dry run the plan says whether the source is empty. */
function stoppedByEmptySource({ connection, rehearsed, input }: PlannedStage): Verdict | undefined {
  const products = rehearsed?.report.source.products ?? connection.plan?.estimatedProducts;
  if (products !== 0 || 'allowEmpty' in input || rehearsed?.succeeded === false) return undefined;
  return stopped('A run would stop here: the source table is empty. Fill it, or run with --allow-empty.');
}

/** A dry run lists quarantined products and succeeds all the same. The run that it plans would fail. */
function stoppedByDryRun({ rehearsed }: PlannedStage): Verdict | undefined {
  if (rehearsed === undefined) return undefined;
  const { failure, rehearsal, parameters, status } = rehearsed.report;
  if (!rehearsed.succeeded)
    return stopped(`A run would fail: ${failure?.error ?? ''}: ${failure?.cause ?? ''}`, exitCodeOf(status));
  const quarantined = rehearsal?.quarantined ?? 0;
  const maxQuarantined = parameters?.maxQuarantined ?? 0;
  if (!stopsForQuarantine({ quarantined, maxQuarantined })) return undefined;
  return stopped(
    `A run would stop here: ${countedAs(migration.nouns, quarantined)} cannot be migrated, and --max-quarantined allows ${maxQuarantined}. Correct what is named above, or run with --max-quarantined ${quarantined}.`,
  );
}

/** Asked again with what was counted: TestConnection had to assume how many items there will be. */
function stoppedByCost({ input, estimate }: PlannedStage): Verdict | undefined {
  if (estimate === undefined) return undefined;
  const { maxCost } = input;
  const refusal = costRefusal({
    what: 'migration',
    maxCost: typeof maxCost === 'number' ? maxCost : undefined,
    cost: estimate,
    state: 'A run would stop here, before any table is created.',
  });
  return refusal && stopped(refusal.message);
}

/** A plan is applied by its run's id, with the limits that a resumed run takes; anything else by its input. */
function startCommand({ input, rehearsed, place }: PlannedStage): string {
  const { Comment: _comment, ...own } = input;
  const { maxCost, confirm } = own;
  const fields = rehearsed === undefined ? own : { resume: rehearsed.report.runId, maxCost, confirm };
  const options = Object.entries<unknown>({ ...place, ...fields }).flatMap(([field, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [flagOf(field)] : [flagOf(field), quoted(String(value))];
  });
  return printable(`npm run migrate -- ${options.join(' ')}`);
}

/** For a POSIX shell. */
const quoted = (text: string): string =>
  /^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
