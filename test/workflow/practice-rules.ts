import type { Finding } from './findings.ts';
import * as checks from './practice-checks.ts';
import type { Template } from './template-variants.ts';

/**
 * What cdk-nag's packs AwsSolutions and Serverless say about the kinds of resource in this stack, under their names.
 * They are kept here because cdk-nag comes with the whole CDK (190 MB), and no other tool has all of them.
 *
 * @see https://github.com/cdklabs/cdk-nag/blob/main/RULES.md
 */

interface PracticeRule {
  readonly name: string;
  /** Types of CloudFormation that it judges. */
  readonly types: readonly string[];
  readonly check: checks.Check;
}

const NEWEST_RUNTIME = 'nodejs24.x';
const BUCKET = ['AWS::S3::Bucket'];
const FUNCTION = ['AWS::Lambda::Function'];
const MACHINE = ['AWS::StepFunctions::StateMachine'];
const QUEUE = ['AWS::SQS::Queue'];
const ROLE = ['AWS::IAM::Role'];
const PERMISSIONS = [...ROLE, 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy'];

const bucketPolicy = { type: 'AWS::S3::BucketPolicy', owner: 'Bucket', name: 'BucketName' } as const;
const queuePolicy = { type: 'AWS::SQS::QueuePolicy', owner: 'Queues', name: 'QueueName' } as const;

export const practiceRules: readonly PracticeRule[] = [
  {
    name: 'AwsSolutions-DDB3',
    types: ['AWS::DynamoDB::Table'],
    check: checks.has('PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled'),
  },
  { name: 'AwsSolutions-IAM4', types: ROLE, check: checks.managedByAws },
  { name: 'AwsSolutions-IAM5', types: PERMISSIONS, check: checks.wildcards },
  { name: 'AwsSolutions-L1', types: FUNCTION, check: checks.is('Runtime', NEWEST_RUNTIME) },
  { name: 'AwsSolutions-S1', types: BUCKET, check: checks.has('LoggingConfiguration') },
  { name: 'AwsSolutions-S2', types: BUCKET, check: checks.publicAccess },
  { name: 'AwsSolutions-S5', types: BUCKET, check: checks.noWebsite },
  {
    name: 'AwsSolutions-S10',
    types: BUCKET,
    check: checks.demandsTls({ ...bucketPolicy, actions: ['*', 's3:*'] }),
  },
  { name: 'AwsSolutions-SF1', types: MACHINE, check: checks.is('LoggingConfiguration.Level', 'ALL') },
  { name: 'AwsSolutions-SF2', types: MACHINE, check: checks.has('TracingConfiguration.Enabled') },
  { name: 'AwsSolutions-SNS3', types: ['AWS::SNS::Topic'], check: checks.topicTls },
  { name: 'AwsSolutions-SQS2', types: QUEUE, check: checks.encryptedQueue },
  { name: 'AwsSolutions-SQS3', types: QUEUE, check: checks.deadLetters },
  {
    name: 'AwsSolutions-SQS4',
    types: QUEUE,
    check: checks.demandsTls({ ...queuePolicy, actions: ['*', 'sqs:*'] }),
  },
  {
    name: 'Serverless-CloudWatchLogGroupRetentionPeriod',
    types: ['AWS::Logs::LogGroup'],
    check: checks.has('RetentionInDays'),
  },
  { name: 'Serverless-EventBusDLQ', types: ['AWS::Events::Rule'], check: checks.deadLetterTargets },
  {
    name: 'Serverless-LambdaAsyncFailureDestination',
    types: ['AWS::Lambda::EventInvokeConfig'],
    check: checks.has('DestinationConfig.OnFailure.Destination'),
  },
  { name: 'Serverless-LambdaDLQ', types: FUNCTION, check: checks.has('DeadLetterConfig.TargetArn') },
  { name: 'Serverless-LambdaDefaultMemorySize', types: FUNCTION, check: checks.has('MemorySize') },
  { name: 'Serverless-LambdaDefaultTimeout', types: FUNCTION, check: checks.has('Timeout') },
  {
    name: 'Serverless-LambdaEventSourceMappingDestination',
    types: ['AWS::Lambda::EventSourceMapping'],
    check: checks.has('DestinationConfig.OnFailure.Destination'),
  },
  { name: 'Serverless-LambdaStarPermissions', types: ROLE, check: checks.starPermissions },
  { name: 'Serverless-LambdaTracing', types: FUNCTION, check: checks.is('TracingConfig.Mode', 'Active') },
  {
    name: 'Serverless-SNSRedrivePolicy',
    types: ['AWS::SNS::Subscription'],
    check: checks.has('RedrivePolicy'),
  },
  { name: 'Serverless-SQSRedrivePolicy', types: QUEUE, check: checks.has('RedrivePolicy') },
];

/** Types that neither pack has a rule for. */
const WITHOUT_RULES = [
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::Lambda::Permission',
  'AWS::Lambda::Version',
  'AWS::Logs::MetricFilter',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
];

/** Resources whose type nobody has looked the rules up for. */
export function unjudgedTypes({ Resources }: Template): readonly string[] {
  const known = new Set([...WITHOUT_RULES, ...practiceRules.flatMap(({ types }) => types)]);
  return [...new Set(Object.values(Resources).map(({ Type }) => Type))].filter((type) => !known.has(type));
}

/** What the rules find in a template whose conditions and functions are carried out. */
export function practiceFindings(template: Template): readonly Finding[] {
  return practiceRules.flatMap(({ name, types, check }) =>
    Object.entries(template.Resources)
      .filter(([, { Type }]) => types.includes(Type))
      .flatMap(([id, resource]) =>
        check(resource, id, template).map((detail) => ({
          tool: 'practice' as const,
          rule: name,
          resource: id,
          detail,
        })),
      ),
  );
}
