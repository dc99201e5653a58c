import type { AwsRequest } from '../gateway/aws-request.ts';

/** A call of a function that comes from inside. */
export interface InsideInvocation {
  /** Name or ARN, qualified or not. */
  readonly functionName: string;
  /** JSON; empty for none. */
  readonly payload: string;
  /** Whose event source mapping calls. */
  readonly mappingOf?: string;
}

/** The request that invokes a function and waits for it, as a client would send it. */
export function invokeRequest({ functionName, payload, mappingOf }: InsideInvocation): AwsRequest {
  return {
    method: 'POST',
    url: `/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`,
    headers: {},
    body: Buffer.from(payload),
    service: 'lambda',
    operation: 'Invoke',
    json: undefined,
    params: new URLSearchParams(),
    tables: [],
    bucket: undefined,
    key: functionName,
    accessKeyId: undefined,
    ...(mappingOf !== undefined && { mappingOf }),
  };
}
