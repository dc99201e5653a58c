import type { Dispatcher } from '../gateway/dispatcher.ts';
import type { AwsResponse } from '../gateway/aws-request.ts';
import { invokeRequest } from '../lambda/invoke-request.ts';
import type { Json } from './prepare-machine.ts';
import { StateError } from './state-error.ts';
import { cut } from '../../../functions/shared/text.ts';

/** Parameters of `arn:aws:states:::lambda:invoke`. */
interface InvokeParameters {
  readonly FunctionName?: string;
  readonly Payload?: Json;
}

/** Causes are cut there by Step Functions. */
const MAX_CAUSE_CHARACTERS = 32_768;

/**
 * Does what `arn:aws:states:::lambda:invoke` does, through the dispatcher, so that log and faults see it.
 *
 * @throws StateError: the function's own error name with its error payload for a cause, or `Lambda.<exception>`
 */
export async function invokeFunction(dispatcher: Dispatcher, parameters: Json): Promise<Json> {
  const { FunctionName = '', Payload } = parameters as InvokeParameters;
  const outcome = await dispatcher.handle(
    invokeRequest({
      functionName: FunctionName,
      payload: Payload === undefined ? '' : JSON.stringify(Payload),
    }),
  );
  // The state's own time-out ends the wait for an answer that never comes.
  if (outcome.kind === 'hang') return new Promise(() => undefined);
  if (outcome.kind === 'reset')
    throw new StateError('Lambda.SdkClientException', 'Unable to execute HTTP request: Connection reset');
  return readAnswer(outcome.response);
}

function readAnswer(response: AwsResponse): Json {
  const payload = JSON.parse(response.body.toString()) as Json;
  if (response.status >= 400) {
    const message = (payload as { message?: string }).message ?? '';
    throw new StateError(`Lambda.${String(response.headers['x-amzn-errortype'])}`, message);
  }
  if (response.headers['x-amz-function-error'] === undefined) {
    return { ExecutedVersion: '$LATEST', Payload: payload, StatusCode: response.status };
  }
  const { errorType } = payload as { errorType: string };
  throw new StateError(errorType, cut(response.body.toString(), MAX_CAUSE_CHARACTERS));
}
