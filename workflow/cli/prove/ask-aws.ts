import { type SFNClient, TestStateCommand, type TestStateCommandInput } from '@aws-sdk/client-sfn';
import { partitionOf } from '../../../functions/shared/partition.ts';
import type { Json } from '../../local/states/prepare-machine.ts';
import { type Edge, type Outcome, provenExecution, provenMachine } from './edge.ts';
import { innerMachines } from './edges.ts';

/**
 * What AWS's own interpreter does with an edge: one TestState request, with the state's work mocked. Nothing is deployed,
 * and nothing is called.
 *
 * @throws the SDK's errors
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
 */
export async function askAws(client: SFNClient, edge: Edge, region: string): Promise<Outcome> {
  const answer = await client.send(new TestStateCommand(requestFor(edge, region)));
  const { status = 'FAILED', nextState, output, error, inspectionData } = answer;
  if (status === 'RETRIABLE') {
    const retryIndex = inspectionData?.errorDetails?.retryIndex;
    return { status, ...(retryIndex !== undefined && { retryIndex }) };
  }
  if (status === 'FAILED') return { status, ...(error !== undefined && { error }) };
  const data = JSON.parse(output ?? 'null') as Json;
  return { status, output: data, ...(nextState !== undefined && { next: nextState }) };
}

function requestFor(edge: Edge, region: string): TestStateCommandInput {
  const { mock, definition, input } = edge;
  const text = inPartitionOf(region, definition);
  const request = { definition: text, input: JSON.stringify(input), inspectionLevel: 'DEBUG' } as const;
  if (mock === undefined) return request;
  // A context may only come with a mock, and is only needed where the state looks at it.
  const context = text.includes('$$.Execution') ? { context: inPartitionOf(region, contextOf(edge)) } : {};
  return { ...request, ...context, mock: mockOf(mock), ...configurationOf(edge) };
}

/** As JSON, with the ARNs of the embedded AWS turned into the region's. */
function inPartitionOf(region: string, value: object): string {
  return JSON.stringify(value).replaceAll('arn:aws:', `arn:${partitionOf(region).name}:`);
}

/** lambda:invoke's Payload would be checked as the text that the API has; the machine gets it parsed. */
function mockOf(mock: NonNullable<Edge['mock']>): TestStateCommandInput['mock'] {
  if ('result' in mock) return { result: JSON.stringify(mock.result), fieldValidationMode: 'NONE' };
  const { error, cause } = mock;
  return { errorOutput: { error, ...(cause !== undefined && { cause }) }, fieldValidationMode: 'NONE' };
}

/** Retries that there were, and where an error inside a Map or a Parallel comes from. */
function configurationOf({ definition, mock, retryCount }: Edge): Partial<TestStateCommandInput> {
  if (mock === undefined || 'result' in mock) return {};
  const [inner] = innerMachines(definition);
  const stateConfiguration = {
    ...(retryCount !== undefined && { retrierRetryCount: retryCount }),
    ...(inner !== undefined && { errorCausedByState: inner.StartAt }),
    ...(definition.Type === 'Map' && { mapIterationFailureCount: 1 }),
  };
  return Object.keys(stateConfiguration).length === 0 ? {} : { stateConfiguration };
}

function contextOf({ state }: Edge): object {
  const EnteredTime = provenExecution.StartTime;
  return { Execution: provenExecution, StateMachine: provenMachine, State: { Name: state, EnteredTime } };
}
