/** Name of the service in serverless.yml. */
export const serviceName = 'products-migration';

/** Of the embedded AWS, where no other port was asked for. */
export const localEndpoint = 'http://127.0.0.1:4566';
