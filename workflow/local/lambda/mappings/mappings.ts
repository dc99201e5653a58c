import type { FunctionSpec } from '../../deploy/read-deployment.ts';
import type { AwsRequest, AwsResponse } from '../../gateway/aws-request.ts';
import type { Dispatcher } from '../../gateway/dispatcher.ts';
import { createMappingCalls, type Invoked } from './mapping-calls.ts';
import { createBell } from './mapping-run.ts';
import { serveMappings } from './mapping-service.ts';
import { createDeliveredBatches, type DeliveredBatch } from './delivered-batches.ts';
import type { Mapping } from './mapping.ts';

/**
 * The levers of the event source mappings. A batch that Lambda delivers twice is the fault `twice` on `Invoke`; a stream that
 * an operator disables is an UpdateTable.
 */
export interface MappingControls {
  /** Every try of the last batches, oldest first. */
  readonly batches: readonly DeliveredBatch[];
  /** No mapping reads or calls from now on; calls under way go on. */
  hold(): void;
  /** Ends {@link hold}. */
  release(): void;
  /** Hands a batch to its function again, also after its mapping is gone: on AWS an invocation may come that late. */
  deliver(batch: DeliveredBatch): Promise<Invoked>;
  /** What was written to the table so far is lost from its stream, as it is after a day. */
  trim(tableName: string): Promise<void>;
  /** Records become that much older. */
  letTimePass(seconds: number): void;
}

/** Lambda's event source mappings. */
export interface Mappings {
  readonly controls: MappingControls;
  serve(request: AwsRequest): Promise<AwsResponse>;
  stop(): void;
}

/** What mappings are made of. */
export interface MappingsParts {
  readonly dispatcher: () => Dispatcher;
  readonly findFunction: (reference: string) => FunctionSpec;
  readonly isQueue: (arn: string) => boolean;
  readonly trimStream: (tableName: string) => Promise<void>;
  /** How long a mapping stays Creating, Updating or Deleting; on AWS seconds to minutes. */
  readonly transitionMillis: number | undefined;
  readonly pauseMillis: number | undefined;
}

const TRANSITION_MILLIS = 500;

/** None at first. */
export function createMappings(parts: MappingsParts): Mappings {
  const mappings = new Map<string, Mapping>();
  const delivered = createDeliveredBatches();
  const bell = createBell();
  let [isHeld, passedMillis] = [false, 0];
  const now = (): number => Date.now() + passedMillis;
  const callsOf = (functionName: string) => createMappingCalls(parts.dispatcher(), functionName);
  const onBatch = ({ uuid, functionArn }: Mapping, shardId: string, event: string): void =>
    delivered.add({ uuid, functionArn, shardId, event, at: Date.now() });
  const { transitionMillis = TRANSITION_MILLIS, pauseMillis, findFunction, isQueue } = parts;
  const surroundings = { transitionMillis, pauseMillis, now, isHeld: () => isHeld, bell, onBatch };
  const hold = (held: boolean): void => {
    isHeld = held;
    bell.ring();
  };
  return {
    serve: (request) =>
      serveMappings(
        {
          mappings,
          surroundings,
          findFunction,
          isQueue,
          targetOf: ({ arn, name }, qualifier) => ({ functionArn: arn + qualifier, calls: callsOf(name) }),
        },
        request,
      ),
    stop() {
      for (const mapping of mappings.values()) mapping.stop();
    },
    controls: {
      batches: delivered.batches,
      hold: () => hold(true),
      release: () => hold(false),
      deliver: ({ functionArn, event }) => callsOf(findFunction(functionArn).name).invoke(functionArn, event),
      trim: parts.trimStream,
      letTimePass(seconds) {
        passedMillis += seconds * 1000;
        bell.ring();
      },
    },
  };
}
