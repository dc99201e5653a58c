import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { STAGE, arnOf } from '../account.ts';
import type { QueueSpec } from '../services/sqs/queue.ts';
import { resolveTemplate, type ResolvedTemplate, type Template } from './resolve-template.ts';

/** A Lambda function as the template declares it. */
export interface FunctionSpec {
  /** Its key under `functions:` in serverless.yml: the name without service and stage. */
  readonly key: string;
  readonly name: string;
  readonly arn: string;
  /** `<path without extension>.<export>`. */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute path of its packaged code. */
  readonly zipPath: string;
  /** What it signs its requests as. */
  readonly role: RoleSpec;
}

/** An IAM role, as a resource policy sees it. */
export interface RoleSpec {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A state machine as the template declares it. */
export interface StateMachineSpec {
  readonly key: string;
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** Amazon States Language, JSON. */
  readonly definition: string;
}

/** A rule that calls functions, by event or by the clock. */
export interface RuleSpec {
  readonly name: string;
  readonly arn: string;
  readonly eventPattern: Readonly<Record<string, unknown>> | undefined;
  readonly scheduleExpression: string | undefined;
  readonly targets: readonly RuleTarget[];
}

/** A function that a rule calls, with the event, or with a constant input. */
export interface RuleTarget {
  readonly arn: string;
  /** JSON. */
  readonly input: string | undefined;
}

/** A statement of a function's own policy: who may call it. */
export interface LambdaPermission {
  /** Logical id. */
  readonly id: string;
  readonly action: string;
  /** Name or ARN, with a version or alias where it is for one alone. */
  readonly functionName: string;
  readonly principal: string;
  /** May hold wildcards; absent: whatever the principal calls for. */
  readonly sourceArn: string | undefined;
  /** Names of further conditions: `SourceAccount`, for example. */
  readonly otherConditions: readonly string[];
}

/** A DynamoDB table as the template declares it. */
export interface TableDeclaration {
  readonly name: string;
  /** In CloudFormation's terms. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Everything the embedded AWS deploys, read from the compiled template: nothing is declared a second time. */
export interface Deployment {
  readonly service: string;
  /** `<service>-<stage>-`, which every function's and machine's name begins with. */
  readonly prefix: string;
  readonly tables: readonly TableDeclaration[];
  readonly buckets: readonly string[];
  readonly functions: readonly FunctionSpec[];
  readonly stateMachines: readonly StateMachineSpec[];
  readonly rules: readonly RuleSpec[];
  readonly permissions: readonly LambdaPermission[];
  readonly topicArns: readonly string[];
  readonly queues: readonly QueueSpec[];
  /** Outputs of the stack, by key. */
  readonly outputs: Readonly<Record<string, string>>;
}

const TEMPLATE_FILE = 'cloudformation-template-update-stack.json';
type Properties = Readonly<Record<string, unknown>>;

/**
 * Reads a folder that `sls package` has written.
 *
 * @throws Error naming what it cannot resolve, or a rule or schedule that it cannot run
 */
export async function readDeployment(packageDir: string): Promise<Deployment> {
  const template = JSON.parse(await readFile(join(packageDir, TEMPLATE_FILE), 'utf8')) as Template;
  const resolved = resolveTemplate(template);
  const each = (type: string) =>
    resolved
      .resourcesOf(type)
      .map(([id, properties]) => [id, resolved.resolve(properties) as Properties] as const);
  const prefix = namePrefix(resolved);
  const roles = readRoles(resolved);
  return {
    prefix,
    service: prefix.slice(0, -`-${STAGE}-`.length),
    tables: each('AWS::DynamoDB::Table').map(([, properties]) => ({
      name: String(properties['TableName']),
      properties,
    })),
    buckets: each('AWS::S3::Bucket').flatMap(([, { BucketName }]) =>
      typeof BucketName === 'string' ? [BucketName] : [],
    ),
    functions: each('AWS::Lambda::Function').map(([, properties]) =>
      readFunction({ packageDir, prefix, roles }, properties),
    ),
    stateMachines: each('AWS::StepFunctions::StateMachine').map(([, properties]) =>
      readMachine(prefix, properties),
    ),
    rules: each('AWS::Events::Rule').map(([id, properties]) => readRule(resolved, id, properties)),
    permissions: each('AWS::Lambda::Permission').map(([id, properties]) => readPermission(id, properties)),
    queues: each('AWS::SQS::Queue').map(([id, properties]) => readQueue(resolved, id, properties)),
    topicArns: each('AWS::SNS::Topic').map(([id]) => String(resolved.resolve({ Ref: id }))),
    outputs: Object.fromEntries(
      Object.entries(template.Outputs ?? {}).map(([key, { Value }]) => [
        key,
        String(resolved.resolve(Value)),
      ]),
    ),
  };
}

function namePrefix(resolved: ResolvedTemplate): string {
  const [, properties] = resolved.resourcesOf('AWS::Lambda::Function')[0] ?? [];
  const name = String(resolved.resolve(properties?.['FunctionName']));
  const end = name.indexOf(`-${STAGE}-`);
  if (end === -1)
    throw new Error(
      `The packaged function ${name} is not of the stage ${STAGE}: package with --stage ${STAGE}.`,
    );
  return name.slice(0, end + `-${STAGE}-`.length);
}

type Roles = ReadonlyMap<string, RoleSpec>;

/** By ARN. */
function readRoles(resolved: ResolvedTemplate): Roles {
  const roles = resolved.resourcesOf('AWS::IAM::Role').map(([id, properties]): RoleSpec => {
    const tags = (resolved.resolve(properties['Tags']) ?? []) as readonly { Key: string; Value: string }[];
    const arn = String(resolved.resolve({ 'Fn::GetAtt': [id, 'Arn'] }));
    return { arn, tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])) };
  });
  return new Map(roles.map((role) => [role.arn, role]));
}

interface FunctionScope {
  readonly packageDir: string;
  readonly prefix: string;
  readonly roles: Roles;
}

function readFunction({ packageDir, prefix, roles }: FunctionScope, properties: Properties): FunctionSpec {
  const name = String(properties['FunctionName']);
  const code = properties['Code'] as { S3Key: string };
  const environment = properties['Environment'] as { Variables?: Record<string, string> } | undefined;
  return {
    key: withoutPrefix(name, prefix),
    name,
    arn: arnOf('lambda', `function:${name}`),
    handler: String(properties['Handler']),
    timeoutSeconds: Number(properties['Timeout'] ?? 3),
    memoryMegabytes: Number(properties['MemorySize'] ?? 128),
    environment: environment?.Variables ?? {},
    zipPath: join(packageDir, basename(code.S3Key)),
    role: roles.get(String(properties['Role'])) ?? { arn: String(properties['Role']), tags: {} },
  };
}

function readMachine(prefix: string, properties: Properties): StateMachineSpec {
  const name = String(properties['StateMachineName']);
  const { DefinitionString, Definition } = properties;
  return {
    key: withoutPrefix(name, prefix),
    name,
    arn: arnOf('states', `stateMachine:${name}`),
    roleArn: String(properties['RoleArn']),
    definition: typeof DefinitionString === 'string' ? DefinitionString : JSON.stringify(Definition),
  };
}

function readRule(resolved: ResolvedTemplate, id: string, properties: Properties): RuleSpec {
  const targets = (properties['Targets'] ?? []) as readonly Properties[];
  const unsupported = targets
    .flatMap(Object.keys)
    .find((name) => !['Id', 'Arn', 'Input', 'RetryPolicy', 'DeadLetterConfig'].includes(name));
  if (unsupported !== undefined)
    throw new Error(`The embedded AWS cannot run rule ${id}: its target has ${unsupported}.`);
  const { State, EventPattern, ScheduleExpression } = properties;
  return {
    name: typeof properties['Name'] === 'string' ? properties['Name'] : id,
    arn: String(resolved.resolve({ 'Fn::GetAtt': [id, 'Arn'] })),
    eventPattern: EventPattern as Properties | undefined,
    scheduleExpression: ScheduleExpression as string | undefined,
    targets:
      State === 'DISABLED'
        ? []
        : targets.map(({ Arn, Input }) => ({ arn: String(Arn), input: Input as string | undefined })),
  };
}

function readPermission(id: string, properties: Properties): LambdaPermission {
  const { Action, FunctionName, Principal, SourceArn, ...others } = properties;
  return {
    id,
    action: String(Action),
    functionName: String(FunctionName),
    principal: String(Principal),
    sourceArn: SourceArn as string | undefined,
    otherConditions: Object.keys(others),
  };
}

/** SQS's own defaults where the template says nothing. */
function readQueue(resolved: ResolvedTemplate, id: string, properties: Properties): QueueSpec {
  return {
    name: String(resolved.resolve({ 'Fn::GetAtt': [id, 'QueueName'] })),
    arn: String(resolved.resolve({ 'Fn::GetAtt': [id, 'Arn'] })),
    visibilitySeconds: Number(properties['VisibilityTimeout'] ?? 30),
    retentionSeconds: Number(properties['MessageRetentionPeriod'] ?? 345_600),
  };
}

function withoutPrefix(name: string, prefix: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
