/**
 * The resource policy of a table, as far as a run is concerned: one statement of ours among those of others. Pure text
 * in, text out.
 */

/** Every action that writes items. Reading and the table's settings stay open. */
export const ITEM_WRITING_ACTIONS = [
  'dynamodb:BatchWriteItem',
  'dynamodb:DeleteItem',
  'dynamodb:PartiQLDelete',
  'dynamodb:PartiQLInsert',
  'dynamodb:PartiQLUpdate',
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
] as const;

/** The tag of the roles that write items: `<service>-<stage>`. A policy names no role's ARN, because a redeployment may change it. */
export const WRITER_TAG = 'migration:writer';

export function writerOf({ service, stage }: { readonly service: string; readonly stage: string }): string {
  return `${service}-${stage}`;
}

/** Who may still write: only the roles that carry our tag, or nobody at all. */
type ClosedTo = 'others' | 'everybody';

/** A Sid holds only letters and digits, but a run's id also hyphens and underscores. `z` escapes each of them, and itself. */
const ESCAPES: Readonly<Record<string, string>> = { '-': 'zd', _: 'zu', z: 'zz' };
const PREFIXES: Readonly<Record<ClosedTo, string>> = {
  others: 'migrationrun',
  everybody: 'migrationrollback',
};
const OUR_SID = /^migration(?:run|rollback)((?:[A-Za-y0-9]|z[duz])+)$/;

function sidOf(closedTo: ClosedTo, runId: string): string {
  return PREFIXES[closedTo] + runId.replaceAll(/[-_z]/g, (character) => ESCAPES[character] ?? character);
}

/** The runs that have closed a table, to others or to everybody. */
export function closersIn(policy: string | undefined): readonly string[] {
  if (policy === undefined) return [];
  const ours = statementsIn(policy).map(normalised).filter(isOurs);
  return ours.flatMap(({ Sid = '' }) => runOfSid(Sid) ?? []);
}

/** The run that put a statement with this Sid; `undefined` if no run did. */
export function runOfSid(sid: string): string | undefined {
  const escaped = OUR_SID.exec(sid)?.[1];
  const byEscape = new Map(Object.entries(ESCAPES).map(([character, escape]) => [escape, character]));
  return escaped?.replaceAll(/z./g, (escape) => byEscape.get(escape) ?? escape);
}

/** A statement, parsed only as far as it shows whose it is. */
interface Statement {
  readonly Sid?: string;
  readonly Effect?: string;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

interface Document {
  readonly Version?: string;
  readonly Statement?: Statement | readonly Statement[];
}

/** What a statement of ours says, and of which table. */
export interface Closure {
  readonly runId: string;
  readonly tableArn: string;
  /** {@link writerOf} the deployment. Absent: nobody may write, not even our own functions. */
  readonly writer?: string;
}

function statementOf({ runId, tableArn, writer }: Closure): Statement {
  const statement = {
    Sid: sidOf(writer === undefined ? 'everybody' : 'others', runId),
    Effect: 'Deny',
    Principal: '*',
    Action: ITEM_WRITING_ACTIONS,
    Resource: tableArn,
  };
  if (writer === undefined) return statement;
  return { ...statement, Condition: { StringNotEquals: { [`aws:PrincipalTag/${WRITER_TAG}`]: writer } } };
}

function statementsIn(policy: string): readonly Statement[] {
  const { Statement = [] } = JSON.parse(policy) as Document;
  return [Statement].flat() as readonly Statement[];
}

function isOurs({ Sid = '', Effect, Principal }: Statement): boolean {
  return Effect === 'Deny' && Principal === '*' && runOfSid(Sid) !== undefined;
}

/** DynamoDB may give `*` back as `{"AWS": "*"}`. */
function normalised(statement: Statement): Statement {
  const { Principal } = statement;
  const isAnybody =
    typeof Principal === 'object' && Principal !== null && 'AWS' in Principal && Principal.AWS === '*';
  return isAnybody ? { ...statement, Principal: '*' } : statement;
}

function foreignStatements(policy: string): readonly Statement[] {
  return statementsIn(policy).filter((statement) => !isOurs(normalised(statement)));
}

function withStatements(policy: string | undefined, statements: readonly Statement[]): string {
  const document = policy === undefined ? {} : (JSON.parse(policy) as Document);
  return JSON.stringify({ Version: '2012-10-17', ...document, Statement: statements });
}

/** The policy of a new table: closed to all but the run's own writers from the first request. */
export function closingPolicy(closure: Closure): string {
  return withStatements(undefined, [statementOf(closure)]);
}

/** The policy with this closure as our only statement. Statements of others stay as they are. */
export function closedPolicy(policy: string | undefined, closure: Closure): string {
  const foreign = policy === undefined ? [] : foreignStatements(policy);
  return withStatements(policy, [...foreign, statementOf(closure)]);
}

/** The policy without any statement of ours, no matter which run put it. `undefined`: nothing would be left. */
export function openedPolicy(policy: string): string | undefined {
  const foreign = foreignStatements(policy);
  return foreign.length === 0 ? undefined : withStatements(policy, foreign);
}

/** Whether a statement of ours closes the table, to others or to everybody. */
export function isClosed(policy: string | undefined): boolean {
  return policy !== undefined && statementsIn(policy).some((statement) => isOurs(normalised(statement)));
}

/** Whether the policy holds exactly this closure. */
export function isClosedBy(policy: string | undefined, closure: Closure): boolean {
  const { Sid } = statementOf(closure);
  return (
    policy !== undefined &&
    statementsIn(policy).some((statement) => statement.Sid === Sid && isOurs(normalised(statement)))
  );
}
