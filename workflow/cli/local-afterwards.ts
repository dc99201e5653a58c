import {
  commandsOf,
  type Input,
  isCommandLine,
  localCommand,
  stepText,
} from '../../functions/shared/commands.ts';
import { typedInput } from '../../functions/shared/runs/again-input.ts';
import { stopsForQuarantine } from '../../functions/shared/runs/ending.ts';
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
  const { nextStep } = report;
  if (nextStep?.includes(' -- --help') === true)
    return stepText(['Correct the input, then start again. To list the options', START_HELP]);
  if (dynamodb !== undefined && s3 !== undefined) {
    const up = stepText([
      'Start the embedded AWS again, in another terminal',
      localCommand({ dynamodb, s3 }),
    ]);
    return `${up}\n${nextStep ?? ''}`;
  }
  const shop = localCommand({ products, seed, input: file, dynamodb, s3 });
  if (report.status === 'REFUSED' && nextStep !== null && beginsAnew(nextStep))
    return `${stepText([KEEPS_NOTHING, shop])}\n${nextStep}`;
  const input = { ...typedInput(migrateInput(options)), resume: undefined, dryRun: undefined };
  const again = commandsOf(LOCAL).migrate({ ...input, ...leniency(report) });
  return stepText([`${before(report)}${KEEPS_NOTHING}`, shop], ['Then migrate it', again]);
}

const KEEPS_NOTHING = 'This command keeps nothing up. For tables that stay, in another terminal';
const START_HELP = { line: 'npm start -- --help' } as const;

/** Whether a step does without the run that was refused: then it can be done with another embedded AWS. */
function beginsAnew(nextStep: string): boolean {
  const lines = nextStep.split('\n').filter(isCommandLine);
  return lines.length > 0 && lines.every((line) => /^npm run (?:migrate|prices) /.test(line));
}

/** What is to be done before the same shop can be migrated, as a sentence. */
function before(report: ReportView['report']): string {
  if (isStoppedByQuarantine(report))
    return isAllRefused(report)
      ? 'Correct what is in quarantine. '
      : 'Correct what is in quarantine, or leave it behind. ';
  return report.failure === null ? '' : 'Fix the reported cause. ';
}

function isStoppedByQuarantine({ rehearsal, parameters }: ReportView['report']): boolean {
  const { quarantined = 0 } = rehearsal ?? {};
  const { maxQuarantined = 0 } = parameters ?? {};
  return stopsForQuarantine({ quarantined, maxQuarantined });
}

/** Without them, nothing would be migrated. */
const isAllRefused = ({ rehearsal, source }: ReportView['report']): boolean =>
  (rehearsal?.quarantined ?? 0) >= source.products;

/** What the same shop needs to be migrated: another run with the same input would stop where this one did. */
function leniency(report: ReportView['report']): Input {
  const { failure, rehearsal } = report;
  const leavesBehind = isStoppedByQuarantine(report) && !isAllRefused(report);
  return {
    ...(leavesBehind && { maxQuarantined: rehearsal?.quarantined }),
    ...(failure?.error === 'SourceTableEmptyError' && { allowEmpty: true }),
  };
}
