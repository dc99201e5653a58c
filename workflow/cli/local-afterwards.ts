import { commandsOf, type Input, localCommand, stepText } from '../../functions/shared/commands.ts';
import { typedInput } from '../../functions/shared/runs/again-input.ts';
import { stopsForQuarantine } from '../../functions/shared/runs/next-step.ts';
import type { ReportView } from './collect-report.ts';
import { DEFAULT_REGION, EMBEDDED_STAGE } from '../../functions/shared/stage-words.cjs';
import { type MigrateOptions, migrateInput } from './input-options.ts';

/** What a shop on this machine is made of. */
export interface ShopOptions extends MigrateOptions {
  readonly products?: number;
  readonly input?: string;
  readonly seed?: number;
  readonly dynamodb?: string;
  readonly s3?: string;
}

const LOCAL = { stage: EMBEDDED_STAGE, region: DEFAULT_REGION } as const;

/** The report as it is true once the command has ended: nothing answers for the stage any more. */
export function afterwards({ localConsole: _gone, ...view }: ReportView, options: ShopOptions): ReportView {
  const { report } = view;
  if (report.nextStep === null) return view;
  const nextStep = localStep(report, options);
  const { failure } = report;
  const told = failure === null ? null : { ...failure, nextStep };
  return { ...view, report: { ...report, nextStep, failure: told } };
}

/** What a run says to do next can be done as long as its tables, its ledger and its files are there. */
function localStep(report: ReportView['report'], options: ShopOptions): string {
  const { products, seed, input: file, dynamodb, s3 } = options;
  if (dynamodb !== undefined && s3 !== undefined) {
    const up = stepText([
      'Start the embedded AWS again, in another terminal',
      localCommand({ dynamodb, s3 }),
    ]);
    return `${up}\n${report.nextStep ?? ''}`;
  }
  const input = { ...typedInput(migrateInput(options)), resume: undefined, dryRun: undefined };
  return stepText(
    [
      'This command keeps nothing up. For a shop that stays, in another terminal',
      localCommand({ products, seed, input: file, dynamodb, s3 }),
    ],
    ['Then migrate it', commandsOf(LOCAL).migrate({ ...input, ...leniency(report) })],
  );
}

/** What the same shop needs to be migrated: another run with the same input would stop where this one did. */
function leniency({ failure, rehearsal, parameters }: ReportView['report']): Input {
  const { quarantined = 0 } = rehearsal ?? {};
  const { maxQuarantined = 0 } = parameters ?? {};
  return {
    ...(stopsForQuarantine({ quarantined, maxQuarantined }) && { maxQuarantined: quarantined }),
    ...(failure?.error === 'SourceTableEmptyError' && { allowEmpty: true }),
  };
}
