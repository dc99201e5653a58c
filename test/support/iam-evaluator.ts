import {
  type Conditions,
  conditionsHold,
  listOf,
  matchesWildcard,
  type RequestContext,
} from './iam-conditions.ts';

/**
 * Decides what a role or a service of AWS may do, for the part of IAM's policy language that this service's templates and
 * tables use: Allow and Deny, Action and NotAction, Resource and NotResource with wildcards, conditions, permissions
 * boundaries, session policies and resource policies, all within one account. Anything else in a policy is an error, never a
 * guess.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */

type OneOrMore<T> = T | readonly T[];

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  /** Only in a resource policy. */
  readonly Principal?: '*' | Readonly<Record<string, OneOrMore<string>>>;
  readonly Action?: OneOrMore<string>;
  readonly NotAction?: OneOrMore<string>;
  readonly Resource?: OneOrMore<string>;
  readonly NotResource?: OneOrMore<string>;
  readonly Condition?: Conditions;
}

export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: OneOrMore<PolicyStatement>;
}

/** The caller: a role's session, or a service of AWS. */
export type Principal =
  | {
      readonly role: string;
      /** `arn:aws:sts::<account>:assumed-role/<role>/<session>`, if it matters. */
      readonly session?: string;
      readonly tags?: Readonly<Record<string, string>>;
    }
  /** Such as `events.amazonaws.com`. It has no policies of its own. */
  | { readonly service: string };

/** A caller's permissions. Without a boundary and a session policy, its own policies decide alone. */
export interface Permissions {
  readonly policies: readonly PolicyDocument[];
  readonly boundary?: PolicyDocument | undefined;
  /** Given when the role was assumed. */
  readonly sessionPolicy?: PolicyDocument | undefined;
  /** Required if the resource has a policy, or if a condition depends on the caller. */
  readonly principal?: Principal | undefined;
}

/** One call, as IAM sees it. */
export interface IamRequest {
  /** `service:Operation` */
  readonly action: string;
  /** ARN */
  readonly resource: string;
  readonly context?: RequestContext;
  /** The policy of the resource itself. */
  readonly resourcePolicy?: PolicyDocument | undefined;
}

/** An explicit Deny wins over everything. A call that nothing allows is denied implicitly. */
export type Decision = 'ALLOWED' | 'DENIED_EXPLICITLY' | 'DENIED_IMPLICITLY';

const elements = new Set([
  'Sid',
  'Effect',
  'Principal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

function applies(statement: PolicyStatement, request: IamRequest): boolean {
  const unknown = Object.keys(statement).find((element) => !elements.has(element));
  if (unknown !== undefined) throw new Error(`The evaluator does not know the element ${unknown}.`);
  const action = request.action.toLowerCase();
  const isAction = (pattern: string) => matchesWildcard(pattern.toLowerCase(), action);
  const isResource = (pattern: string) => matchesWildcard(pattern, request.resource);
  const actionApplies =
    statement.NotAction === undefined
      ? listOf(statement.Action).some(isAction)
      : !listOf(statement.NotAction).some(isAction);
  const resourceApplies =
    statement.NotResource === undefined
      ? listOf(statement.Resource).some(isResource)
      : !listOf(statement.NotResource).some(isResource);
  return actionApplies && resourceApplies && conditionsHold(statement.Condition, request.context);
}

function decide(documents: readonly PolicyDocument[], request: IamRequest): Decision {
  const statements = documents.flatMap(({ Statement }) => listOf(Statement));
  const addressed = statements.find(({ Principal }) => Principal !== undefined);
  if (addressed !== undefined) throw new Error('The policy of a role has no Principal.');
  return decisionOf(statements.filter((statement) => applies(statement, request)));
}

function decisionOf(applying: readonly PolicyStatement[]): Decision {
  const effects = applying.map(({ Effect }) => Effect);
  if (effects.includes('Deny')) return 'DENIED_EXPLICITLY';
  return effects.includes('Allow') ? 'ALLOWED' : 'DENIED_IMPLICITLY';
}

/**
 * How closely a statement of a resource policy names the caller. Boundary and session policy do not limit a statement
 * that names the session itself.
 */
type Addressee = 'session' | 'role' | 'account' | 'service' | undefined;

function addresseeOf({ Principal }: PolicyStatement, caller: Principal | undefined): Addressee {
  if (Principal === undefined) throw new Error('A statement of a resource policy needs a Principal.');
  if (caller === undefined) throw new Error('A resource policy cannot be evaluated without a principal.');
  const isService = 'service' in caller;
  if (Principal === '*') return isService ? 'service' : 'role';
  const unknown = Object.keys(Principal).find((kind) => kind !== 'AWS' && kind !== 'Service');
  if (unknown !== undefined) throw new Error(`The evaluator does not know the principal ${unknown}.`);
  if (isService) return listOf(Principal['Service']).includes(caller.service) ? 'service' : undefined;
  const named = listOf(Principal['AWS']);
  if (caller.session !== undefined && named.includes(caller.session)) return 'session';
  if (named.includes('*') || named.includes(caller.role)) return 'role';
  const account = accountOf(caller.role);
  return named.some((one) => one === account || one.endsWith(`::${account}:root`)) ? 'account' : undefined;
}

const accountOf = (arn: string): string => arn.split(':')[4] ?? '';

/** Of the account that owns the resource. ARNs of S3 name none: unless the request says otherwise, it is the caller's. */
function resourceContext(resource: string, caller: Principal | undefined): RequestContext {
  const ofCaller = caller === undefined || 'service' in caller ? '' : accountOf(caller.role);
  const account = accountOf(resource) || ofCaller;
  return account === '' ? {} : { 'aws:ResourceAccount': account };
}

/** What the resource's policy decides about the caller, and how closely it names the caller. */
function askResource(request: IamRequest, caller: Principal | undefined) {
  const statements = listOf(request.resourcePolicy?.Statement).filter((statement) =>
    applies(statement, request),
  );
  const meant = statements
    .map((statement) => ({ statement, addressee: addresseeOf(statement, caller) }))
    .filter(({ addressee }) => addressee !== undefined);
  const allowing = meant.filter(({ statement }) => statement.Effect === 'Allow');
  const decision = decisionOf(meant.map(({ statement }) => statement));
  return { decision, allows: new Set(allowing.map(({ addressee }) => addressee)) };
}

/** Context keys that every request gets from its caller. */
function callerContext(caller: Principal | undefined): RequestContext {
  if (caller === undefined) return {};
  if ('service' in caller) return { 'aws:PrincipalIsAWSService': 'true' };
  const tags = Object.entries(caller.tags ?? {}).map(([name, value]) => [`aws:PrincipalTag/${name}`, value]);
  return {
    'aws:PrincipalArn': caller.role,
    'aws:PrincipalAccount': accountOf(caller.role),
    'aws:PrincipalIsAWSService': 'false',
    ...(Object.fromEntries(tags) as RequestContext),
  };
}

/**
 * IAM's answer to one call within an account. A Deny anywhere denies. Otherwise the role's policies or the resource's
 * must allow it, and boundary and session policy as well, unless the resource names the session itself. A resource
 * policy that names the account leaves the decision to the role's policies.
 *
 * @throws Error on an element, an operator or a principal that the evaluator does not know.
 */
export function evaluate(permissions: Permissions, given: IamRequest): Decision {
  const { policies, boundary, sessionPolicy, principal } = permissions;
  const request = {
    ...given,
    context: {
      ...callerContext(principal),
      ...resourceContext(given.resource, principal),
      ...given.context,
    },
  };
  const own = decide(policies, request);
  const limits = [boundary, sessionPolicy].flatMap((limit) =>
    limit === undefined ? [] : [decide([limit], request)],
  );
  const { decision: resource, allows } = askResource(request, principal);
  if ([own, resource, ...limits].includes('DENIED_EXPLICITLY')) return 'DENIED_EXPLICITLY';
  if (allows.has('session') || allows.has('service')) return 'ALLOWED';
  const isGranted = own === 'ALLOWED' || allows.has('role');
  return isGranted && limits.every((limit) => limit === 'ALLOWED') ? 'ALLOWED' : 'DENIED_IMPLICITLY';
}
