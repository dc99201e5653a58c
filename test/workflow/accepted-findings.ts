import type { Finding } from './findings.ts';

/** A finding that stays, and why. */
export interface AcceptedFinding {
  readonly tool: Finding['tool'];
  readonly rule: string;
  /** Logical ids that it may stand on. */
  readonly resource: RegExp;
  /** What it may be about; absent: anything that the rule finds. */
  readonly detail?: RegExp;
  readonly reason: string;
}

const functionRoles = /Role$/;

/** Every finding of cloudformation-validate, cfn-guard and our own practice rules that is left as it is. One that no longer occurs fails the test. */
export const acceptedFindings: readonly AcceptedFinding[] = [
  {
    tool: 'cloudformation-validate',
    rule: 'W3005',
    resource: /LambdaFunction$/,
    reason: 'The framework names the role in DependsOn as well as in Role; superfluous and harmless.',
  },
  {
    tool: 'cloudformation-validate',
    rule: 'W3011',
    resource: /LambdaVersion/,
    reason:
      'The framework keeps old versions for running executions (DeletionPolicy: Retain); a version is never replaced in place, so UpdateReplacePolicy would say nothing.',
  },
  {
    tool: 'cloudformation-validate',
    rule: 'W8003',
    resource: /^(Has|Restores|Trusts)/,
    reason:
      'Conditions compare deploy parameters, whose values the framework has put in: constant in one deployment.',
  },
  {
    tool: 'cloudformation-validate',
    rule: 'W1028',
    resource: /^RestoreFromBackupRole$/,
    reason:
      'See W8003: where conditions are constant, one that stands within another has a branch that is never taken.',
  },
  {
    tool: 'cloudformation-validate',
    rule: 'W9053',
    resource: /^$/,
    detail: /^Condition '(Has|Restores|Trusts)\w+' is equivalent to condition/,
    reason: 'Two parameters that are both empty make two conditions equal, until one is given.',
  },
  {
    tool: 'cfn-guard',
    rule: 'CT.CLOUDWATCH.PR.3',
    resource: /LogGroup$/,
    reason:
      'Logs hold names, counts and errors, never an item or an attribute value, and CloudWatch encrypts them with its own key; a customer managed key would cost a dollar a month and stage.',
  },
  {
    tool: 'cfn-guard',
    rule: 'CT.IAM.PR.2',
    resource: /Boundary$/,
    reason:
      'A permissions boundary gives no permission: it allows everything so that its Denies are all it adds.',
  },
  {
    tool: 'cfn-guard',
    rule: 'CT.IAM.PR.3',
    resource: /Boundary$/,
    reason: 'As above: the boundary is a limit, each role has its exact permissions.',
  },
  {
    tool: 'cfn-guard',
    rule: 'CT.LAMBDA.PR.3',
    resource: /LambdaFunction$/,
    reason:
      'The functions reach only AWS services and accept no connection. A VPC would need endpoints for six services and would keep no one out.',
  },
  {
    tool: 'cfn-guard',
    rule: 'CT.S3.PR.2',
    resource: /Bucket$/,
    reason:
      'Access logs need a second bucket of the owner’s choice; who reads backups is seen in CloudTrail data events where an account wants that.',
  },
  {
    tool: 'cfn-guard',
    rule: 'CT.S3.PR.4',
    resource: /Bucket$/,
    reason: 'Nothing waits for new objects: the ledger says when a backup is sealed.',
  },
  {
    tool: 'cfn-guard',
    rule: 'CT.S3.PR.8',
    resource: /^ServerlessDeploymentBucketPolicy$/,
    reason:
      'The framework’s own policy does refuse requests without TLS; the rule expects "false" as a string.',
  },
  {
    tool: 'cfn-guard',
    rule: 'CT.S3.PR.9',
    resource: /Bucket$/,
    reason:
      'Write-once is the bucket policy’s doing, which refuses to overwrite backups and replaced items and to delete anything. Object Lock would fix a date instead, and lock an owner out of his own clean-up.',
  },
  {
    tool: 'cfn-guard',
    rule: 'CT.S3.PR.10',
    resource: /^(BackupBucket|ServerlessDeploymentBucket)$/,
    reason:
      'Without the deploy parameter kmsKeyArn, S3’s own key; with it, the backups lie under that. The packages of code are no secret.',
  },
  {
    tool: 'cfn-guard',
    rule: 'CT.SQS.PR.1',
    resource: /^(Unrecovered|SyncFailures)Queue$/,
    reason: 'It is itself the dead-letter queue; nobody consumes it but a person, called by an alarm.',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-S1',
    resource: /Bucket$/,
    reason: 'See CT.S3.PR.2.',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-SF1',
    resource: /StateMachine$/,
    reason:
      'Every event is in the execution’s history, for 90 days; the log is for errors, and holds no execution data.',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-SQS3',
    resource: /^(Unrecovered|SyncFailures)Queue$/,
    reason: 'See CT.SQS.PR.1.',
  },
  {
    tool: 'practice',
    rule: 'Serverless-SQSRedrivePolicy',
    resource: /^(Unrecovered|SyncFailures)Queue$/,
    reason: 'See CT.SQS.PR.1.',
  },
  {
    tool: 'practice',
    rule: 'Serverless-SNSRedrivePolicy',
    resource: /^NotificationMail$/,
    reason: 'A mail that does not arrive is no loss: the run’s end is in the ledger and in its report.',
  },
  {
    tool: 'practice',
    rule: 'Serverless-LambdaDLQ',
    resource: /LambdaFunction$/,
    reason:
      'Functions are called by state machines, which see their errors. Events call recoverRun and a mapping calls syncProducts. Both have an on-failure destination, which the rule does not look at.',
  },
  {
    tool: 'practice',
    rule: 'Serverless-LambdaStarPermissions',
    resource: functionRoles,
    reason: 'Which wildcards there are, each with its reason, is listed below (AwsSolutions-IAM5).',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-IAM5',
    resource: /Boundary$/,
    detail: /^(Action|Resource)::\*$/,
    reason: 'See CT.IAM.PR.2.',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-IAM5',
    resource: functionRoles,
    detail: /^Resource::\*$/,
    reason:
      'X-Ray’s, the log delivery’s, lambda:GetAccountSettings’, lambda:ListEventSourceMappings’, dynamodb:ListBackups’ and dynamodb:ListBulkOperations’ actions know no resources, nor does lambda:CreateEventSourceMapping, which a condition limits to one function. A test sees that no other action stands beside `*`.',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-IAM5',
    resource: functionRoles,
    detail:
      /^Resource::arn:aws:logs:[a-z0-9-]+:\d+:log-group:\/aws\/lambda\/products-migration-[a-z]+-\w+:\*$/,
    reason: 'Streams of the function’s own log group; Lambda names them.',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-IAM5',
    resource: functionRoles,
    detail:
      /^Resource::arn:aws:s3:::products-migration-[a-z0-9-]+\/(AWSDynamoDB\/\*(\/migration-manifest\.json)?|verifications\/\*|runs\/\*\/(report\.(json|html)|quarantine\/\*|target\*\/\*\/(data\/\*|manifest\.json)|undo\/\*|bulk\/\*))$/,
    reason: 'Objects of backups and runs are named by run; never more than the prefix that a function needs.',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-IAM5',
    resource: functionRoles,
    detail: /^Resource::arn:aws:dynamodb:[a-z0-9-]+:\d+:table\/[A-Za-z0-9_.*-]+\/bulk-operation\/\*$/,
    reason: 'Operations of bulk put into the tables of a run; DynamoDB names them.',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-IAM5',
    resource: functionRoles,
    detail:
      /^Resource::arn:aws:states:[a-z0-9-]+:\d+:execution:products-migration-[a-z]+-(migrate|restore|rollback|sync):\*$/,
    reason: 'Executions of this stage’s machines are named when they are started.',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-IAM5',
    resource: functionRoles,
    detail: /^Resource::arn:aws:dynamodb:[a-z0-9-]+:\d+:table\/[\w.-]+-restored-\*$/,
    reason: 'A restored table carries the time of its restore in its name.',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-IAM5',
    resource: /^RollBackRole$/,
    detail: /^Resource::arn:aws:dynamodb:[a-z0-9-]+:\d+:table\/[\w.-]+(-restored-\*)?\/backup\/\*$/,
    reason: 'A backup of exactly that table; DynamoDB names it. It is looked at and nothing else.',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-IAM5',
    resource: /^SyncProductsRole$/,
    detail: /^Resource::arn:aws:dynamodb:[a-z0-9-]+:\d+:table\/[\w.-]+\/stream\/\*$/,
    reason: 'A stream of exactly the source; DynamoDB names it. It is read and nothing else.',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-IAM5',
    resource: /^(ControlSync|RecoverRun)Role$/,
    detail: /^Resource::arn:aws:lambda:[a-z0-9-]+:\d+:event-source-mapping:\*$/,
    reason: 'Lambda names a mapping. A condition limits the statement to mappings that call syncProducts.',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-IAM5',
    resource: /MachineRole$/,
    detail: /^Resource::arn:aws:lambda:[a-z0-9-]+:\d+:function:products-migration-[a-z]+-\w+:\*$/,
    reason: 'Versions of exactly that function: a running execution goes on with the version it began with.',
  },
  {
    tool: 'practice',
    rule: 'AwsSolutions-IAM5',
    resource: /^(Migrate|Restore|Sync)MachineRole$/,
    detail:
      /^Resource::arn:aws:states:[a-z0-9-]+:\d+:execution:products-migration-[a-z]+-(migrate|restore|sync)[:/]\*$/,
    reason: 'Iterations of a DISTRIBUTED Map are executions of its own machine, named by Step Functions.',
  },
];

/** Whether a finding is accepted by an entry. */
export function accepts(accepted: AcceptedFinding, finding: Finding): boolean {
  return (
    accepted.tool === finding.tool &&
    accepted.rule === finding.rule &&
    accepted.resource.test(finding.resource) &&
    (accepted.detail?.test(finding.detail) ?? true)
  );
}
