import type { FoundPolicy } from '../shared/aws/change-policy.ts';
import { ITEM_WRITING_ACTIONS } from '../shared/aws/table-policy.ts';
import type { FreezeCommands } from '../shared/runs/sync-report.ts';

const SID = 'FrozenForTheCutOver';

interface Policy {
  readonly Version: string;
  readonly Statement: readonly unknown[];
}

/**
 * How an operator freezes a table, and undoes it: a statement that denies writing items to everybody, beside what the
 * policy says already. DynamoDB's own replication is excepted: a global table whose replication is refused for 20 hours
 * leaves its replica group for good.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-considerations.html
 */
export function freezeCommands(tableArn: string, found: FoundPolicy): Omit<FreezeCommands, 'cutOver'> {
  const before = found.kind === 'policy' ? (JSON.parse(found.policy) as Partial<Policy>) : {};
  const others = [before.Statement ?? []].flat().filter((one) => (one as { Sid?: string }).Sid !== SID);
  const policy: Policy = {
    Version: before.Version ?? '2012-10-17',
    Statement: [...others, frozen(tableArn)],
  };
  const put = (text: string, revision: string): string =>
    `aws dynamodb put-resource-policy --resource-arn ${tableArn} --policy '${text.replaceAll("'", String.raw`'\''`)}'${revision}`;
  const text = JSON.stringify(policy);
  const revision =
    found.kind === 'policy'
      ? ` --expected-revision-id ${found.revisionId}`
      : ' --expected-revision-id NO_POLICY';
  const undo =
    others.length === 0
      ? `aws dynamodb delete-resource-policy --resource-arn ${tableArn}`
      : put(JSON.stringify({ ...policy, Statement: others }), '');
  return { policy: text, freeze: put(text, revision), undo };
}

function frozen(tableArn: string): unknown {
  const [, partition = '', , , account = ''] = tableArn.split(':');
  return {
    Sid: SID,
    Effect: 'Deny',
    Principal: '*',
    Action: ITEM_WRITING_ACTIONS,
    Resource: tableArn,
    Condition: {
      ArnNotLike: {
        'aws:PrincipalArn': `arn:${partition}:iam::${account}:role/aws-service-role/replication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBReplication`,
      },
    },
  };
}
