import type * as z from 'zod';
import { ExecutionNameError, InvalidInputError } from './errors.ts';
import { presentable } from './presentable.ts';
import { getRuntime, type Runtime, type Turn } from './runtime.ts';
import { cut } from './text.ts';

/** The part of Lambda's context that is used. */
export interface LambdaContext {
  readonly functionName?: string;
  readonly awsRequestId?: string;
  /** Absent under `sls invoke local`. */
  readonly invokedFunctionArn?: string;
  getRemainingTimeInMillis?(): number;
}

/** One function: what it does inside a workflow and, if possible, when it is called alone. */
export interface Stage<Input> {
  readonly input: z.ZodType<Input>;
  /** Longest payload in characters; default: what Step Functions carries. */
  readonly maxCharacters?: number;
  readonly run: (runtime: Runtime, input: Input, turn: Turn) => Promise<unknown>;
  /** Does the whole step, for a call without payload. */
  readonly alone?: (runtime: Runtime, turn: Turn) => Promise<unknown>;
}

/** The largest payload that Step Functions carries from state to state. */
const MAX_PAYLOAD_CHARACTERS = 262_144;

const DEFAULT_REMAINING_MILLIS = 890_000;

/** What Lambda calls. */
export interface Handler {
  (event: unknown, context?: LambdaContext): Promise<unknown>;
  /** The same with a given runtime, not this sandbox's. */
  with(runtime: Runtime): (event: unknown, context?: LambdaContext) => Promise<unknown>;
}

/** Parse, call, return. What is thrown has at most 1 KiB of message and no stack. */
export function lambdaHandler<Input>(stage: Stage<Input>): Handler {
  const handle = async (
    open: (context: LambdaContext) => Promise<Runtime> | Runtime,
    event: unknown,
    context: LambdaContext = {},
  ): Promise<unknown> => {
    let endpointUrl: string | undefined;
    try {
      const runtime = await open(context);
      ({ endpointUrl } = runtime.config);
      runtime.logger.addContext(context as Parameters<Runtime['logger']['addContext']>[0]);
      return await runStage(runtime, stage, event, turnOf(runtime, context));
    } catch (error) {
      throw presentable(error, { isAlone: isEmpty(event), endpointUrl });
    }
  };
  const handler = (event: unknown, context?: LambdaContext): Promise<unknown> =>
    handle(({ invokedFunctionArn }) => getRuntime(invokedFunctionArn), event, context);
  return Object.assign(handler, {
    with: (runtime: Runtime) => (event: unknown, context?: LambdaContext) =>
      handle(() => runtime, event, context),
  });
}

async function runStage<Input>(
  runtime: Runtime,
  stage: Stage<Input>,
  event: unknown,
  turn: Turn,
): Promise<unknown> {
  if (isEmpty(event) && stage.alone !== undefined) return stage.alone(runtime, turn);
  const parsed = isReadable(event, stage.maxCharacters) ? stage.input.safeParse(event) : undefined;
  if (parsed?.success !== true) {
    refuseName(parsed?.error.issues ?? []);
    const problems = parsed === undefined ? 'too long, or nested too deeply' : problemsOf(parsed.error);
    throw new InvalidInputError(
      `This function's payload is not what the workflow sends (${problems}). ${stage.alone === undefined ? 'It is part of the workflow and cannot be called alone. Start the state machine instead.' : 'Call it without a payload to do the whole step.'}`,
    );
  }
  return stage.run(runtime, parsed.data, turn);
}

/** What was typed may be right: the name of the execution stands beside it. */
function refuseName(issues: readonly z.core.$ZodIssue[]): void {
  const name = issues.find(({ path }) => path.slice(-2).join('.') === 'execution.name');
  if (name === undefined) return;
  throw new ExecutionNameError(
    `The name of the execution ${name.message}. Nothing was changed. Start the state machine again under another name.`,
  );
}

/** What `sls invoke -f` sends without `-d`, and what people type for "nothing". */
function isEmpty(event: unknown): boolean {
  if (event === undefined || event === null || event === '') return true;
  return typeof event === 'object' && !Array.isArray(event) && Object.keys(event).length === 0;
}

/** Whether a payload can be read at all. It must not be too long, or nested too deeply to be serialised again. */
function isReadable(event: unknown, maxCharacters = MAX_PAYLOAD_CHARACTERS): boolean {
  try {
    return (JSON.stringify(event) ?? '').length <= maxCharacters;
  } catch {
    return false;
  }
}

/** The first few problems of a refused payload, without its content. */
function problemsOf({ issues }: z.ZodError): string {
  const named = issues
    .slice(0, 5)
    .map((issue) => `${cut(issue.path.join('.'), 80) || 'payload'}: ${cut(issue.message, 160)}`);
  return named.join('; ');
}

function turnOf({ newId }: Runtime, context: LambdaContext): Turn {
  return {
    remainingMillis: () => context.getRemainingTimeInMillis?.() ?? DEFAULT_REMAINING_MILLIS,
    requestId: context.awsRequestId ?? newId(),
  };
}
