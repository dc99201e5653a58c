import { AwsError } from '../../../../workflow/local/gateway/aws-answers.ts';
import { readPolicy, type ResourcePolicy } from '../../../../workflow/local/dynamodb/policy-document.ts';
import { dynamoError, invalid } from '../errors.ts';
import type { Caller } from '../request.ts';
import { type Aws, changeLagging, nextId, shown } from '../state.ts';
import { operation, whole } from '../work.ts';
import { findTable, type Table, type TablePolicy } from './table-state.ts';

/** GetResourcePolicy may show the former policy this long. */
const SHOWN_LATE_MILLIS = 10_000;
/** A changed policy is enforced everywhere after at most this long: four minutes have been measured. */
const ENFORCED_LATE_MILLIS = 240_000;
/** A table whose policy was changed takes no other change this long. */
const BLOCKED_MILLIS = 15_000;
/** Given as expected revision: there must be no policy yet. */
const NO_POLICY = 'NO_POLICY';

/** One item action of a caller on a table, or on an index of it. */
export interface AskedAction {
  readonly caller: Caller;
  /** `PutItem` */
  readonly action: string;
  readonly index?: string | undefined;
}

/** @throws AccessDeniedException where the table's policy denies the action to the caller */
export function assertAllowed(aws: Aws, table: Table, { caller, action, index }: AskedAction): void {
  if (table.enforced.value === undefined && table.enforced.before === undefined) return;
  const found = shown(aws, table.enforced, `the policy of ${table.name} is not enforced yet`);
  const resource = index === undefined ? table.arn : `${table.arn}/index/${index}`;
  const arn = `arn:aws:iam::${aws.accountId}:role/${caller.name}`;
  const question = { action: `dynamodb:${action}`, resource, caller: { arn, tags: caller.tags } };
  if (found?.policy.denies(question) !== true) return;
  throw dynamoError(
    'AccessDeniedException',
    `User: ${arn} is not authorized to perform: dynamodb:${action} on resource: ${resource} with an explicit deny in a resource-based policy`,
  );
}

const policies = new Map<string, ResourcePolicy>();

/** A policy as it is attached. @throws ValidationException */
export function policyOf(aws: Aws, text: string, tableArn: string): TablePolicy {
  const known = policies.get(`${tableArn} ${text}`) ?? readOrRefuse(text, tableArn);
  policies.set(`${tableArn} ${text}`, known);
  return { policy: known, revisionId: String(aws.now() * 1_000 + (nextId(aws) % 1_000)) };
}

function readOrRefuse(text: string, tableArn: string): ResourcePolicy {
  try {
    return readPolicy(text, tableArn);
  } catch (error) {
    if (error instanceof AwsError) throw invalid(error.message);
    throw error;
  }
}

interface PolicyRequest {
  readonly ResourceArn?: string;
  readonly Policy?: string;
  readonly ExpectedRevisionId?: string;
}

function notFound(table: Table): Error {
  return dynamoError(
    'PolicyNotFoundException',
    `Resource-based policy not found for the provided ResourceArn: ${table.arn}`,
  );
}

function assertRevision(table: Table, expected: string | undefined): void {
  const existing = table.policy.value?.revisionId ?? NO_POLICY;
  if (expected !== undefined && expected !== existing) throw notFound(table);
}

function assertUnblocked(aws: Aws, table: Table): void {
  if (aws.now() >= table.policy.shownFrom + BLOCKED_MILLIS - SHOWN_LATE_MILLIS) return;
  if (aws.choose(2, `the policy of ${table.name} was changed a moment ago`) === 0) return;
  throw dynamoError(
    'ThrottlingException',
    `Resource-based policy for table ${table.name} modified within the previous ${BLOCKED_MILLIS} milliseconds.`,
  );
}

function attach(aws: Aws, table: Table, policy: TablePolicy | undefined): void {
  changeLagging(aws, table.policy, policy, SHOWN_LATE_MILLIS);
  changeLagging(aws, table.enforced, policy, ENFORCED_LATE_MILLIS);
}

/** PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy. */
export const POLICY_OPERATIONS = {
  PutResourcePolicy: operation(
    'ResourceArn Policy ExpectedRevisionId',
    (aws, _caller, input: PolicyRequest) =>
      whole(input.ResourceArn ?? '', () => {
        const table = findTable(aws, input.ResourceArn);
        const policy = policyOf(aws, input.Policy ?? '', table.arn);
        assertRevision(table, input.ExpectedRevisionId);
        if (table.policy.value?.policy.text === policy.policy.text)
          return { RevisionId: table.policy.value.revisionId };
        assertUnblocked(aws, table);
        attach(aws, table, policy);
        return { RevisionId: policy.revisionId };
      }),
  ),
  GetResourcePolicy: operation('ResourceArn', (aws, _caller, { ResourceArn }: PolicyRequest) =>
    whole(ResourceArn ?? '', () => {
      const table = findTable(aws, ResourceArn);
      const found = shown(aws, table.policy, `the policy of ${table.name} shows late`);
      if (found === undefined) throw notFound(table);
      return { Policy: found.policy.text, RevisionId: found.revisionId };
    }),
  ),
  DeleteResourcePolicy: operation('ResourceArn ExpectedRevisionId', (aws, _caller, input: PolicyRequest) =>
    whole(input.ResourceArn ?? '', () => {
      const table = findTable(aws, input.ResourceArn);
      assertRevision(table, input.ExpectedRevisionId);
      const existing = table.policy.value;
      if (existing === undefined) return {};
      assertUnblocked(aws, table);
      attach(aws, table, undefined);
      return { RevisionId: existing.revisionId };
    }),
  ),
};
