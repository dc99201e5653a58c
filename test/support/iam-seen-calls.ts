import { transactionActions } from './iam-calls.ts';
import { evaluate, type IamRequest, type PolicyDocument } from './iam-evaluator.ts';
import { Arns, creationContext, type DeployedNames, ownTags, permissionsByFunction } from './iam-proof.ts';
import { accountId, type Template } from '../workflow/template-variants.ts';

/** A request that an endpoint has logged, with what matters to IAM. */
export interface SeenCall {
  readonly service: string;
  readonly operation: string;
  readonly tables: readonly string[];
  readonly index: string | undefined;
  readonly parts: readonly { readonly kind: string; readonly table: string }[];
  readonly prefix: string | undefined;
  /** Whether a table is created with a resource policy. */
  readonly withPolicy: boolean;
  readonly ifNoneMatch: string | undefined;
  readonly key: string | undefined;
  /** Name or key of the function that sent it. Absent for every other client. */
  readonly functionName: string | undefined;
  /** Name of the function with whose role Lambda sent it, for an event source mapping. */
  readonly mappingOf?: string | undefined;
}

/** Operations that IAM knows under another name, or as several actions. */
const s3Actions: Readonly<Record<string, string>> = {
  PutObject: 's3:PutObject',
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  ListObjectsV2: 's3:ListBucket',
  HeadBucket: 's3:ListBucket',
};

const needsOwnTags = new Set([
  'CreateBackup',
  'DeleteResourcePolicy',
  'DeleteTable',
  'PutResourcePolicy',
  'TagResource',
  'UpdateContinuousBackups',
  'UpdateTable',
  'UpdateTimeToLive',
]);

/** IAM does not know transactions. It checks each of their parts. */
function transactionRequests({ parts }: SeenCall, arns: Arns): readonly IamRequest[] {
  return parts.map(({ kind, table }) => {
    const name = transactionActions[kind];
    if (name === undefined) throw new Error(`The IAM proof does not know ${kind} in a transaction.`);
    return { action: `dynamodb:${name}`, resource: arns.table(table) };
  });
}

function dynamoRequests(call: SeenCall, arns: Arns): readonly IamRequest[] {
  const { operation, tables, index } = call;
  if (operation === 'TransactWriteItems') return transactionRequests(call, arns);
  if (operation === 'ListBulkOperations') return [{ action: 'dynamodb:ListBulkOperations', resource: '*' }];
  // The key is the operation's ARN.
  if (operation === 'DescribeBulkOperation' || operation === 'CancelBulkOperation')
    return [{ action: `dynamodb:${operation}`, resource: call.key ?? '' }];
  const context = needsOwnTags.has(operation) ? ownTags(arns.names, 'ResourceTag') : {};
  return tables.flatMap((table) => {
    const resource = index === undefined ? arns.table(table) : `${arns.table(table)}/index/${index}`;
    if (operation === 'CreateTable')
      return [
        ...['CreateTable', 'TagResource'].map((name) => ({
          action: `dynamodb:${name}`,
          resource,
          context: creationContext(arns.names),
        })),
        // The table has no tag yet.
        ...(call.withPolicy ? [{ action: 'dynamodb:PutResourcePolicy', resource }] : []),
      ];
    if (operation === 'ListBackups') return [{ action: 'dynamodb:ListBackups', resource: '*' }];
    // DynamoDB writes the items with the caller's permission.
    if (operation === 'StartBulkPutItems')
      return ['StartBulkPutItems', 'PutItem'].map((name) => ({ action: `dynamodb:${name}`, resource }));
    if (operation === 'DescribeBackup')
      return [{ action: 'dynamodb:DescribeBackup', resource: `${resource}/backup/01` }];
    return [{ action: `dynamodb:${operation}`, resource, context }];
  });
}

/** A mapping that is being created has no ARN yet, and lists know no resources. `key` is its id, or the function's name. */
function lambdaRequest({ operation, key = '' }: SeenCall, arns: Arns): IamRequest {
  const action = `lambda:${operation}`;
  if (operation === 'GetAccountSettings' || operation === 'ListEventSourceMappings')
    return { action, resource: '*' };
  if (!/^(Create|Get|Delete)EventSourceMapping$/.test(operation))
    throw new Error(`The IAM proof does not know ${action}.`);
  // The shop of the tests has no other mapping than those that call syncProducts.
  const context = { 'lambda:FunctionArn': arns.function('syncProducts') };
  return { action, resource: operation.startsWith('Create') ? '*' : arns.mapping(key), context };
}

/** ARN of a queue that a request names by its ARN, its URL or its name. */
function queueOf(key: string, arns: Arns): string {
  return key.startsWith('arn:')
    ? key
    : `arn:aws:sqs:${arns.names.region}:${accountId}:${key.split('/').at(-1) ?? ''}`;
}

/** The context that S3 gives a bucket's policy for a request. */
function objectContext({ operation, ifNoneMatch }: SeenCall): Record<string, string> {
  const creation = { 's3:ObjectCreationOperation': 'true' };
  return {
    'aws:SecureTransport': 'true',
    ...(operation === 'PutObject' && creation),
    ...(ifNoneMatch !== undefined && { 's3:if-none-match': ifNoneMatch }),
  };
}

/** The resource policy that the template gives a resource. */
function resourcePolicyOf({ Resources }: Template, resource: string, arns: Arns): PolicyDocument | undefined {
  const isInBucket = resource === arns.bucket || resource.startsWith(`${arns.bucket}/`);
  const policy = isInBucket ? Resources['BackupBucketPolicy'] : undefined;
  return policy?.Properties['PolicyDocument'] as PolicyDocument | undefined;
}

/**
 * What IAM would check for a logged request. Empty if no permission is needed.
 *
 * @throws Error on an operation that is not known here.
 */
export function iamRequestsOf(call: SeenCall, arns: Arns): readonly IamRequest[] {
  const { service, operation, key, prefix } = call;
  switch (service) {
    case 'sts':
      return [];
    case 'dynamodb':
      return dynamoRequests(call, arns);
    // The key is the stream's ARN.
    case 'dynamodbstreams':
      return [{ action: `dynamodb:${operation}`, resource: key ?? '' }];
    case 'sqs':
      return [{ action: `sqs:${operation}`, resource: queueOf(key ?? '', arns) }];
    case 's3': {
      const action = s3Actions[operation];
      if (action === undefined) throw new Error(`The IAM proof does not know s3:${operation}.`);
      const resource =
        action === 's3:ListBucket' || key === undefined ? arns.bucket : `${arns.bucket}/${key}`;
      return [
        {
          action,
          resource,
          context: { ...objectContext(call), ...(prefix !== undefined && { 's3:prefix': prefix }) },
        },
      ];
    }
    case 'states':
      return [{ action: `states:${operation}`, resource: key ?? '' }];
    case 'lambda':
      return [lambdaRequest(call, arns)];
    case 'sns':
      return [
        {
          action: `sns:${operation}`,
          resource: `arn:aws:sns:${arns.names.region}:${accountId}:products-migration-${arns.names.stage}-notifications`,
        },
      ];
    default:
      throw new Error(`The IAM proof does not know the service ${service}.`);
  }
}

/** The function whose role a call is made with. A mapping calls its function by itself: that needs no permission. */
function roleOf({ functionName, mappingOf, service }: SeenCall): string | undefined {
  return functionName ?? (service === 'lambda' ? undefined : mappingOf);
}

/** Calls with the roles of functions that these do not allow, one line each. An empty list is the proof. */
export function deniedCalls(
  template: Template,
  names: DeployedNames,
  calls: readonly SeenCall[],
): readonly string[] {
  const permissions = permissionsByFunction(template, names.stage);
  const arns = new Arns(names);
  const denied = calls
    .filter((call) => roleOf(call) !== undefined)
    .flatMap((call) => {
      const functionKey = (roleOf(call) ?? '').replace(`products-migration-${names.stage}-`, '');
      const role = permissions.get(functionKey);
      if (role === undefined) return [`${functionKey} is not a function of the template`];
      return iamRequestsOf(call, arns)
        .map((request) => ({
          ...request,
          resourcePolicy: resourcePolicyOf(template, request.resource, arns),
        }))
        .filter((request) => evaluate(role, request) !== 'ALLOWED')
        .map(({ action, resource }) => `${functionKey} may not ${action} on ${resource}`);
    });
  return [...new Set(denied)].toSorted((one, other) => one.localeCompare(other));
}
