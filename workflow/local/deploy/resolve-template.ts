import { ACCOUNT_ID, REGION, arnOf } from '../account.ts';

/** A CloudFormation template, as far as it is read here. */
export interface Template {
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown; readonly Condition?: string }>>;
}

/** One resource, its intrinsic functions not yet resolved. */
export interface TemplateResource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** A template that can be asked for the plain value of anything in it. */
export interface ResolvedTemplate {
  /**
   * Plain value of `value`, every intrinsic function in it replaced.
   *
   * @throws Error naming the function or resource that cannot be resolved here
   */
  resolve(value: unknown): unknown;
  /** Resources of one type whose condition holds, by logical id. */
  resourcesOf(type: string): readonly (readonly [string, Readonly<Record<string, unknown>>])[];
}

const PSEUDO_PARAMETERS: Readonly<Record<string, unknown>> = {
  'AWS::AccountId': ACCOUNT_ID,
  'AWS::Region': REGION,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'embedded-aws',
  'AWS::StackId': arnOf('cloudformation', 'stack/embedded-aws/1'),
  'AWS::NoValue': undefined,
};

type Resolve = (value: unknown) => unknown;

/** Resolves intrinsic functions for the embedded account and region. */
export function resolveTemplate(template: Template): ResolvedTemplate {
  const resolve: Resolve = (value) => {
    if (Array.isArray(value)) return value.map(resolve).filter((element) => element !== undefined);
    if (typeof value !== 'object' || value === null) return value;
    const [name, argument] = Object.entries(value)[0] ?? [];
    const isFunction =
      Object.keys(value).length === 1 && name !== undefined && /^(Ref|Condition|Fn::.*)$/.test(name);
    if (isFunction) return callIntrinsic(template, resolve, name, argument);
    const entries = Object.entries(value).map(([key, member]) => [key, resolve(member)] as const);
    return Object.fromEntries(entries.filter(([, member]) => member !== undefined));
  };
  const exists = ({ Condition }: TemplateResource) =>
    Condition === undefined || resolve(template.Conditions?.[Condition]) === true;
  return {
    resolve,
    resourcesOf: (type) =>
      Object.entries(template.Resources)
        .filter(([, resource]) => resource.Type === type && exists(resource))
        .map(([id, resource]) => [id, resource.Properties ?? {}] as const),
  };
}

function callIntrinsic(template: Template, resolve: Resolve, name: string, argument: unknown): unknown {
  const args = () => resolve(argument) as unknown[];
  switch (name) {
    case 'Ref':
      return refOf(template, resolve, String(argument));
    case 'Fn::GetAtt':
      return attributeOf(template, resolve, argument);
    case 'Fn::Sub':
      return substitute(template, resolve, argument);
    case 'Fn::Join':
      return (args()[1] as unknown[]).join(String(args()[0]));
    case 'Fn::Select':
      return (args()[1] as unknown[])[Number(args()[0])];
    case 'Fn::Split':
      return String(args()[1]).split(String(args()[0]));
    case 'Fn::Equals':
      return args()[0] === args()[1];
    case 'Fn::Not':
      return args()[0] !== true;
    case 'Fn::And':
      return args().every((holds) => holds === true);
    case 'Fn::Or':
      return args().some((holds) => holds === true);
    case 'Condition':
      return resolve(template.Conditions?.[String(argument)]);
    case 'Fn::If':
      return chooseBranch(template, resolve, argument as [string, unknown, unknown]);
    default:
      throw new Error(`The embedded AWS cannot resolve ${name} in the compiled template.`);
  }
}

function chooseBranch(
  template: Template,
  resolve: Resolve,
  [name, yes, no]: [string, unknown, unknown],
): unknown {
  const condition = template.Conditions?.[name];
  if (condition === undefined) throw new Error(`The compiled template has no condition ${name}.`);
  return resolve(resolve(condition) === true ? yes : no);
}

function refOf(template: Template, resolve: Resolve, name: string): unknown {
  if (Object.hasOwn(PSEUDO_PARAMETERS, name)) return PSEUDO_PARAMETERS[name];
  const parameter = template.Parameters?.[name];
  if (parameter !== undefined) return parameter.Default;
  const { Type, Properties } = resourceOf(template, name);
  // Locally there is one version of everything.
  if (Type === 'AWS::Lambda::Version') return `${String(resolve(Properties?.['FunctionName']))}:1`;
  if (Type === 'AWS::StepFunctions::StateMachine' || Type === 'AWS::SNS::Topic')
    return arnOfResource(template, resolve, name);
  return physicalName(template, resolve, name);
}

function attributeOf(template: Template, resolve: Resolve, argument: unknown): unknown {
  const [name = '', ...path] = Array.isArray(argument) ? argument.map(String) : String(argument).split('.');
  const attribute = path.join('.');
  if (attribute === 'Arn' || attribute === 'TopicArn') return arnOfResource(template, resolve, name);
  if (['Name', 'TopicName', 'QueueName'].includes(attribute)) return physicalName(template, resolve, name);
  throw new Error(
    `The embedded AWS cannot resolve the attribute ${attribute} of ${name} in the compiled template.`,
  );
}

/** `${Name}`, `${Name.Attribute}` and `${!Literal}`; the second element of an array holds names of its own. */
function substitute(template: Template, resolve: Resolve, argument: unknown): string {
  const [text, own] = (Array.isArray(argument) ? argument : [argument, {}]) as [
    string,
    Record<string, unknown>,
  ];
  return text.replace(/\$\{(!?)([^}]+)\}/g, (_match, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`;
    if (Object.hasOwn(own, name)) return String(resolve(own[name]));
    return String(name.includes('.') ? attributeOf(template, resolve, name) : refOf(template, resolve, name));
  });
}

function resourceOf(template: Template, id: string): TemplateResource {
  const resource = template.Resources[id];
  if (resource === undefined)
    throw new Error(`The compiled template refers to ${id}, which it does not declare.`);
  return resource;
}

/** Property that holds a resource's name, and how its ARN is made of it. */
const NAMED: Readonly<Record<string, { readonly property: string; readonly arn: (name: string) => string }>> =
  {
    'AWS::DynamoDB::Table': { property: 'TableName', arn: (name) => arnOf('dynamodb', `table/${name}`) },
    'AWS::S3::Bucket': { property: 'BucketName', arn: (name) => `arn:aws:s3:::${name}` },
    'AWS::Lambda::Function': { property: 'FunctionName', arn: (name) => arnOf('lambda', `function:${name}`) },
    'AWS::StepFunctions::StateMachine': {
      property: 'StateMachineName',
      arn: (name) => arnOf('states', `stateMachine:${name}`),
    },
    'AWS::SNS::Topic': { property: 'TopicName', arn: (name) => arnOf('sns', name) },
    'AWS::Events::Rule': { property: 'Name', arn: (name) => arnOf('events', `rule/${name}`) },
    'AWS::SQS::Queue': { property: 'QueueName', arn: (name) => arnOf('sqs', name) },
    'AWS::KMS::Key': { property: 'KeyId', arn: (name) => arnOf('kms', `key/${name}`) },
    'AWS::IAM::Role': { property: 'RoleName', arn: (name) => `arn:aws:iam::${ACCOUNT_ID}:role/${name}` },
    'AWS::Logs::LogGroup': { property: 'LogGroupName', arn: (name) => arnOf('logs', `log-group:${name}:*`) },
    'AWS::CloudWatch::Alarm': { property: 'AlarmName', arn: (name) => arnOf('cloudwatch', `alarm:${name}`) },
  };

/** The name CloudFormation would give where the template gives none: stack and logical id. */
function physicalName(template: Template, resolve: Resolve, id: string): string {
  const { Type, Properties } = resourceOf(template, id);
  const given = resolve(Properties?.[NAMED[Type]?.property ?? '']);
  return typeof given === 'string' ? given : `embedded-aws-${id}`;
}

function arnOfResource(template: Template, resolve: Resolve, id: string): string {
  const { Type } = resourceOf(template, id);
  const named = NAMED[Type];
  if (named === undefined)
    throw new Error(`The embedded AWS cannot make an ARN for ${id}, which is of type ${Type}.`);
  return named.arn(physicalName(template, resolve, id));
}
