import { AwsError } from '../../gateway/aws-answers.ts';
import type { AwsRequest, AwsResponse, Service } from '../../gateway/aws-request.ts';
import type { EngineLog } from './engine-log.ts';
import { enabledStream, readViewType, type TableStreams } from './table-streams.ts';

/** What requests about tables need of the streams. */
export interface AroundTablesParts {
  readonly streams: TableStreams;
  readonly log: EngineLog;
}

/** What a table's creation or change says of its stream. */
interface StreamSpecification {
  readonly StreamEnabled?: boolean;
  readonly StreamViewType?: unknown;
}

/** The engine records whatever a stream may show. */
const ENGINE_STREAM = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' };

/**
 * Stands before the engine for requests about tables: enables and disables streams as AWS does, and has the streams that
 * the endpoint knows in every description of a table.
 *
 * @throws AwsError (ValidationException) where a stream is enabled twice, or disabled without being enabled
 */
export async function serveAroundTables(
  parts: AroundTablesParts,
  request: AwsRequest,
  carryOut: Service,
): Promise<AwsResponse> {
  switch (request.operation) {
    case 'CreateTable':
      return describedByUs(parts, await create(parts, request, carryOut));
    case 'UpdateTable':
      return describedByUs(parts, await update(parts, request, carryOut));
    case 'DescribeTable':
    case 'DeleteTable':
      return describedByUs(parts, await carryOut(request));
    default:
      return carryOut(request);
  }
}

async function create(
  { streams }: AroundTablesParts,
  request: AwsRequest,
  carryOut: Service,
): Promise<AwsResponse> {
  const specification = specificationOf(request);
  if (specification?.StreamEnabled !== true) return carryOut(request);
  const viewType = readViewType(specification.StreamViewType);
  const response = await carryOut(withJson(request, { ...request.json, StreamSpecification: ENGINE_STREAM }));
  if (response.status < 400) await streams.enable(tableOf(request), viewType, 0n);
  return response;
}

async function update(
  { streams, log }: AroundTablesParts,
  request: AwsRequest,
  carryOut: Service,
): Promise<AwsResponse> {
  const specification = specificationOf(request);
  const table = tableOf(request);
  const streamed = specification === undefined ? undefined : await streams.read(table);
  if (specification === undefined || streamed === undefined) return carryOut(request);
  const { StreamSpecification: _ours, ...others } = request.json ?? {};
  const { engineArn } = streamed;
  if (specification.StreamEnabled !== true) {
    assertEnabled(enabledStream(streamed) !== undefined, table);
    const response = await carryOutOthers(request, others, carryOut);
    if (response.status < 400) await streams.disable(table);
    return response;
  }
  assertNotEnabled(enabledStream(streamed) !== undefined, table);
  const viewType = readViewType(specification.StreamViewType);
  const after = engineArn === undefined ? 0n : await log.end(engineArn);
  const response =
    engineArn === undefined
      ? await carryOut(withJson(request, { ...others, StreamSpecification: ENGINE_STREAM }))
      : await carryOutOthers(request, others, carryOut);
  if (response.status < 400) await streams.enable(table, viewType, after);
  return response;
}

function assertEnabled(isEnabled: boolean, table: string): void {
  if (!isEnabled) throw validation(`Table has no stream to disable: TableName: ${table}`);
}

function assertNotEnabled(isEnabled: boolean, table: string): void {
  if (isEnabled) throw validation(`Table already has an enabled stream: TableName: ${table}`);
}

/** The engine changes whatever else is asked for; it refuses a change of nothing. */
async function carryOutOthers(
  request: AwsRequest,
  others: Record<string, unknown>,
  carryOut: Service,
): Promise<AwsResponse> {
  if (Object.keys(others).some((name) => name !== 'TableName')) return carryOut(withJson(request, others));
  const headers = { ...request.headers, 'x-amz-target': 'DynamoDB_20120810.DescribeTable' };
  const response = await carryOut({ ...withJson(request, others), operation: 'DescribeTable', headers });
  if (response.status >= 400) return response;
  const { Table } = JSON.parse(response.body.toString()) as Answer;
  return withBody(response, { TableDescription: Table });
}

interface Answer {
  readonly Table?: Description;
  readonly TableDescription?: Description;
}

interface Description {
  readonly TableName?: string;
}

/** Only what the engine says of streams is replaced. */
async function describedByUs({ streams }: AroundTablesParts, response: AwsResponse): Promise<AwsResponse> {
  if (response.status >= 400 || !response.body.includes('Stream')) return response;
  const answer = JSON.parse(response.body.toString()) as Answer;
  const described = await Promise.all(
    Object.entries(answer).map(async ([name, description]: [string, Description]) => {
      const {
        StreamSpecification: _,
        LatestStreamArn: _arn,
        LatestStreamLabel: _label,
        ...rest
      } = description as Record<string, unknown>;
      return [name, { ...rest, ...(await streamMembers(streams, description.TableName)) }] as const;
    }),
  );
  return withBody(response, Object.fromEntries(described));
}

async function streamMembers(streams: TableStreams, table = ''): Promise<object> {
  const streamed = await streams.read(table);
  const latest = streamed?.streams.at(-1);
  if (latest === undefined) return {};
  const { arn, label, viewType, until } = latest;
  return {
    ...(until === undefined && {
      StreamSpecification: { StreamEnabled: true, StreamViewType: viewType },
    }),
    LatestStreamArn: arn,
    LatestStreamLabel: label,
  };
}

function specificationOf({ json }: AwsRequest): StreamSpecification | undefined {
  return json?.['StreamSpecification'] as StreamSpecification | undefined;
}

const tableOf = ({ tables }: AwsRequest): string => tables[0] ?? '';

function withJson(request: AwsRequest, json: Record<string, unknown>): AwsRequest {
  return { ...request, json, body: Buffer.from(JSON.stringify(json)) };
}

/** `x-amz-crc32` was computed over the engine's own body. */
function withBody(response: AwsResponse, json: object): AwsResponse {
  const { 'x-amz-crc32': _, ...headers } = response.headers;
  return { ...response, headers, body: Buffer.from(JSON.stringify(json)) };
}

function validation(message: string): AwsError {
  return new AwsError(400, 'ValidationException', message);
}
