import { type Resource, resourcesOf, type Template } from './template-variants.ts';

/** What a rule objects to in one resource: nothing, or a reason for each fault. */
export type Check = (resource: Resource, id: string, template: Template) => readonly string[];

interface Statement {
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Principal?: string | Readonly<Record<string, unknown>>;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A property, somewhere below `Properties`. */
function property(resource: Resource, path: string): unknown {
  let value: unknown = resource.Properties;
  for (const name of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[name];
  return value;
}

/** A property is given, and is neither empty, 0 nor false. */
export const has =
  (path: string): Check =>
  (resource) => {
    const value = property(resource, path);
    return value === undefined || value === '' || value === 0 || value === false ? [`no ${path}`] : [];
  };

/** A property has exactly this value. */
export const is =
  (path: string, wanted: unknown): Check =>
  (resource) =>
    property(resource, path) === wanted ? [] : [`${path} is ${String(property(resource, path))}`];

const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];

const statementsOf = (document: unknown): readonly Statement[] =>
  listOf((document as { readonly Statement?: Statement | Statement[] } | undefined)?.Statement);

/** Every statement that gives something, of a role's own policies or of a managed policy. */
function allowances(resource: Resource): readonly Statement[] {
  const policies = listOf(
    property(resource, 'Policies') as { readonly PolicyDocument: unknown }[] | undefined,
  );
  const documents = [property(resource, 'PolicyDocument'), ...policies.map((one) => one.PolicyDocument)];
  return documents.flatMap(statementsOf).filter(({ Effect }) => Effect === 'Allow');
}

/** Each wildcard of an allowed action or resource, one by one: IAM5 wants a reason for each. */
export const wildcards: Check = (resource) => {
  const found = allowances(resource).flatMap(({ Action, Resource: on }) => [
    ...listOf(Action)
      .filter((action) => action.includes('*'))
      .map((action) => `Action::${action}`),
    ...listOf(on)
      .filter((arn) => arn.includes('*'))
      .map((arn) => `Resource::${arn}`),
  ]);
  return [...new Set(found)];
};

/** A Lambda role allows all actions of a service, or something on all resources. */
export const starPermissions: Check = (resource) => {
  const trust = statementsOf(property(resource, 'AssumeRolePolicyDocument'));
  const isOfLambda = JSON.stringify(trust.map(({ Principal }) => Principal)).includes(
    '"lambda.amazonaws.com"',
  );
  const broad = allowances(resource).filter(
    ({ Action, Resource: on }) =>
      listOf(Action).some((action) => action === '*' || action.endsWith(':*')) || listOf(on).includes('*'),
  );
  return isOfLambda && broad.length > 0 ? ['wildcard permissions'] : [];
};

/** A policy that AWS manages and may widen. */
export const managedByAws: Check = (resource) =>
  listOf(property(resource, 'ManagedPolicyArns') as string[] | undefined)
    .filter((arn) => arn.includes(':iam::aws:'))
    .map((arn) => `Policy::${arn}`);

const isEverybody = (principal: Statement['Principal']): boolean =>
  principal === '*' || (typeof principal === 'object' && listOf(principal['AWS']).includes('*'));

/** A bucket's statement is about the bucket and about its objects. */
const isWhole = (type: string, arns: readonly string[]): boolean =>
  type !== 'AWS::S3::BucketPolicy' ||
  arns.includes('*') ||
  (arns.some((arn) => arn.endsWith('/*')) && arns.some((arn) => !arn.includes('/')));

/** Whether a policy turns away everybody who comes without TLS. */
function refusesPlainRequests({ Type, Properties }: Resource, actions: readonly string[]): boolean {
  return statementsOf(Properties['PolicyDocument']).some(
    ({ Effect, Action, Principal, Condition, Resource: on }) =>
      Effect === 'Deny' &&
      isWhole(Type, listOf(on)) &&
      isEverybody(Principal) &&
      listOf(Action).some((action) => actions.includes(action.toLowerCase())) &&
      String(Condition?.['Bool']?.['aws:SecureTransport']) === 'false',
  );
}

interface PolicyOfAnother {
  readonly type: string;
  /** Where the policy says whose it is. */
  readonly owner: string;
  /** Where the owner has its name. */
  readonly name: string;
  /** Actions that the Deny may name. */
  readonly actions: readonly string[];
}

/** A bucket, topic or queue has a policy beside it that demands TLS. */
export const demandsTls =
  ({ type, owner, name, actions }: PolicyOfAnother): Check =>
  (resource, id, template) => {
    const names = [id, id.toLowerCase(), property(resource, name)].map(String);
    const isOurs = (text: string): boolean => names.some((one) => text === one || text.endsWith(`:${one}`));
    const own = resourcesOf(template, type).filter(([, policy]) =>
      listOf(property(policy, owner) as string | string[]).some(isOurs),
    );
    const isSafe = own.some(([, policy]) => refusesPlainRequests(policy, actions));
    return isSafe ? [] : ['no policy that refuses requests without TLS'];
  };

/** All four blocks of public access, which have to be written out. */
export const publicAccess: Check = (resource) =>
  ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].flatMap((name) =>
    is(`PublicAccessBlockConfiguration.${name}`, true)(resource, '', NO_TEMPLATE),
  );

const NO_TEMPLATE: Template = { Conditions: {}, Resources: {}, Outputs: {} };

/** A queue has a dead-letter queue, or is one. */
export const deadLetters: Check = (resource, id, template) => {
  if (property(resource, 'RedrivePolicy') !== undefined) return [];
  const others = Object.values(template.Resources).map((other) => [
    property(other, 'RedrivePolicy.deadLetterTargetArn'),
    other.Type === 'AWS::Lambda::Function' ? property(other, 'DeadLetterConfig.TargetArn') : undefined,
  ]);
  const names = [id, String(property(resource, 'QueueName'))];
  const isTarget = others
    .flat()
    .some((arn) => names.some((name) => String(arn).split(/[:.]/).includes(name)));
  return isTarget ? [] : ['no dead-letter queue'];
};

/** Every target of a rule has a queue for events that it could not be given. */
export const deadLetterTargets: Check = (resource) =>
  listOf(property(resource, 'Targets') as { readonly Id: string; readonly DeadLetterConfig?: unknown }[])
    .filter(({ DeadLetterConfig }) => DeadLetterConfig === undefined)
    .map(({ Id }) => `target ${Id} has no dead-letter queue`);

/** A queue lies under SQS's own key, as it does by default, or under another. */
export const encryptedQueue: Check = (resource) =>
  property(resource, 'KmsMasterKeyId') === undefined && property(resource, 'SqsManagedSseEnabled') === false
    ? ['not encrypted']
    : [];

/** No bucket of ours serves a website. */
export const noWebsite: Check = (resource) =>
  property(resource, 'WebsiteConfiguration') === undefined ? [] : ['a website'];

/** An encrypted topic is reached by TLS only. */
export const topicTls: Check = (resource, id, template) =>
  property(resource, 'KmsMasterKeyId') === undefined
    ? demandsTls({
        type: 'AWS::SNS::TopicPolicy',
        owner: 'Topics',
        name: 'TopicName',
        actions: ['sns:publish'],
      })(resource, id, template)
    : [];
