import { partitionOf } from '../../functions/shared/aws/partition.ts';

/** Name of the service in serverless.yml; every resource's name begins with it. */
export const serviceName = 'products-migration';

/** The deployment's own region, when nothing else is said. */
export const defaultRegion = 'ap-southeast-2';

/** The stage of the embedded AWS. */
export const localStage = 'local';
export const localEndpoint = 'http://127.0.0.1:4566';

export type MachineName = 'migrate' | 'restore' | 'rollback';

/** Where one stage of the service lives. */
export interface Deployment {
  readonly stage: string;
  readonly region: string;
  readonly accountId: string;
}

export const ledgerTableName = ({ stage }: Deployment): string => `${serviceName}-${stage}-ledger`;

export const bucketName = ({ stage, accountId, region }: Deployment): string =>
  `${serviceName}-${stage}-${accountId}-${region}`;

export const functionName = ({ stage }: Deployment, key: string): string => `${serviceName}-${stage}-${key}`;

export const machineArn = ({ stage, accountId, region }: Deployment, machine: MachineName): string =>
  `arn:${partitionOf(region).name}:states:${region}:${accountId}:stateMachine:${serviceName}-${stage}-${machine}`;

export const executionArn = (deployment: Deployment, machine: MachineName, name: string): string =>
  `${machineArn(deployment, machine).replace(':stateMachine:', ':execution:')}:${name}`;

/** The execution's page in the AWS console. */
export const consoleLink = (region: string, arn: string): string =>
  `https://${region}.${partitionOf(region).consoleDomain}/states/home?region=${region}#/v2/executions/details/${arn}`;
