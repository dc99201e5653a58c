import { type AwsPlace, awsCommandsOf, type StagePlace } from '../shared/commands.ts';
import type { FoundPolicy } from '../shared/aws/change-policy.ts';
import { ITEM_WRITING_ACTIONS } from '../shared/aws/table-policy.ts';
import type { FreezeCommands, ReplicaCommands } from '../shared/runs/sync-report.ts';

/** What earlier versions have put, whatever their stage was called. */
const FORMER_SID = 'FrozenForTheCutOver';
/** Of the stage alone: another one may follow the same source. Letters and digits, and a stage has no capital. */
const sidOf = ({ stage }: FreezePlace): string => `${FORMER_SID}Of${stage.replaceAll('-', 'X')}`;

type FreezePlace = AwsPlace & Pick<StagePlace, 'stage'>;

/** The table to freeze. */
export interface FrozenTable {
  readonly tableArn: string;
  /** Its policy now. */
  readonly found: FoundPolicy;
  /** Other regions in which a global table has replicas. */
  readonly regions: readonly string[];
}

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
export function freezeCommands(
  place: FreezePlace,
  { tableArn, found, regions }: FrozenTable,
): Omit<FreezeCommands, 'cutOver'> {
  const { putPolicy, deletePolicy } = awsCommandsOf(place);
  const before = found.kind === 'policy' ? (JSON.parse(found.policy) as Partial<Policy>) : {};
  const own: readonly (string | undefined)[] = [sidOf(place), FORMER_SID];
  const others = [before.Statement ?? []]
    .flat()
    .filter((one) => !own.includes((one as { Sid?: string }).Sid));
  const unfrozen: Policy = { Version: before.Version ?? '2012-10-17', Statement: others };
  const policy = JSON.stringify({ ...unfrozen, Statement: [...others, frozen(place, tableArn)] });
  const freeze = putPolicy(tableArn, policy, found.kind === 'policy' ? found.revisionId : 'NO_POLICY');
  const undo = others.length === 0 ? deletePolicy(tableArn) : putPolicy(tableArn, JSON.stringify(unfrozen));
  const replicas = regions.map((region) => replicaCommands({ ...place, region }, tableArn));
  return { policy, freeze: freeze.line, undo: undo.line, ...(replicas.length > 0 && { replicas }) };
}

/** Nobody has looked at the policy of another region, so it must not have one. */
function replicaCommands(place: FreezePlace, tableArn: string): ReplicaCommands {
  const { putPolicy, deletePolicy } = awsCommandsOf(place);
  const arn = tableArn.split(':').with(3, place.region).join(':');
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: [frozen(place, arn)] });
  return {
    region: place.region,
    freeze: putPolicy(arn, policy, 'NO_POLICY').line,
    undo: deletePolicy(arn).line,
  };
}

function frozen(place: FreezePlace, tableArn: string): unknown {
  const [, partition = '', , , account = ''] = tableArn.split(':');
  return {
    Sid: sidOf(place),
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
