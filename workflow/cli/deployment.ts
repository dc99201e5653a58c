import { partitionOf } from '../../functions/shared/partition.ts';

/** Name of the service in serverless.yml. */
export const serviceName = 'products-migration';

/** The deployment's own region, when nothing else is said. */
export const defaultRegion = 'ap-southeast-2';

/** The stage of the embedded AWS. */
export const localStage = 'local';
export const localEndpoint = 'http://127.0.0.1:4566';

/** The execution's page in the AWS console. */
export const consoleLink = (region: string, arn: string): string =>
  `https://${region}.${partitionOf(region).consoleDomain}/states/home?region=${region}#/v2/executions/details/${arn}`;
