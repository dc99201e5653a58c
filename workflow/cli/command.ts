import { MigrationError } from '../../functions/shared/errors.ts';
import { readFileSync } from 'node:fs';
import { commandsOf } from '../../functions/shared/commands.ts';
import { DEFAULT_REGION } from '../../functions/shared/stage-words.cjs';
import { printable, printableLines } from '../../functions/shared/printable.ts';
import { elsewhereStep } from '../../functions/shared/runs/next-step.ts';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { PackagingError } from '../local/deploy/package-service.ts';
import { MissingEngineError } from '../local/dynamodb/dynoxide.ts';
import { EngineUrlError } from '../local/engines.ts';
import { InputFileError } from '../local/products/input-file-error.ts';
import { type OperatorContext, openContext, whereabouts } from './context.ts';
import { readEnvFile } from './env-file.ts';
import { DONE, FAILED, REFUSED, WRONG_USAGE } from './exit-codes.ts';
import { explain, isExplained, OperatorError, type Whereabouts } from './operator-error.ts';
import { endOnLostOutput, escapeOutput, processTerminal, type Terminal } from './terminal.ts';

const { version: VERSION } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { readonly version: string };

/** Options of every command that works on a deployed stage. */
export interface StageOptions {
  readonly stage: string;
  readonly region?: string | undefined;
  readonly profile?: string;
  readonly json?: boolean;
  readonly out?: string;
}

/** A command on a deployed stage: `--stage`, `--region`, and `--json`, which prints `document`. */
export function stageCommand(name: string, description: string, document: string): Command {
  return new Command(`npm run ${name} --`)
    .description(description)
    .addOption(stageOption().makeOptionMandatory())
    .addOption(regionOption())
    .addOption(profileOption())
    .addOption(jsonOption(document));
}

/** A command on a deployed stage that ends with the page of a run. */
export function pageCommand(name: string, description: string, document = 'the report'): Command {
  return stageCommand(name, description, document).addOption(outOption());
}

/** `--out`: where the page goes. */
export const outOption = (): Option =>
  new Option('--out <folder>', 'write report.html and report.json below this folder (default .local/runs)');

/** `--json`, and what it prints. */
export const jsonOption = (document: string): Option =>
  new Option('--json', `print ${document} as one JSON document, everything else on standard error`);

export const stageOption = (): Option =>
  new Option('-s, --stage <stage>', 'stage of the service; "local" is the embedded AWS');

export const regionOption = (): Option =>
  new Option('-r, --region <region>', `AWS region (default: AWS_REGION, else ${DEFAULT_REGION})`);

/** Set as AWS_PROFILE before a client is made, so that every client takes it. */
export const profileOption = (): Option =>
  new Option('--profile <name>', 'AWS profile of the credentials (default: AWS_PROFILE)');

/** For `--max-quarantined` and its like. What else a number must be is for the workflow to say. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number))
    throw new InvalidArgumentError('Give a whole number of 0 or more.');
  return number;
}

/** For sizes of tables: 1 or more, also as `1e9`. */
export function largeNumber(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('Give a whole number of 1 or more, for example 1e9.');
  return number;
}

/** For caps, which need not be whole. */
export function anyNumber(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number) || number < 0)
    throw new InvalidArgumentError('Give a number of 0 or more.');
  return number;
}

/** What a command does: gives its exit code. */
export type CommandAction<Options> = (options: Options, args: readonly string[]) => Promise<number>;

/**
 * Runs a command to its exit code. Whatever goes wrong is one sentence on standard error: 3 where a cause is known that
 * lets nothing change, 2 for wrong usage and for an input file that cannot be read, else 1.
 */
export async function runCommand<Options extends object>(
  command: Command,
  action: CommandAction<Options>,
): Promise<void> {
  endOnLostOutput();
  readEnvFile();
  const where: Whereabouts = {};
  try {
    escapeOutput(command);
    command.version(VERSION, '--version', 'print the version').exitOverride();
    command.showHelpAfterError(`For its options: ${command.name()} --help`);
    command.parse();
    const options: Options = command.opts();
    refuseEmpty(command);
    takeProfile(options);
    Object.assign(where, placeOf(options));
    process.exitCode = await action(options, command.args);
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    if (!(error instanceof CommanderError)) processTerminal().complain(sentenceOf(error, where));
  }
}

/** A text of nothing is mostly a variable that the shell does not know. Only a note may be empty. */
function refuseEmpty(command: Command): void {
  const options = command.options.filter(
    (option) => option.attributeName() !== 'note' && command.getOptionValue(option.attributeName()) === '',
  );
  const texts = command.registeredArguments.filter((_, index) => command.args[index] === '');
  const [empty] = [...options.map(({ long }) => long ?? ''), ...texts.map((one) => `<${one.name()}>`)];
  if (empty === undefined) return;
  command.error(`error: ${empty} is empty. Give it a value, or leave it out. Nothing was started.`, {
    exitCode: WRONG_USAGE,
  });
}

function takeProfile({ profile }: Pick<Partial<StageOptions>, 'profile'>): void {
  if (profile !== undefined) process.env['AWS_PROFILE'] = profile;
}

/** Errors whose message has lines: what `sls package` had to say, and commands to paste. */
const LINED = [PackagingError, MissingEngineError, MigrationError, OperatorError] as const;

/** What went wrong, in one line, and below it what to do now. */
function sentenceOf(error: unknown, where: Whereabouts): string {
  const sentence = explain(error, where);
  const hasLines = LINED.some((kind) => error instanceof kind);
  const shown = hasLines ? printableLines(sentence) : printable(sentence);
  const { stage, region, typed = {} } = where;
  if (
    stage === undefined ||
    region === undefined ||
    !(error instanceof MigrationError) ||
    shown.includes('\n')
  )
    return shown;
  return [shown, elsewhereStep(error.name, commandsOf({ stage, region, typed })) ?? []].flat().join('\n');
}

function exitCodeOf(error: unknown): number {
  if (error instanceof InputFileError || error instanceof EngineUrlError) return WRONG_USAGE;
  if (error instanceof OperatorError) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : WRONG_USAGE;
  return error instanceof MigrationError || isExplained(error) ? REFUSED : FAILED;
}

function placeOf(options: Partial<StageOptions>): Whereabouts {
  return options.stage === undefined ? {} : whereabouts({ ...options, stage: options.stage });
}

/** What a command on a stage works with. */
export interface StageCall<Options extends StageOptions> {
  readonly context: OperatorContext;
  readonly terminal: Terminal;
  readonly options: Options;
  readonly args: readonly string[];
}

/** Runs a command on its stage's context. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what commander parses
export function runStageCommand<Options extends StageOptions>(
  command: Command,
  action: (call: StageCall<Options>) => Promise<number>,
): Promise<void> {
  return runCommand<Options>(command, (options, args) =>
    onStage(options, (context) => action({ context, terminal: processTerminal(options), options, args })),
  );
}

/** Opens a stage's context, and closes it when the work has ended. */
export async function onStage<T>(
  options: StageOptions,
  work: (context: OperatorContext) => Promise<T>,
): Promise<T> {
  const context = await openContext(options);
  try {
    return await work(context);
  } finally {
    context.close();
  }
}
