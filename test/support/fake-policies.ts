import {
  CreateBackupCommand,
  DeleteResourcePolicyCommand,
  DescribeBackupCommand,
  DescribeContinuousBackupsCommand,
  type DynamoDBClient,
  GetResourcePolicyCommand,
  ListBackupsCommand,
  PutResourcePolicyCommand,
} from '@aws-sdk/client-dynamodb';
import type { Runtime } from '../../functions/shared/runtime.ts';
import type { LedgerWorld } from './ledger-world.ts';

/** An error as the SDK throws it. */
export function awsError(name: string): Error {
  return Object.assign(new Error(name), { name });
}

interface Backup {
  readonly BackupArn: string;
  readonly BackupName: string | undefined;
  readonly TableName: string | undefined;
  readonly TableId: string | undefined;
  BackupStatus: 'CREATING' | 'AVAILABLE';
}

/** Fakes in front of the real engine what it lacks and AWS has: resource policies, backups, point-in-time recovery. */
export interface FakePolicies {
  readonly runtime: Runtime;
  /** Policies by the table's ARN. */
  readonly policies: Map<string, string>;
  readonly backups: Backup[];
  /** Tables with point-in-time recovery. */
  readonly recoverable: Set<string>;
  /** Names of the commands that the fake answered. */
  readonly sent: string[];
  /** Fails the next commands of this name, one for each error. `after` fails them after they were carried out. */
  fail(command: string, errors: readonly Error[], when?: 'before' | 'after'): void;
}

/** @param commandMillis how long every command takes, so that waiting code comes to an end */
export function fakePolicies(
  { observer, clock }: LedgerWorld,
  { tableId = () => 'id', commandMillis = 5_000 }: { tableId?: () => string; commandMillis?: number } = {},
): FakePolicies {
  const policies = new Map<string, string>();
  const backups: Backup[] = [];
  const recoverable = new Set<string>();
  const sent: string[] = [];
  const failures: { command: string; error: Error; when: 'before' | 'after' }[] = [];
  const revisions = new Map<string, number>();
  const revisionOf = (arn: string): string =>
    policies.has(arn) ? `revision-${revisions.get(arn) ?? 0}` : 'NO_POLICY';

  function answer(command: unknown): object | undefined {
    if (command instanceof GetResourcePolicyCommand) {
      const arn = command.input.ResourceArn ?? '';
      const Policy = policies.get(arn);
      if (Policy === undefined) throw awsError('PolicyNotFoundException');
      return { Policy, RevisionId: revisionOf(arn) };
    }
    if (command instanceof PutResourcePolicyCommand || command instanceof DeleteResourcePolicyCommand) {
      const { ResourceArn: arn = '', ExpectedRevisionId } = command.input;
      if (ExpectedRevisionId !== undefined && ExpectedRevisionId !== revisionOf(arn))
        throw awsError('PolicyNotFoundException');
      revisions.set(arn, (revisions.get(arn) ?? 0) + 1);
      if (command instanceof PutResourcePolicyCommand) policies.set(arn, command.input.Policy ?? '');
      else policies.delete(arn);
      return {};
    }
    if (command instanceof DescribeContinuousBackupsCommand) {
      const isOn = recoverable.has(command.input.TableName ?? '');
      const PointInTimeRecoveryStatus = isOn ? 'ENABLED' : 'DISABLED';
      return {
        ContinuousBackupsDescription: { PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus } },
      };
    }
    if (command instanceof CreateBackupCommand) {
      const { TableName, BackupName } = command.input;
      const BackupArn = `arn:backup/${backups.length + 1}`;
      const backup: Backup = {
        BackupArn,
        BackupName,
        TableName,
        TableId: tableId(),
        BackupStatus: 'CREATING',
      };
      backups.push(backup);
      return { BackupDetails: { BackupArn, BackupStatus: 'CREATING' } };
    }
    if (command instanceof ListBackupsCommand)
      return { BackupSummaries: backups.filter(({ TableName }) => TableName === command.input.TableName) };
    if (command instanceof DescribeBackupCommand) {
      const found = backups.find(({ BackupArn }) => BackupArn === command.input.BackupArn);
      if (found === undefined) throw awsError('BackupNotFoundException');
      return { BackupDescription: { BackupDetails: found } };
    }
    return undefined;
  }

  const send = (client: DynamoDBClient) => async (command: { constructor: { name: string } }) => {
    const name = command.constructor.name.replace(/Command$/, '');
    const take = (when: 'before' | 'after'): void => {
      const index = failures.findIndex((one) => one.command === name && one.when === when);
      const failure = failures[index];
      if (failure === undefined) return;
      failures.splice(index, 1);
      throw failure.error;
    };
    clock.advance(commandMillis);
    take('before');
    const answered = answer(command);
    if (answered === undefined) return client.send(command as never);
    sent.push(name);
    take('after');
    return answered;
  };
  const wrapped = (client: DynamoDBClient): DynamoDBClient =>
    Object.assign(Object.create(client) as DynamoDBClient, { send: send(client) });
  const { clients } = observer;
  return {
    runtime: {
      ...observer,
      clients: { ...clients, dynamo: wrapped(clients.dynamo), tables: wrapped(clients.tables) },
    },
    policies,
    backups,
    recoverable,
    sent,
    fail: (command, errors, when = 'before') =>
      void failures.push(...errors.map((error) => ({ command, error, when }))),
  };
}
