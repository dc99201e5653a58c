import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { isThrottle, isTransient } from '../../../functions/shared/retry.ts';
import { sendWire, takeShortcut } from '../../../functions/shared/aws/wire-client.ts';

let server: Server;
let client: DynamoDBClient;
afterEach(async () => {
  client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
  /** Ends the connection after so many bytes. */
  readonly cutAfter?: number;
}

/** A DynamoDB that gives these answers in turn, the last one for ever, and remembers what it was asked. */
async function answering(...answers: readonly Answer[]) {
  return answeringWith(credentials, ...answers);
}

const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'secret', sessionToken: 'token' };

async function answeringWith(
  given: NonNullable<DynamoDBClientConfig['credentials']>,
  ...answers: readonly Answer[]
) {
  const asked: { headers: IncomingHttpHeaders; body: string }[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push({ headers: request.headers, body });
      const text = answer?.body ?? '';
      response.writeHead(answer?.status ?? 500, {
        'content-length': Buffer.byteLength(text),
        ...answer?.headers,
      });
      if (answer?.cutAfter === undefined) return response.end(text);
      return response.write(text.slice(0, answer.cutAfter), () => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = takeShortcut(
    new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-west-1',
      credentials: given,
      maxAttempts: 1,
    }),
  );
  return asked;
}

const fine: Answer = { status: 200, body: '{"Items":[]}' };
const scan = (body = '{"TableName":"t"}'): Promise<string> => sendWire(client, 'Scan', body);
const failure = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    return await work;
  } catch (error) {
    return error;
  }
};

describe("a client's requests past the SDK", () => {
  it('are what the SDK sends, from the second one on', async () => {
    const asked = await answering(fine);

    expect(await scan()).toBe(fine.body);
    expect(await scan()).toBe(fine.body);

    const [first, second] = asked;
    for (const name of [
      'host',
      'content-type',
      'x-amz-target',
      'x-amz-content-sha256',
      'x-amz-security-token',
    ])
      expect(second?.headers[name]).toBe(first?.headers[name]);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['authorization']).toContain('Credential=AKIA/');
    expect(first?.headers['amz-sdk-request']).toBeDefined();
    expect(second?.headers['amz-sdk-request']).toBeUndefined();
  });

  it('fail with the same names as through the SDK', async () => {
    const name = 'ProvisionedThroughputExceededException';
    const body = `{"__type":"com.amazonaws.dynamodb.v20120810#${name}","message":"slow down"}`;
    await answering({ status: 400, body });

    const [first, second] = [await failure(scan()), await failure(scan())];

    for (const error of [first, second]) {
      expect(error).toMatchObject({ name, message: 'slow down', wireBody: body });
      expect(error).toMatchObject({ $metadata: { httpStatusCode: 400 } });
      expect(isThrottle(error)).toBe(true);
    }
  });

  it.each([
    ['a failure without words', { status: 503, body: 'Bad Gateway' }],
    ['an answer that was changed', { ...fine, headers: { 'x-amz-crc32': String(crc32('other')) } }],
    ['an answer cut short', { ...fine, cutAfter: 3 }],
  ])('are worth another attempt after %s', async (_name, answer) => {
    await answering(fine, answer);
    await scan();

    expect(isTransient(await failure(scan()))).toBe(true);
  });

  it('keep every character', async () => {
    const asked = await answering(fine);
    const body = '{"S":"\u00fcber \u{1f6d2} \\u0000 \u2028"}';
    await scan(body);
    await scan(body);

    expect(asked[1]?.body).toBe(body);
  });

  it('are signed with fresh credentials once the earlier ones have expired', async () => {
    let given = 0;
    const provider = async () => {
      given += 1;
      // Within the five minutes in which the SDK asks for new ones.
      return { ...credentials, accessKeyId: `KEY${given}`, expiration: new Date(Date.now() + 1_000) };
    };
    const asked = await answeringWith(provider, fine);

    await scan();
    await scan();
    await scan();

    const keys = asked.map(({ headers }) => /Credential=(\w+)/.exec(headers['authorization'] ?? '')?.[1]);
    expect(new Set(keys).size).toBe(3);
  });

  it("go on by the service's clock where this machine's is an hour slow", async () => {
    const serverTime = new Date(Date.now() + 3_600_000);
    const refusal = {
      status: 400,
      body: '{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Signature expired"}',
      headers: { date: serverTime.toUTCString() },
    };
    const asked = await answering(fine, refusal, refusal, fine);
    await scan();

    const refused = await failure(scan());
    await scan();

    expect(refused).toMatchObject({ name: 'InvalidSignatureException' });
    expect(isTransient(refused)).toBe(true);
    expect(asked).toHaveLength(4);
    // `20260102T030405Z`
    const signedAt = String(asked.at(-1)?.headers['x-amz-date']).replace(
      /^(....)(..)(..T..)(..)(..Z)$/,
      '$1-$2-$3:$4:$5',
    );
    expect(Math.abs(Date.parse(signedAt) - serverTime.getTime())).toBeLessThan(60_000);
  });

  it('are refused for good when the signature is wrong and the clocks agree', async () => {
    const body =
      '{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"The signature does not match"}';
    const asked = await answering(fine, { status: 400, body, headers: { date: new Date().toUTCString() } });
    await scan();

    const refused = await failure(scan());

    expect(refused).toMatchObject({
      name: 'InvalidSignatureException',
      message: 'The signature does not match',
    });
    expect(isTransient(refused)).toBe(false);
    expect(asked).toHaveLength(3);
  });
});
