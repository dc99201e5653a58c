import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { functionName } from '../../functions/shared/names.ts';
import type { OperatorContext } from './context.ts';

/** The environment variables of a deployed function: what the deployment has decided. `undefined` where it has none. */
export async function deployedVariables(
  context: Pick<OperatorContext, 'lambda' | 'service' | 'stage'>,
): Promise<Readonly<Record<string, string>> | undefined> {
  const FunctionName = functionName(context, 'testConnection');
  const { Environment } = await context.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  return Environment?.Variables;
}
