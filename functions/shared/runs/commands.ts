/** Fields of an execution's input. */
type Input = Readonly<Record<string, string | number | boolean>>;

/** Commands of one stage, each with what the AWS console is given in its place. */
export interface Commands {
  readonly migrate: (input: Input) => string;
  readonly restore: (input: Input) => string;
  /** @param confirm the run's own id, or that of the newest run which relies on it */
  readonly rollBack: (runId: string, confirm?: string) => string;
}

/** The one place that words a command to paste. Run ids need no quotes in a shell. */
export function commandsOf(stage: string): Commands {
  const started =
    (machine: string) =>
    (input: Input): string =>
      `npm run ${machine} -- --stage ${stage}${optionsText(input)} (in the console: ${machine} with ${inputText(input)})`;
  return {
    migrate: started('migrate'),
    restore: started('restore'),
    rollBack(runId, confirm) {
      const confirmed = confirm === undefined ? {} : { confirm };
      return `npm run rollback -- --stage ${stage} ${runId}${optionsText(confirmed)} (in the console: rollback with ${inputText({ runId, ...confirmed })})`;
    },
  };
}

/** `dryRun` -> `--dry-run`. */
export const flagOf = (field: string): string =>
  `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const optionsText = (input: Input): string =>
  Object.entries(input)
    .map(([field, value]) => ` ${flagOf(field)}${value === true ? '' : ` ${value}`}`)
    .join('');

const inputText = (input: Input): string =>
  `{${Object.entries(input)
    .map(([field, value]) => `"${field}": ${JSON.stringify(value)}`)
    .join(', ')}}`;

const RUN_ID_AT_THE_END = String.raw`[\w-]+(?= \(in the console|[.,;]?(?: [A-Z]|$))`;
const NPM_WORDS = [
  '--stage (?:<stage>|[a-z][a-z0-9-]*)',
  '--[a-z]+(?:-[a-z]+)*',
  '<[a-z]+>',
  String.raw`(?=[\w:-]*\d)[\w:-]*\w`,
  RUN_ID_AT_THE_END,
].join('|');
const AWS_OPTION = String.raw`--[a-z]+(?:-[a-z]+)*(?: (?:'[^']*'|(?!--)[^\s']*[^\s'.,;:)]))?`;

/**
 * A command in a sentence, with its options and without the sentence's own full stop. What is shown to an operator keeps
 * it in one piece, because half a command is another command.
 */
export const COMMAND_IN_TEXT = `npm run [a-z]+(?:[:-][a-z]+)*(?: --(?: (?:${NPM_WORDS}))+)?|aws [a-z0-9]+ [a-z]+(?:-[a-z]+)+(?: ${AWS_OPTION})+`;
