import type { AwsRequest, AwsResponse, Service } from '../gateway/aws-request.ts';

type Writes = Record<string, unknown[]>;

/** How much of a batch comes back. */
export interface UnprocessedShare {
  /** 0 to 1. */
  readonly share: number;
  readonly random: () => number;
}

/**
 * Answers a BatchWriteItem as DynamoDB does under load: some of the writes are applied, the others come back as
 * `UnprocessedItems`. Other requests are served whole.
 */
export async function serveWithUnprocessed(
  service: Service,
  request: AwsRequest,
  { share, random }: UnprocessedShare,
): Promise<AwsResponse> {
  if (request.operation !== 'BatchWriteItem' || request.json === undefined) return service(request);
  const { kept, handedBack } = divide(request.json['RequestItems'] as Writes, () => random() < share);
  const rest = { ...request.json, RequestItems: kept };
  const response = Object.keys(kept).length === 0 ? emptyAnswer() : await service(withBody(request, rest));
  if (response.status >= 400) return response;
  const answer = JSON.parse(response.body.toString()) as Record<string, unknown>;
  return withoutChecksum(response, { ...answer, UnprocessedItems: handedBack });
}

function divide(writes: Writes, isHandedBack: () => boolean): { kept: Writes; handedBack: Writes } {
  const [kept, handedBack]: [Writes, Writes] = [{}, {}];
  for (const [table, requests] of Object.entries(writes)) {
    for (const write of requests) {
      const side = isHandedBack() ? handedBack : kept;
      (side[table] ??= []).push(write);
    }
  }
  return { kept, handedBack };
}

function withBody(request: AwsRequest, json: Record<string, unknown>): AwsRequest {
  return { ...request, json, body: Buffer.from(JSON.stringify(json)) };
}

function emptyAnswer(): AwsResponse {
  return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: Buffer.from('{}') };
}

/** `x-amz-crc32` was computed over the engine's own body. */
function withoutChecksum(response: AwsResponse, json: unknown): AwsResponse {
  const headers = { ...response.headers };
  delete headers['x-amz-crc32'];
  return { ...response, headers, body: Buffer.from(JSON.stringify(json)) };
}
