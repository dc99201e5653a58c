import {
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  DeleteEventSourceMappingCommand,
  type EventSourceMappingConfiguration,
  GetEventSourceMappingCommand,
  LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';
import { isNamed } from '../errors.ts';
import type { Clients } from './clients.ts';

/** What a mapping connects. */
export interface MappingEnds {
  readonly streamArn: string;
  /** Name of the function, unqualified: the mapping calls what is deployed. */
  readonly functionName: string;
}

/** A mapping as Lambda describes it. */
export interface FoundMapping {
  readonly mappingId: string;
  readonly functionArn: string;
  /** `Creating`, `Enabling`, `Enabled`, `Disabling`, `Disabled`, `Updating` or `Deleting`. */
  readonly state: string;
  /** What the last poll came to, in Lambda's words; absent before the first. */
  readonly lastResult?: string | undefined;
}

/** The part of Lambda that the sync sees. */
export interface EventSourceMappings {
  /**
   * Creates the mapping, or finds the one that is there. Idempotent.
   *
   * @param failureQueueArn queue that is told about records that were never settled
   * @throws the SDK's errors: InvalidParameterValueException where the function's role may not read the stream, also a
   *   while after the role was made
   * @see https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
   */
  ensure(ends: MappingEnds, failureQueueArn: string): Promise<FoundMapping>;
  /** Every mapping of a stream, whichever function it calls, or of a function, whichever stream it reads. */
  list(of: Partial<MappingEnds>): Promise<readonly FoundMapping[]>;
  /** The mapping of a stream that calls this function. */
  find(ends: MappingEnds): Promise<FoundMapping | undefined>;
  /** `undefined`: there is no such mapping any more. */
  get(mappingId: string): Promise<FoundMapping | undefined>;
  /**
   * Asks Lambda to delete a mapping. A batch may still be delivered for a while.
   *
   * @returns whether it is gone; false: it is still being deleted, or busy with another change
   */
  delete(mappingId: string): Promise<boolean>;
}

/** A runtime that also knows the mappings. */
export interface WithMappings {
  readonly mappings: EventSourceMappings;
}

/** {@link EventSourceMappings} of this sandbox. */
export const lambdaMappings = ({ other }: Pick<Clients, 'other'>): EventSourceMappings =>
  eventSourceMappings(other(LambdaClient));

export function eventSourceMappings(client: LambdaClient): EventSourceMappings {
  const list = (of: Partial<MappingEnds>): Promise<readonly FoundMapping[]> => listMappings(client, of);
  const find = async (ends: MappingEnds): Promise<FoundMapping | undefined> => {
    const mappings = await list({ streamArn: ends.streamArn });
    return mappings.find(({ functionArn }) => functionArn.endsWith(`:function:${ends.functionName}`));
  };
  return {
    list,
    find,
    async ensure(ends, failureQueueArn) {
      const existing = await find(ends);
      if (existing !== undefined) return existing;
      try {
        const input = creationOf(ends, failureQueueArn);
        return foundMapping(await client.send(new CreateEventSourceMappingCommand(input)));
      } catch (error) {
        // Somebody was quicker, or our own first attempt was, whose answer was lost.
        const created = isNamed(error, 'ResourceConflictException') ? await find(ends) : undefined;
        if (created === undefined) throw error;
        return created;
      }
    },
    async get(UUID) {
      try {
        return foundMapping(await client.send(new GetEventSourceMappingCommand({ UUID })));
      } catch (error) {
        if (isNamed(error, 'ResourceNotFoundException')) return undefined;
        throw error;
      }
    },
    async delete(UUID) {
      try {
        await client.send(new DeleteEventSourceMappingCommand({ UUID }));
        return false;
      } catch (error) {
        if (isNamed(error, 'ResourceNotFoundException')) return true;
        // Lambda is creating, changing or deleting it at the moment.
        if (isNamed(error, 'ResourceInUseException', 'ResourceConflictException')) return false;
        throw error;
      }
    },
  };
}

/** Keys of a batch are reconciled side by side; a batch waits for nothing. */
const BATCH_RECORDS = 100;
const BATCHES_PER_SHARD = 2;

function creationOf(
  { streamArn, functionName }: MappingEnds,
  failureQueueArn: string,
): CreateEventSourceMappingCommandInput {
  return {
    EventSourceArn: streamArn,
    FunctionName: functionName,
    // LATEST would lose what is written until the mapping is enabled.
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: BATCH_RECORDS,
    MaximumBatchingWindowInSeconds: 0,
    ParallelizationFactor: BATCHES_PER_SHARD,
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: -1,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    DestinationConfig: { OnFailure: { Destination: failureQueueArn } },
  };
}

async function listMappings(
  client: LambdaClient,
  { streamArn, functionName }: Partial<MappingEnds>,
): Promise<readonly FoundMapping[]> {
  const input = {
    ...(streamArn !== undefined && { EventSourceArn: streamArn }),
    ...(functionName !== undefined && { FunctionName: functionName }),
  };
  const found: FoundMapping[] = [];
  for await (const page of paginateListEventSourceMappings({ client }, input))
    found.push(...(page.EventSourceMappings ?? []).map(foundMapping));
  return found;
}

function foundMapping({
  UUID = '',
  FunctionArn = '',
  State = '',
  LastProcessingResult,
}: EventSourceMappingConfiguration): FoundMapping {
  return { mappingId: UUID, functionArn: FunctionArn, state: State, lastResult: LastProcessingResult };
}
