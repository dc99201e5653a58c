import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { interpret, type Verdict } from './interpreter.ts';
import { readRequest, type TestStateRequest, ValidationException } from './rules.ts';

/** A fake Step Functions with one operation, TestState, which is as strict as AWS. */
export interface FakeTestState {
  readonly url: string;
  /** Every request that was answered. */
  readonly requests: readonly TestStateRequest[];
  /** How many requests it has throttled. */
  readonly throttled: number;
  stop(): Promise<void>;
}

/** How the fake behaves. */
export interface FakeOptions {
  /** Refuses every nth request once. A retry gets its answer. */
  readonly throttleEach?: number;
  /** The credentials may not call TestState. */
  readonly isForbidden?: boolean;
  /** Changes the answer, as if AWS understood the language differently. */
  readonly alter?: (verdict: Verdict, request: TestStateRequest) => Verdict;
}

interface Refusal {
  readonly __type: string;
  readonly message: string;
}

/** Listens on a free port of loopback. */
export async function startFakeTestState(options: FakeOptions = {}): Promise<FakeTestState> {
  const requests: TestStateRequest[] = [];
  const counts = { asked: 0, throttled: 0 };
  const {
    throttleEach = Number.POSITIVE_INFINITY,
    isForbidden = false,
    alter = (verdict) => verdict,
  } = options;

  function answer(target: string, request: TestStateRequest): Verdict | Refusal {
    counts.asked += 1;
    if (target !== 'AWSStepFunctions.TestState')
      return { __type: 'UnknownOperationException', message: `No such call: ${target}` };
    if (isForbidden)
      return {
        __type: 'AccessDeniedException',
        message: 'User is not authorized to perform: states:TestState on resource: *',
      };
    if (counts.asked % throttleEach === 0) {
      counts.throttled += 1;
      return { __type: 'ThrottlingException', message: 'Rate exceeded' };
    }
    const trial = readRequest(request);
    requests.push(request);
    return alter(interpret(trial), request);
  }

  const server = createServer((request, response) => {
    void serve(request, response, answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get throttled() {
      return counts.throttled;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (target: string, request: TestStateRequest) => Verdict | Refusal,
): Promise<void> {
  const reply = (body: object, status: number) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(body));
  };
  try {
    const body = JSON.parse(await text(request)) as TestStateRequest;
    const answered = answer(String(request.headers['x-amz-target']), body);
    reply(answered, '__type' in answered ? 400 : 200);
  } catch (thrown) {
    if (thrown instanceof ValidationException) reply({ __type: thrown.name, message: thrown.message }, 400);
    else reply({ __type: 'InternalFailure', message: String(thrown) }, 500);
  }
}
