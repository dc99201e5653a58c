import { beforeAll, describe, expect, it } from 'vitest';
import { practiceFindings, practiceRules, unjudgedTypes } from './practice-rules.ts';
import {
  compileVariant,
  type CompiledVariant,
  type Resource,
  type Template,
  variants,
} from './template-variants.ts';

let compiled: readonly CompiledVariant[] = [];

beforeAll(async () => {
  compiled = await Promise.all([variants.asItComes, variants.everythingElse].map(compileVariant));
});

type Properties = Resource['Properties'];

const NEVER = { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: '*' };

/** What makes a resource of a type as bad as its rules know. */
const spoil: Readonly<Record<string, (properties: Properties) => void>> = {
  'AWS::DynamoDB::Table': (own) => delete own['PointInTimeRecoverySpecification'],
  'AWS::IAM::Role': (own) => (own['ManagedPolicyArns'] = ['arn:aws:iam::aws:policy/AdministratorAccess']),
  'AWS::Lambda::Function': (own) => {
    own['Runtime'] = 'nodejs20.x';
    for (const name of ['MemorySize', 'Timeout', 'TracingConfig']) delete own[name];
  },
  'AWS::Lambda::EventInvokeConfig': (own) => delete own['DestinationConfig'],
  'AWS::Logs::LogGroup': (own) => delete own['RetentionInDays'],
  'AWS::S3::Bucket': (own) => {
    own['PublicAccessBlockConfiguration'].BlockPublicPolicy = false;
    own['WebsiteConfiguration'] = { IndexDocument: 'index.html' };
  },
  'AWS::S3::BucketPolicy': (own) => (own['PolicyDocument'].Statement = [NEVER]),
  'AWS::SNS::TopicPolicy': (own) => (own['PolicyDocument'].Statement = [NEVER]),
  'AWS::SQS::QueuePolicy': (own) => (own['PolicyDocument'].Statement = [NEVER]),
  'AWS::SNS::Topic': (own) => delete own['KmsMasterKeyId'],
  'AWS::SQS::Queue': (own) => {
    delete own['KmsMasterKeyId'];
    own['SqsManagedSseEnabled'] = false;
  },
  'AWS::StepFunctions::StateMachine': (own) => delete own['TracingConfiguration'],
  'AWS::Events::Rule': (own) =>
    own['Targets'].forEach((target: Properties) => delete target['DeadLetterConfig']),
};

function spoiled(template: Template): Template {
  const copy = structuredClone(template);
  for (const { Type, Properties } of Object.values(copy.Resources)) spoil[Type]?.(Properties);
  return copy;
}

const rulesIn = (template: Template): readonly string[] => [
  ...new Set(practiceFindings(template).map(({ rule }) => rule)),
];

const MAPPING: Resource = { Type: 'AWS::Lambda::EventSourceMapping', Properties: {} };

describe('the practice rules', () => {
  it('know every type of resource in the template: a new type needs its rules looked up', () => {
    expect(compiled.flatMap(({ resolved }) => unjudgedTypes(resolved))).toEqual([]);
  });

  it('each object to a template that is spoiled in their respect', () => {
    const [, one] = compiled;
    if (one === undefined) throw new Error('Nothing was compiled.');
    const bad = spoiled(one.resolved);
    const withMapping = { ...bad, Resources: { ...bad.Resources, Mapping: MAPPING } };
    expect(rulesIn(withMapping).toSorted()).toEqual(practiceRules.map(({ name }) => name).toSorted());
  });

  it('object to fewer things in the template as it is', () => {
    const quiet = ['AwsSolutions-S10', 'AwsSolutions-SNS3', 'AwsSolutions-SQS4', 'AwsSolutions-IAM4'];
    for (const { resolved } of compiled)
      expect(rulesIn(resolved).filter((rule) => quiet.includes(rule))).toEqual([]);
  });

  it('name each wildcard of a role alone', () => {
    const statement = {
      Effect: 'Allow',
      Action: ['s3:Get*', 's3:PutObject'],
      Resource: ['arn:aws:s3:::one/*'],
    };
    const role = { Policies: [{ PolicyDocument: { Statement: [statement] } }] };
    const template = {
      Conditions: {},
      Outputs: {},
      Resources: { One: { Type: 'AWS::IAM::Role', Properties: role } },
    };
    expect(practiceFindings(template).map(({ detail }) => detail)).toEqual([
      'Action::s3:Get*',
      'Resource::arn:aws:s3:::one/*',
    ]);
  });

  it('accept a queue that is a dead-letter queue, and one that has one', () => {
    const queue = (Properties: Properties): Resource => ({ Type: 'AWS::SQS::Queue', Properties });
    const template = {
      Conditions: {},
      Outputs: {},
      Resources: {
        Work: queue({
          RedrivePolicy: { deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:1:lost', maxReceiveCount: 3 },
        }),
        Lost: queue({ QueueName: 'lost' }),
        Alone: queue({ QueueName: 'alone' }),
      },
    };
    const found = practiceFindings(template).filter(({ rule }) => rule === 'AwsSolutions-SQS3');
    expect(found.map(({ resource }) => resource)).toEqual(['Alone']);
  });
});
