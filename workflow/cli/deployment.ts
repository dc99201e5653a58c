/** Name of the service in serverless.yml. */
export const serviceName = 'products-migration';

/** The deployment's own region, when nothing else is said. */
export const defaultRegion = 'ap-southeast-2';

/** The stage of the embedded AWS. */
export const localStage = 'local';
export const localEndpoint = 'http://127.0.0.1:4566';
