import type { FunctionSpec } from '../../deploy/read-deployment.ts';
import { AwsError } from '../../gateway/aws-answers.ts';
import type { AwsRequest, AwsResponse } from '../../gateway/aws-request.ts';
import { createMapping, type Mapping, type MappingSurroundings, type MappingTarget } from './mapping.ts';
import { DEFAULT_SETTINGS, invalidParameter, readBoolean, readSettings } from './mapping-settings.ts';

/** What the API of event source mappings works with. */
export interface MappingServiceParts {
  /** By UUID. */
  readonly mappings: Map<string, Mapping>;
  readonly surroundings: MappingSurroundings;
  /** The function of a name or ARN. @throws AwsError where there is none */
  readonly findFunction: (reference: string) => FunctionSpec;
  readonly targetOf: (spec: FunctionSpec, qualifier: string) => MappingTarget;
  readonly isQueue: (arn: string) => boolean;
}

const MAX_LISTED = 100;

/** The operations of Lambda's API on event source mappings. */
export const MAPPING_OPERATIONS = new Set([
  'CreateEventSourceMapping',
  'GetEventSourceMapping',
  'ListEventSourceMappings',
  'UpdateEventSourceMapping',
  'DeleteEventSourceMapping',
]);

/** Serves one of {@link MAPPING_OPERATIONS}. */
export async function serveMappings(parts: MappingServiceParts, request: AwsRequest): Promise<AwsResponse> {
  switch (request.operation) {
    case 'CreateEventSourceMapping':
      return answer(202, await create(parts, request.json ?? {}));
    case 'ListEventSourceMappings':
      return answer(200, list(parts, request.params));
    case 'UpdateEventSourceMapping':
      return answer(202, update(parts, findMapping(parts, request), request.json ?? {}));
    case 'DeleteEventSourceMapping': {
      const mapping = findMapping(parts, request);
      assertAtRest(mapping, 'delete');
      mapping.delete();
      return answer(202, mapping.describe());
    }
    default:
      return answer(200, findMapping(parts, request).describe());
  }
}

type Json = Readonly<Record<string, unknown>>;

async function create(parts: MappingServiceParts, json: Json): Promise<object> {
  const settings = readSettings(json, DEFAULT_SETTINGS, parts.isQueue);
  const isEnabled = readBoolean(json, 'Enabled') ?? true;
  const streamArn = readStreamArn(json['EventSourceArn']);
  const startingPosition = readStartingPosition(json['StartingPosition']);
  const target = readTarget(parts, json['FunctionName']);
  await assertStream(target, streamArn);
  assertUnmapped(parts, { streamArn, target });
  const { mappings, surroundings } = parts;
  const mapping = createMapping({
    ...target,
    streamArn,
    startingPosition,
    settings,
    isEnabled,
    surroundings,
    onGone: ({ uuid }) => void mappings.delete(uuid),
  });
  mappings.set(mapping.uuid, mapping);
  return mapping.describe();
}

function update(parts: MappingServiceParts, mapping: Mapping, json: Json): object {
  assertAtRest(mapping, 'update');
  const settings = readSettings(json, mapping.settings, parts.isQueue);
  const isEnabled = readBoolean(json, 'Enabled');
  const { FunctionName } = json;
  const target =
    FunctionName === undefined || FunctionName === null ? undefined : readTarget(parts, FunctionName);
  if (target !== undefined)
    assertUnmapped(parts, { streamArn: mapping.streamArn, target, uuid: mapping.uuid });
  mapping.update({ settings, isEnabled, target });
  return mapping.describe();
}

function list({ mappings, findFunction }: MappingServiceParts, params: URLSearchParams): object {
  const [source, reference] = [params.get('EventSourceArn'), params.get('FunctionName')];
  const arn = reference === null ? undefined : findFunction(reference).arn;
  const found = [...mappings.values()].filter(
    ({ streamArn, functionArn }) =>
      (source === null || streamArn === source) &&
      (arn === undefined || functionArn === arn || functionArn.startsWith(`${arn}:`)),
  );
  const start = found.findIndex(({ uuid }) => uuid === params.get('Marker')) + 1;
  const page = found.slice(start, start + Math.min(MAX_LISTED, Number(params.get('MaxItems') ?? MAX_LISTED)));
  return {
    EventSourceMappings: page.map((mapping) => mapping.describe()),
    ...(start + page.length < found.length && { NextMarker: page.at(-1)?.uuid }),
  };
}

/** @throws AwsError (404 ResourceNotFoundException) */
function findMapping({ mappings }: MappingServiceParts, { key = '' }: AwsRequest): Mapping {
  const found = mappings.get(key);
  if (found !== undefined) return found;
  throw new AwsError(404, 'ResourceNotFoundException', 'The resource you requested does not exist.');
}

/** @throws AwsError (ResourceInUseException) while it is on its way to another state */
function assertAtRest({ state }: Mapping, verb: 'update' | 'delete'): void {
  if (state === 'Enabled' || state === 'Disabled') return;
  const message = `Cannot ${verb} the event source mapping because it is in use.`;
  throw new AwsError(400, 'ResourceInUseException', message);
}

function readStreamArn(value: unknown): string {
  if (value === undefined || value === null) throw invalidParameter('Unrecognized event source.');
  if (/^arn:aws:dynamodb:[^:]+:\d{12}:table\/[^/]+\/stream\/.+$/.test(String(value))) return String(value);
  throw invalidParameter(
    `Unrecognized event source, must be the stream of a DynamoDB table here: ${String(value)}`,
  );
}

function readStartingPosition(value: unknown): 'TRIM_HORIZON' | 'LATEST' {
  if (value === 'TRIM_HORIZON' || value === 'LATEST') return value;
  if (value === undefined || value === null)
    throw invalidParameter(
      "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
    );
  throw invalidParameter(`Unsupported starting position for a DynamoDB stream: ${String(value)}`);
}

/** The function, and what stands behind its ARN in the request: a version or an alias, with its colon. */
function readTarget({ findFunction, targetOf }: MappingServiceParts, reference: unknown): MappingTarget {
  try {
    const spec = findFunction(String(reference));
    const rest = String(reference).replace(/^arn:aws:lambda:[^:]+:\d{12}:|^\d{12}:/, '');
    return targetOf(spec, rest.slice(rest.indexOf(spec.name) + spec.name.length));
  } catch (error) {
    if (error instanceof AwsError) throw invalidParameter('Function does not exist');
    throw error;
  }
}

/** Lambda tries the stream with the function's role before it creates anything. */
async function assertStream({ calls }: MappingTarget, streamArn: string): Promise<void> {
  try {
    await calls.describe(streamArn);
  } catch (error) {
    if (error instanceof AwsError && error.code === 'ResourceNotFoundException')
      throw invalidParameter(`Stream not found: ${streamArn}`);
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidParameter(
      `Cannot access stream ${streamArn}. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM. ${reason}`,
    );
  }
}

/** A stream and a function that a mapping is to connect. */
interface Connection {
  readonly streamArn: string;
  readonly target: MappingTarget;
  /** Of the mapping, where it is there already. */
  readonly uuid?: string;
}

/** @throws AwsError (409 ResourceConflictException) naming another mapping that connects the two already */
function assertUnmapped(
  { mappings }: MappingServiceParts,
  { streamArn, target: { functionArn }, uuid }: Connection,
): void {
  const found = [...mappings.values()].find(
    (one) => one.uuid !== uuid && one.streamArn === streamArn && one.functionArn === functionArn,
  );
  if (found === undefined) return;
  const name = functionArn.replace(/^.*:function:/, '');
  throw new AwsError(
    409,
    'ResourceConflictException',
    `The event source arn (" ${streamArn} ") and function (" ${name} ") provided mapping already exists. Please update or delete the existing mapping with UUID ${found.uuid}`,
  );
}

function answer(status: number, value: object): AwsResponse {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  };
}
