import * as names from '../../functions/shared/names.ts';
import { partitionOf } from '../../functions/shared/partition.ts';

/** Name of the service in serverless.yml; every resource's name begins with it. */
export const serviceName = 'products-migration';

/** The deployment's own region, when nothing else is said. */
export const defaultRegion = 'ap-southeast-2';

/** The stage of the embedded AWS. */
export const localStage = 'local';
export const localEndpoint = 'http://127.0.0.1:4566';

export type MachineName = names.MachineName;

/** Where one stage of the service lives. */
export type Deployment = Omit<names.Deployment, 'service'>;

const named = (deployment: Deployment): names.Deployment => ({ ...deployment, service: serviceName });

export const ledgerTableName = (deployment: Deployment): string => names.ledgerTableName(named(deployment));

export const bucketName = (deployment: Deployment): string => names.bucketName(named(deployment));

export const functionName = (deployment: Deployment, key: string): string =>
  names.functionName(named(deployment), key);

export const machineArn = (deployment: Deployment, machine: MachineName): string =>
  names.machineArn(named(deployment), machine);

export const executionArn = (deployment: Deployment, machine: MachineName, name: string): string =>
  `${machineArn(deployment, machine).replace(':stateMachine:', ':execution:')}:${name}`;

/** The execution's page in the AWS console. */
export const consoleLink = (region: string, arn: string): string =>
  `https://${region}.${partitionOf(region).consoleDomain}/states/home?region=${region}#/v2/executions/details/${arn}`;
