import type {
  CreateEventSourceMappingCommandInput,
  DeleteEventSourceMappingCommandInput,
  EventSourceMappingConfiguration,
  GetEventSourceMappingCommandInput,
  ListEventSourceMappingsCommandInput,
} from '@aws-sdk/client-lambda';
import { awsError } from '../errors.ts';
import { type Aws, type Mapping, nextUuid } from '../state.ts';
import { operation, whole } from '../work.ts';

/** How long a mapping may be Creating or Deleting; the first is the ordinary way. */
const CREATING_MILLIS = [1_000, 20_000, 200_000] as const;
const DELETING_MILLIS = [1_000, 10_000, 60_000] as const;
/** A page of a list may end after 1 to this many mappings. */
const SHORT_PAGES = 2;

function refusal(name: string, message: string): Error {
  return awsError({ service: 'lambda', name, message });
}

const functionArnOf = ({ region, accountId }: Aws, name: string): string =>
  name.startsWith('arn:') ? name : `arn:aws:lambda:${region}:${accountId}:function:${name}`;

/** The mapping's state now; `undefined`: it is gone. */
export function mappingState(
  { now }: Pick<Aws, 'now'>,
  mapping: Mapping,
): 'Creating' | 'Enabled' | 'Deleting' | undefined {
  if (mapping.goneAt !== undefined) return now() < mapping.goneAt ? 'Deleting' : undefined;
  return now() < mapping.enabledAt ? 'Creating' : 'Enabled';
}

function presentMappings(aws: Aws): readonly Mapping[] {
  return [...aws.state.mappings.values()].filter((mapping) => mappingState(aws, mapping) !== undefined);
}

function findMapping(aws: Aws, id = ''): Mapping {
  const found = aws.state.mappings.get(id);
  if (found === undefined || mappingState(aws, found) === undefined)
    throw refusal('ResourceNotFoundException', 'The resource you requested does not exist.');
  return found;
}

function configurationOf(aws: Aws, mapping: Mapping): EventSourceMappingConfiguration {
  return {
    ...mapping.input,
    UUID: mapping.id,
    EventSourceArn: mapping.streamArn,
    FunctionArn: mapping.functionArn,
    State: mappingState(aws, mapping),
    LastProcessingResult: mapping.lastResult ?? 'No records processed',
    LastModified: new Date(mapping.goneAt ?? mapping.createdAt),
  };
}

function createMapping(aws: Aws, input: CreateEventSourceMappingCommandInput): unknown {
  const { EventSourceArn: streamArn = '', FunctionName = '', ...rest } = input;
  const functionArn = functionArnOf(aws, FunctionName);
  if (!aws.state.functions.has(functionArn.split(':').at(-1) ?? ''))
    throw refusal('ResourceNotFoundException', `Function not found: ${functionArn}`);
  if (!aws.state.streams.has(streamArn))
    throw refusal('InvalidParameterValueException', `Stream not found: ${streamArn}`);
  const same = presentMappings(aws).find(
    (one) => one.streamArn === streamArn && one.functionArn === functionArn,
  );
  if (same !== undefined)
    throw refusal(
      'ResourceConflictException',
      `The event source arn (" ${streamArn} ") and function (" ${FunctionName} ") provided mapping already exists. Please update or delete the existing mapping with UUID ${same.id}`,
    );
  const millis = CREATING_MILLIS[aws.choose(CREATING_MILLIS.length, 'how long a mapping is Creating')] ?? 0;
  const now = aws.now();
  const mapping: Mapping = {
    id: nextUuid(aws),
    streamArn,
    functionArn,
    input: rest,
    createdAt: now,
    enabledAt: now + millis,
  };
  aws.state.mappings.set(mapping.id, mapping);
  return configurationOf(aws, mapping);
}

function deleteMapping(aws: Aws, { UUID }: DeleteEventSourceMappingCommandInput): unknown {
  const mapping = findMapping(aws, UUID);
  if (mappingState(aws, mapping) !== 'Enabled')
    throw refusal('ResourceInUseException', 'Cannot delete the event source mapping because it is in use.');
  const millis = DELETING_MILLIS[aws.choose(DELETING_MILLIS.length, 'how long a mapping is Deleting')] ?? 0;
  mapping.goneAt = aws.now() + millis;
  return configurationOf(aws, mapping);
}

function listMappings(aws: Aws, input: ListEventSourceMappingsCommandInput): unknown {
  const { EventSourceArn, FunctionName, Marker } = input;
  const all = presentMappings(aws).filter(
    ({ streamArn, functionArn }) =>
      (EventSourceArn === undefined || streamArn === EventSourceArn) &&
      (FunctionName === undefined || functionArn === functionArnOf(aws, FunctionName)),
  );
  const left = all.slice(1 + all.findIndex(({ id }) => id === Marker));
  const short = aws.choose(SHORT_PAGES + 1, 'mappings after which a list ends');
  const page = short === 0 ? left : left.slice(0, short);
  return {
    EventSourceMappings: page.map((mapping) => configurationOf(aws, mapping)),
    ...(page.length < left.length && { NextMarker: page.at(-1)?.id }),
  };
}

/** Event source mappings, and the account's settings. */
export const LAMBDA_OPERATIONS = {
  CreateEventSourceMapping: operation(
    'EventSourceArn FunctionName StartingPosition BatchSize MaximumBatchingWindowInSeconds ParallelizationFactor BisectBatchOnFunctionError MaximumRetryAttempts FunctionResponseTypes DestinationConfig',
    (aws, _caller, input: CreateEventSourceMappingCommandInput) =>
      whole(`${input.EventSourceArn} ${input.FunctionName}`, () => createMapping(aws, input)),
  ),
  GetEventSourceMapping: operation('UUID', (aws, _caller, { UUID = '' }: GetEventSourceMappingCommandInput) =>
    whole(UUID, () => configurationOf(aws, findMapping(aws, UUID))),
  ),
  DeleteEventSourceMapping: operation('UUID', (aws, _caller, input: DeleteEventSourceMappingCommandInput) =>
    whole(input.UUID ?? '', () => deleteMapping(aws, input)),
  ),
  ListEventSourceMappings: operation(
    'EventSourceArn FunctionName Marker MaxItems',
    (aws, _caller, input: ListEventSourceMappingsCommandInput) =>
      whole(input.EventSourceArn ?? input.FunctionName ?? '', () => listMappings(aws, input)),
  ),
  GetAccountSettings: operation('', (aws) =>
    whole('account', () => ({
      AccountLimit: {
        ConcurrentExecutions: aws.state.concurrentExecutions,
        UnreservedConcurrentExecutions: aws.state.concurrentExecutions,
      },
    })),
  ),
};
