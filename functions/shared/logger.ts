import { Console } from 'node:console';
import { Logger } from '@aws-lambda-powertools/logger';

/**
 * Logs JSON lines: to standard output, from which Lambda takes them, and under `sls invoke local`, which sets `IS_LOCAL`,
 * to standard error. There standard output carries the function's result, for a script to read.
 */
export function createLogger(serviceName: string, environment: NodeJS.ProcessEnv = process.env): Logger {
  const logger = new Logger({ serviceName });
  // The library offers no other way to choose the stream.
  if (environment['IS_LOCAL'] === 'true') Reflect.set(logger, 'console', new Console(process.stderr));
  return logger;
}
