import { migration } from '#migration/index.ts';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { isNamed } from '../../functions/shared/errors.ts';
import { functionName } from '../../functions/shared/names.ts';
import type { OperatorContext } from './context.ts';

type DeployedScope = Pick<OperatorContext, 'lambda' | 'service' | 'stage'>;

/** The environment variables of a deployed function: what the deployment has decided. `undefined` where it has none. */
export async function deployedVariables(
  context: DeployedScope,
): Promise<Readonly<Record<string, string>> | undefined> {
  const FunctionName = functionName(context, 'testConnection');
  const { Environment } = await context.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  return Environment?.Variables;
}

/**
 * The table that a stage reads. Backups and executions outlive the functions, and not everybody who may read those may
 * ask Lambda: then it is the one that the migration names.
 */
export async function deployedSource(scope: DeployedScope): Promise<string> {
  try {
    const { SOURCE_TABLE } = (await deployedVariables(scope)) ?? {};
    return SOURCE_TABLE ?? migration.source.name;
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException', 'AccessDeniedException')) return migration.source.name;
    throw error;
  }
}
