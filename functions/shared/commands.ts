import { EMBEDDED_STAGE, stageWords } from './stage-words.cjs';

/** Fields of an execution's input. A field without a value is left out. */
export type Input = Readonly<Record<string, string | number | boolean | undefined>>;

/** A command to paste, and what the AWS console is given in its place, where it can do that. */
export interface Command {
  readonly line: string;
  /** `start migrate with {"dryRun": true}` */
  readonly inConsole?: string;
}

/** Something to do, in words that need no full stop, and the command for it. */
export type Step = readonly [words: string, command?: Command];

/** Where a stage is, for the commands that work on it. */
export interface StagePlace {
  readonly stage: string;
  readonly region: string;
  /** To the command that advises another one, which repeats it. Functions know nothing of it. */
  readonly typed?: { readonly region?: string | undefined; readonly profile?: string | undefined };
}

/** Commands of one stage. */
export interface Commands {
  readonly migrate: (input: Input) => Command;
  readonly restore: (input: Input) => Command;
  /** @param confirm the run's own id, or that of the newest run which relies on it */
  readonly rollBack: (runId: string, confirm?: string) => Command;
  readonly startSync: (input: Input) => Command;
  /** @param runId absent: that of the deployed source */
  readonly cancelSync: (runId?: string) => Command;
  /** Shows the open sync. */
  readonly showSync: () => Command;
  readonly cutOver: (input: Input) => Command;
  readonly compare: (input?: Input) => Command;
  readonly runs: () => Command;
  readonly report: (runId: string) => Command;
  readonly follow: (runId: string) => Command;
  readonly unpause: (runId: string) => Command;
  readonly backups: () => Command;
  readonly plan: () => Command;
  /** Calls one step alone. */
  readonly invoke: (step: string) => Command;
  /** @param parameters all that differ from their defaults */
  readonly deploy: (parameters?: Readonly<Record<string, string>>) => Command;
}

/**
 * The one place that words a command to paste. The options of `npm run restore` and `sync` are named more shortly than
 * the fields of their input.
 */
export function commandsOf(place: StagePlace): Commands {
  const where = stageWords(place);
  const profile = place.stage === EMBEDDED_STAGE ? undefined : place.typed?.profile;
  const command = (name: string, words = ''): Command => ({
    line: `npm run ${name} -- ${where}${optionsText({ profile })}${words}`,
  });
  const sls = (name: string, words: string): Command => ({
    line: `npx sls ${name} ${where}${optionsText({ awsProfile: profile })}${words}`,
  });
  const started = (name: string, given: Started): Command => {
    const { machine = name, options, input = options } = given;
    return { ...command(name, optionsText(options)), inConsole: `start ${machine} with ${inputText(input)}` };
  };
  return {
    migrate: (input) => started('migrate', { options: input }),
    restore: ({ backupId: backup, targetTable: target, ...others }) =>
      started('restore', {
        options: { backup, target, ...others },
        input: { backupId: backup, targetTable: target, ...others },
      }),
    rollBack: (runId, confirm) => ({
      ...command('rollback', ` ${runId}${optionsText({ confirm })}`),
      inConsole: `start rollback with ${inputText({ runId, confirm })}`,
    }),
    startSync: (input) => {
      const { runId: run, confirm, confirmSource } = input;
      return started('sync', {
        options: { start: true, run, confirm, confirmSource, ...sharedBy(input) },
        input,
      });
    },
    cancelSync: (runId) =>
      started('sync', { options: { cancel: true, run: runId }, input: { action: 'cancel', runId } }),
    showSync: () => command('sync'),
    cutOver: (input) => {
      const { dryRun, frozen, maxQuarantined } = input;
      const options = { dryRun, frozen: dryRun === true ? undefined : frozen, maxQuarantined };
      return started('cutover', { machine: 'sync', options, input: { action: 'cutover', ...input } });
    },
    compare: (input = {}) =>
      started('compare', {
        machine: 'sync',
        options: { run: input['runId'], ...sharedBy(input) },
        input: { action: 'compare', ...input },
      }),
    runs: () => command('runs'),
    report: (runId) => command('report', ` ${runId}`),
    follow: (runId) => command('follow', ` ${runId}`),
    unpause: (runId) => command('unpause', ` ${runId}`),
    backups: () => command('backups'),
    plan: () => command('plan'),
    invoke: (step) => sls('invoke', ` -f ${step}`),
    deploy: (parameters = {}) => {
      const words = Object.entries(parameters).map(([name, value]) => ` --param="${name}=${value}"`);
      return sls('deploy', words.join(''));
    },
  };
}

/** The fields that `npm run sync` and `compare` both have an option for. */
const sharedBy = ({
  allowEmpty,
  readUnitsPerSecond,
  writeUnitsPerSecond,
  maxConcurrency,
  note,
}: Input): Input => ({
  allowEmpty,
  readUnitsPerSecond,
  writeUnitsPerSecond,
  maxConcurrency,
  note,
});

/** Fetches a region's prices, which functions have after the next deployment. Asks no stage. */
export const pricesCommand = (region: string): Command => ({ line: `npm run prices -- --region ${region}` });

/** Lists the options of a command. Asks no stage. */
export const helpCommand = (name: string): Command => ({ line: `npm run ${name} -- --help` });

/** Plans for a table that need not exist. Asks no stage. */
export const sizedPlanCommand = (input: Input): Command => ({ line: `npm run plan --${optionsText(input)}` });

/** The embedded AWS, which stays up until it is stopped. */
export const localCommand = (options: Input): Command => {
  const words = optionsText(options);
  return { line: `npm run local${words === '' ? '' : ` --${words}`}` };
};

/** Where the AWS CLI is sent, because its own configuration may name another region. */
export interface AwsPlace {
  readonly region: string;
  /** Of the embedded AWS; absent: AWS itself. */
  readonly endpointUrl?: string | undefined;
}

/** A new index, in DynamoDB's own words. */
export interface IndexAddition {
  /** Of the index's key. */
  readonly attributeDefinitions: readonly object[];
  readonly create: object;
}

/** Commands of the AWS CLI in one place. */
export interface AwsCommands {
  /** Stops an execution of any machine. */
  readonly stopExecution: (executionArn: string) => Command;
  /** Shows the resource policy of a table. */
  readonly showPolicy: (tableArn: string) => Command;
  /** @param revision what the policy must be now, for it to be replaced */
  readonly putPolicy: (tableArn: string, policy: string, revision?: string) => Command;
  /** Opens a table to all writers. It also removes statements of others, if there are any. */
  readonly deletePolicy: (tableArn: string) => Command;
  readonly deleteTable: (tableArn: string) => Command;
  /** Switches its deletion protection on. */
  readonly protectTable: (tableArn: string) => Command;
  /** Any view type will do, because only keys are read. */
  readonly enableStream: (tableArn: string) => Command;
  /** Lists the event source mappings that read a stream. */
  readonly listReaders: (streamArn: string) => Command;
  /** Adds a global secondary index. */
  readonly addIndex: (tableArn: string, addition: IndexAddition) => Command;
  /** Asks for more tables in the region. */
  readonly raiseTableQuota: () => Command;
}

/** The one place that words a command of the AWS CLI. */
export function awsCommandsOf({ region, endpointUrl }: AwsPlace): AwsCommands {
  const place = optionsText({ region, endpointUrl });
  const aws = (words: string): Command => ({ line: `aws ${words}${place}` });
  // An ARN can mean no other account's table. Engines on a laptop take only the name.
  const table = (arn: string): string =>
    `--table-name ${endpointUrl === undefined ? arn : arn.slice(arn.indexOf('/') + 1)}`;
  return {
    stopExecution: (arn) => aws(`stepfunctions stop-execution --execution-arn ${arn}`),
    showPolicy: (arn) => aws(`dynamodb get-resource-policy --resource-arn ${arn}`),
    putPolicy: (arn, policy, expectedRevisionId) =>
      aws(`dynamodb put-resource-policy --resource-arn ${arn}${optionsText({ policy, expectedRevisionId })}`),
    deletePolicy: (arn) => aws(`dynamodb delete-resource-policy --resource-arn ${arn}`),
    deleteTable: (arn) => aws(`dynamodb delete-table ${table(arn)}`),
    protectTable: (arn) => aws(`dynamodb update-table ${table(arn)} --deletion-protection-enabled`),
    enableStream: (arn) =>
      aws(
        `dynamodb update-table ${table(arn)} --stream-specification StreamEnabled=true,StreamViewType=KEYS_ONLY`,
      ),
    listReaders: (streamArn) => aws(`lambda list-event-source-mappings --event-source-arn ${streamArn}`),
    addIndex: (arn, { attributeDefinitions, create: Create }) => {
      const options = optionsText({
        attributeDefinitions: JSON.stringify(attributeDefinitions),
        globalSecondaryIndexUpdates: JSON.stringify([{ Create }]),
      });
      return aws(`dynamodb update-table ${table(arn)}${options}`);
    },
    raiseTableQuota: () =>
      aws(
        'service-quotas request-service-quota-increase --service-code dynamodb --quota-code L-F98FE922 --desired-value 5000',
      ),
  };
}

/** What an execution is started with: by options, and in the console by an input. */
interface Started {
  readonly machine?: string;
  readonly options: Input;
  readonly input?: Input;
}

/**
 * What to do now, as lines: the words, the command and what the console takes each have one, so that a command can be
 * pasted as a whole line.
 */
export function stepText(...steps: readonly Step[]): string {
  return steps.map(stepLines).join('\n');
}

function stepLines([words, command]: Step): string {
  if (command === undefined) return `${words}.`;
  const { line, inConsole } = command;
  return [`${words}:`, line, ...(inConsole === undefined ? [] : [`In the console, ${inConsole}`])].join('\n');
}

/** Whether a line of {@link stepText} is a command. */
export const isCommandLine = (line: string): boolean => /^(?:npm|npx|aws) /.test(line);

/** `dryRun` -> `--dry-run`. */
export const flagOf = (field: string): string =>
  `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** For a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** ` --dry-run --note 'for the owners'`; nothing for a field that is false. */
export function optionsText(input: Input): string {
  return Object.entries(input)
    .flatMap(([field, value]) => {
      if (value === undefined || value === false) return [];
      return value === true ? [` ${flagOf(field)}`] : [` ${flagOf(field)} ${shellWord(String(value))}`];
    })
    .join('');
}

const inputText = (input: Input): string =>
  `{${Object.entries(input)
    .flatMap(([field, value]) => (value === undefined ? [] : [`"${field}": ${JSON.stringify(value)}`]))
    .join(', ')}}`;

const RUN_ID_AT_THE_END = String.raw`[\w-]+(?=[.,;]?(?: [A-Z]|$))`;
const NPM_WORDS = [
  '--stage (?:<stage>|[a-z][a-z0-9-]*)',
  String.raw`--profile (?:'[^']*'|[\w.:/-]*\w)`,
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
export const COMMAND_IN_TEXT = `npm run [a-z]+(?:[:-][a-z]+)*(?: --(?: (?:${NPM_WORDS}))+)?|aws [a-z0-9-]+ [a-z]+(?:-[a-z]+)+(?: ${AWS_OPTION})+`;
