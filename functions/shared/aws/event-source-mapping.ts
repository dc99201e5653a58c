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

/** What a mapping connects. */
export interface MappingEnds {
  readonly streamArn: string;
  /** Name of the function, unqualified: the mapping calls what is deployed. */
  readonly functionName: string;
  /** Queue that is told about records that were never settled. */
  readonly failureQueueArn: string;
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

/** Keys of a batch are reconciled side by side; a batch waits for nothing. */
const BATCH_RECORDS = 100;
const BATCHES_PER_SHARD = 2;

let client: LambdaClient | undefined;
const lambda = (): LambdaClient => (client ??= new LambdaClient({ maxAttempts: 5 }));

/**
 * Creates the mapping, or finds the one that is there. Idempotent.
 *
 * @throws the SDK's errors: AccessDeniedException, InvalidParameterValueException where the function's role may not read
 *   the stream (also a while after the role was made)
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
 */
export async function ensureMapping(ends: MappingEnds): Promise<FoundMapping> {
  const known = await findMapping(ends);
  if (known !== undefined) return known;
  try {
    return foundMapping(await lambda().send(new CreateEventSourceMappingCommand(creation(ends))));
  } catch (error) {
    // Somebody was quicker, or our own first attempt was, whose answer was lost.
    const created = isNamed(error, 'ResourceConflictException') ? await findMapping(ends) : undefined;
    if (created === undefined) throw error;
    return created;
  }
}

function creation({ streamArn, functionName, failureQueueArn }: MappingEnds) {
  return {
    EventSourceArn: streamArn,
    FunctionName: functionName,
    // LATEST would lose what is written until the mapping is enabled.
    StartingPosition: 'TRIM_HORIZON' as const,
    BatchSize: BATCH_RECORDS,
    MaximumBatchingWindowInSeconds: 0,
    ParallelizationFactor: BATCHES_PER_SHARD,
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: -1,
    FunctionResponseTypes: ['ReportBatchItemFailures' as const],
    DestinationConfig: { OnFailure: { Destination: failureQueueArn } },
  } satisfies CreateEventSourceMappingCommandInput;
}

/** Every mapping of a stream, whichever function it calls, or of a function, whichever stream it reads. */
export async function listMappings(
  of: { readonly streamArn: string } | { readonly functionName: string },
): Promise<readonly FoundMapping[]> {
  const input = 'streamArn' in of ? { EventSourceArn: of.streamArn } : { FunctionName: of.functionName };
  const found: FoundMapping[] = [];
  for await (const page of paginateListEventSourceMappings({ client: lambda() }, input))
    found.push(...(page.EventSourceMappings ?? []).map(foundMapping));
  return found;
}

/** The mapping of a stream that calls this function. */
export async function findMapping({
  streamArn,
  functionName,
}: Omit<MappingEnds, 'failureQueueArn'>): Promise<FoundMapping | undefined> {
  const mappings = await listMappings({ streamArn });
  return mappings.find(({ functionArn }) => functionArn.endsWith(`:function:${functionName}`));
}

/** `undefined`: there is no such mapping any more. */
export async function getMapping(mappingId: string): Promise<FoundMapping | undefined> {
  try {
    return foundMapping(await lambda().send(new GetEventSourceMappingCommand({ UUID: mappingId })));
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) return undefined;
    throw error;
  }
}

/**
 * Asks Lambda to delete a mapping. A batch may still be delivered for a while.
 *
 * @returns whether it is gone; false: it is still being deleted, or busy with another change
 */
export async function deleteMapping(mappingId: string): Promise<boolean> {
  try {
    await lambda().send(new DeleteEventSourceMappingCommand({ UUID: mappingId }));
    return false;
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) return true;
    // Lambda is creating, changing or deleting it at the moment.
    if (isNamed(error, 'ResourceInUseException', 'ResourceConflictException')) return false;
    throw error;
  }
}

function foundMapping({
  UUID = '',
  FunctionArn = '',
  State = '',
  LastProcessingResult,
}: EventSourceMappingConfiguration): FoundMapping {
  return { mappingId: UUID, functionArn: FunctionArn, state: State, lastResult: LastProcessingResult };
}
