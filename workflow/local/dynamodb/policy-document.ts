import { AwsError } from '../gateway/aws-answers.ts';

/** Who sends a request: a function's role, or anybody else in the account. */
export interface Caller {
  /** ARN of the role or user. */
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** One IAM action on one resource, by one caller. */
export interface PolicyQuestion {
  /** `dynamodb:PutItem` */
  readonly action: string;
  /** ARN of a table or of one of its indexes. */
  readonly resource: string;
  readonly caller: Caller;
}

/** A resource policy that was accepted. */
export interface ResourcePolicy {
  /** As it was sent, character for character. */
  readonly text: string;
  /** Whether a statement of it denies this. What it allows does not matter here: callers of the account may do everything. */
  denies(question: PolicyQuestion): boolean;
}

type OneOrMore = string | readonly string[];
type Conditions = Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>;

interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: '*' | { readonly AWS: OneOrMore };
  readonly Action: OneOrMore;
  readonly Resource: OneOrMore;
  readonly Condition?: Conditions;
}

/** "The maximum size supported for a resource-based policy document is 20 KB", white space included. */
const MAX_BYTES = 20 * 1024;

/** The actions that a table's policy may name; others make DynamoDB refuse the whole document. */
const ACTIONS = [
  'BatchGetItem',
  'BatchWriteItem',
  'ConditionCheckItem',
  'CreateBackup',
  'DeleteItem',
  'DeleteResourcePolicy',
  'DeleteTable',
  'DescribeContinuousBackups',
  'DescribeContributorInsights',
  'DescribeKinesisStreamingDestination',
  'DescribeTable',
  'DescribeTableReplicaAutoScaling',
  'DescribeTimeToLive',
  'DisableKinesisStreamingDestination',
  'EnableKinesisStreamingDestination',
  'ExportTableToPointInTime',
  'GetItem',
  'GetResourcePolicy',
  'ListTagsOfResource',
  'PartiQLDelete',
  'PartiQLInsert',
  'PartiQLSelect',
  'PartiQLUpdate',
  'PutItem',
  'PutResourcePolicy',
  'Query',
  'RestoreTableToPointInTime',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateContinuousBackups',
  'UpdateContributorInsights',
  'UpdateItem',
  'UpdateTable',
  'UpdateTableReplicaAutoScaling',
  'UpdateTimeToLive',
].map((name) => `dynamodb:${name}`);

const REQUIRED = ['Effect', 'Principal', 'Action', 'Resource'] as const;
const KNOWN = new Set<string>(['Sid', 'Condition', ...REQUIRED]);

function listOf(value: OneOrMore): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

function invalid(reason: string): AwsError {
  return new AwsError(
    400,
    'ValidationException',
    `One or more parameter values were invalid: Invalid policy document: ${reason}`,
  );
}

/** `*` is any run of characters, `?` exactly one. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'is').test(text);
}

type Operator = (wanted: readonly string[], actual: string | undefined) => boolean;

const isArn: Operator = (wanted, actual) =>
  actual !== undefined && wanted.some((one) => matches(one, actual));
const isNoArn: Operator = (wanted, actual) => !isArn(wanted, actual);

/** Without the value of a key, a negated operator holds and any other does not. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: (wanted, actual) => actual !== undefined && wanted.includes(actual),
  StringNotEquals: (wanted, actual) => actual === undefined || !wanted.includes(actual),
  // IAM reads wildcards in both.
  ArnEquals: isArn,
  ArnLike: isArn,
  ArnNotEquals: isNoArn,
  ArnNotLike: isNoArn,
};

function contextValue(key: string, { arn, tags }: Caller): string | undefined {
  if (key.toLowerCase() === 'aws:principalarn') return arn;
  return tags[key.slice('aws:PrincipalTag/'.length)];
}

function checkConditions(conditions: Conditions): void {
  for (const [operator, keys] of Object.entries(conditions)) {
    if (OPERATORS[operator] === undefined)
      throw invalid(`the embedded AWS does not know the condition operator ${operator}.`);
    const unknown = Object.keys(keys).find((key) => !/^aws:(PrincipalArn$|PrincipalTag\/.)/i.test(key));
    if (unknown !== undefined) throw invalid(`the embedded AWS does not know the condition key ${unknown}.`);
  }
}

function checkStatement(statement: Statement, tableArn: string): void {
  const { Sid, Effect, Principal, Action, Resource, Condition = {} } = statement;
  const unknown = Object.keys(statement).find((element) => !KNOWN.has(element));
  if (unknown !== undefined) throw invalid(`Syntax error: unsupported element ${unknown}.`);
  const missing = REQUIRED.find((element) => statement[element] === undefined);
  if (missing !== undefined) throw invalid(`Missing required field ${missing}.`);
  if (Effect !== 'Allow' && Effect !== 'Deny') throw invalid(`Invalid effect: ${String(Effect)}.`);
  if (Sid !== undefined && !/^[A-Za-z0-9]*$/.test(Sid)) throw invalid(`Invalid Sid: ${Sid}.`);
  if (Principal !== '*' && Principal.AWS === undefined)
    throw invalid('Invalid principal in policy document.');
  const wrong = listOf(Action).filter((action) => !ACTIONS.some((known) => matches(action, known)));
  if (wrong.length > 0)
    throw invalid(`The following action names are invalid: ${wrong.map((name) => `"${name}"`).join(', ')}`);
  const elsewhere = listOf(Resource).find((arn) => arn !== tableArn && !arn.startsWith(`${tableArn}/index/`));
  if (elsewhere !== undefined)
    throw invalid(`The resource ${elsewhere} is not the table, or one of its indexes.`);
  checkConditions(Condition);
}

function parse(text: string): readonly Statement[] {
  try {
    const { Version = '2008-10-17', Statement } = JSON.parse(text) as {
      Version?: string;
      Statement?: Statement | readonly Statement[];
    };
    const isDated = Version === '2012-10-17' || Version === '2008-10-17';
    if (isDated && typeof Statement === 'object') return [Statement].flat() as readonly Statement[];
  } catch {
    // Refused below, like every other text that is no policy.
  }
  throw invalid('Syntax errors in policy.');
}

function applies(
  { Principal, Action, Resource, Condition = {} }: Statement,
  question: PolicyQuestion,
): boolean {
  const { action, resource, caller } = question;
  const principals = Principal === '*' ? ['*'] : listOf(Principal.AWS);
  return (
    principals.some((one) => one === '*' || one === caller.arn) &&
    listOf(Action).some((one) => matches(one, action)) &&
    listOf(Resource).some((one) => matches(one, resource)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) =>
        OPERATORS[operator]?.(listOf(wanted), contextValue(key, caller)),
      ),
    )
  );
}

/**
 * Reads a table's resource policy as DynamoDB does: one that it would refuse is refused.
 *
 * @throws AwsError (ValidationException) naming what is wrong
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-considerations.html
 */
export function readPolicy(text: string, tableArn: string): ResourcePolicy {
  if (Buffer.byteLength(text) > MAX_BYTES)
    throw invalid(`The policy is larger than ${MAX_BYTES} bytes, the most that DynamoDB takes.`);
  const statements = parse(text);
  const sids = statements.flatMap(({ Sid }) => Sid ?? []);
  if (new Set(sids).size < sids.length)
    throw invalid('Statement IDs (SID) in a single policy must be unique.');
  for (const statement of statements) checkStatement(statement, tableArn);
  const denying = statements.filter(({ Effect }) => Effect === 'Deny');
  return { text, denies: (question) => denying.some((statement) => applies(statement, question)) };
}
