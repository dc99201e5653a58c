import { partitionOf } from './partition.ts';

/** One stage of the service, and where it lives. Its resources are named by these functions alone, and by the templates. */
export interface Deployment {
  readonly service: string;
  readonly stage: string;
  readonly region: string;
  /** Twelve digits. */
  readonly accountId: string;
}

export type MachineName = 'migrate' | 'restore' | 'rollback' | 'sync';

export function ledgerTableName({ service, stage }: Pick<Deployment, 'service' | 'stage'>): string {
  return `${service}-${stage}-ledger`;
}

/** Of the bucket with backups, target files and reports. */
export function bucketName({ service, stage, region, accountId }: Deployment): string {
  return `${service}-${stage}-${accountId}-${region}`;
}

/** @param key the key under `functions:` */
export function functionName({ service, stage }: Pick<Deployment, 'service' | 'stage'>, key: string): string {
  return `${service}-${stage}-${key}`;
}

export function machineArn(deployment: Deployment, machine: MachineName): string {
  const { service, stage } = deployment;
  return arn(deployment, 'states', `stateMachine:${service}-${stage}-${machine}`);
}

/** @param name the execution's, which is the id of the run that it begins */
export function executionArn(deployment: Deployment, machine: MachineName, name: string): string {
  return `${machineArn(deployment, machine).replace(':stateMachine:', ':execution:')}:${name}`;
}

export function executionNameOf(executionArn: string): string {
  return executionArn.slice(executionArn.lastIndexOf(':') + 1);
}

export function tableArn(place: Place, name: string): string {
  return arn(place, 'dynamodb', `table/${name}`);
}

/** @param streamArn of a table's stream: the table's ARN, and behind it `/stream/<label>` */
export function tableNameOfStream(streamArn: string): string {
  return streamArn.split('/')[1] ?? '';
}

export function topicArn(place: Place, name: string): string {
  return arn(place, 'sns', name);
}

export function queueArn(place: Place, name: string): string {
  return arn(place, 'sqs', name);
}

/** Of the queue that is told about change records which were never settled. */
export function syncFailuresQueueName({ service, stage }: Pick<Deployment, 'service' | 'stage'>): string {
  return `${service}-${stage}-sync-failures`;
}

type Place = Pick<Deployment, 'region' | 'accountId'>;

function arn({ region, accountId }: Place, service: string, resource: string): string {
  return `arn:${partitionOf(region).name}:${service}:${region}:${accountId}:${resource}`;
}
