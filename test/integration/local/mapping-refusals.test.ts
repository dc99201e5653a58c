import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  UpdateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { startTinyAws, testClients, type TestClients } from '../../support/embedded.ts';
import { untilState } from '../../support/mappings.ts';
import { rawAws, type RawAws } from '../../support/streams.ts';

let aws: EmbeddedAws;
let clients: TestClients;
let raw: RawAws;

beforeAll(async () => {
  aws = await startTinyAws({ mappingMillis: 5_000 });
  clients = testClients(aws);
  raw = rawAws(aws);
});

afterAll(async () => {
  clients.destroy();
  await aws.stop();
});

const FunctionName = 'tiny-local-batch';
const QUEUE_ARN = 'arn:aws:sqs:ap-southeast-2:123456789012:tiny-local-batch-failures';

const create = (input: Partial<CreateEventSourceMappingCommandInput>) =>
  clients.lambda.send(
    new CreateEventSourceMappingCommand({ FunctionName, StartingPosition: 'TRIM_HORIZON', ...input }),
  );
const get = (UUID: string) => clients.lambda.send(new GetEventSourceMappingCommand({ UUID }));
const remove = (UUID: string) => clients.lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
const named = (name: string, message: RegExp) =>
  expect.objectContaining({ name, message: expect.stringMatching(message) as string });

describe('Lambda refuses', () => {
  it('a second mapping of one stream to one function, naming the first', async () => {
    const EventSourceArn = await raw.createStreamed('mapped');
    const { UUID = '' } = await create({ EventSourceArn });
    await expect(create({ EventSourceArn })).rejects.toThrow(
      named('ResourceConflictException', new RegExp(`already exists.*${UUID}`)),
    );
    const other = await create({ EventSourceArn, FunctionName: 'tiny-local-echo' });
    expect(other.FunctionArn).toBe(aws.functions['echo']);
    await untilState(clients.lambda, other.UUID ?? '', 'Enabled');
    const moved = new UpdateEventSourceMappingCommand({ UUID: other.UUID, FunctionName });
    await expect(clients.lambda.send(moved)).rejects.toThrow(
      named('ResourceConflictException', new RegExp(`already exists.*${UUID}`)),
    );
  });

  it('to change or delete a mapping that is still being created', async () => {
    const { UUID = '' } = await create({ EventSourceArn: await raw.createStreamed('hasty') });
    const inUse = named('ResourceInUseException', /because it is in use/);
    await expect(remove(UUID)).rejects.toThrow(inUse);
    const change = clients.lambda.send(new UpdateEventSourceMappingCommand({ UUID, BatchSize: 5 }));
    await expect(change).rejects.toThrow(inUse);
  });

  it('to read, change or delete a mapping that there is not', async () => {
    const UUID = '00000000-0000-4000-8000-000000000000';
    const notFound = named('ResourceNotFoundException', /does not exist/);
    await expect(get(UUID)).rejects.toThrow(notFound);
    await expect(remove(UUID)).rejects.toThrow(notFound);
    await expect(
      clients.lambda.send(new UpdateEventSourceMappingCommand({ UUID, BatchSize: 5 })),
    ).rejects.toThrow(notFound);
  });

  it.each<[string, Partial<CreateEventSourceMappingCommandInput>, RegExp]>([
    ['an empty batch', { BatchSize: 0 }, /'0' at 'batchSize'.*greater than or equal to 1/],
    ['a batch over 10,000', { BatchSize: 10_001 }, /'10001' at 'batchSize'.*less than or equal to 10000/],
    ['a window over 300 seconds', { MaximumBatchingWindowInSeconds: 301 }, /less than or equal to 300/],
    ['no lane', { ParallelizationFactor: 0 }, /'parallelizationFactor'/],
    ['more than ten lanes', { ParallelizationFactor: 11 }, /less than or equal to 10/],
    ['more than 10,000 retries', { MaximumRetryAttempts: 10_001 }, /'maximumRetryAttempts'/],
    ['fewer than no retries', { MaximumRetryAttempts: -2 }, /'maximumRetryAttempts'/],
    ['an age below a minute', { MaximumRecordAgeInSeconds: 59 }, /-1 or at least 60/],
    ['an age over a week', { MaximumRecordAgeInSeconds: 604_801 }, /'maximumRecordAgeInSeconds'/],
    [
      'a response type it does not know',
      { FunctionResponseTypes: ['Other' as 'ReportBatchItemFailures'] },
      /Other/,
    ],
    [
      'a queue that is none',
      { DestinationConfig: { OnFailure: { Destination: `${QUEUE_ARN}-other` } } },
      /no queue/,
    ],
    [
      'a destination that is no queue',
      { DestinationConfig: { OnFailure: { Destination: 'here' } } },
      /"here"/,
    ],
    [
      'a destination for success',
      { DestinationConfig: { OnSuccess: { Destination: QUEUE_ARN } } },
      /Unsupported/,
    ],
    ['a tumbling window', { TumblingWindowInSeconds: 5 }, /does not offer TumblingWindowInSeconds/],
    ['a filter', { FilterCriteria: { Filters: [{ Pattern: '{}' }] } }, /does not offer FilterCriteria/],
    ['a starting position by time', { StartingPosition: 'AT_TIMESTAMP' }, /AT_TIMESTAMP/],
    ['a function that there is not', { FunctionName: 'none' }, /Function does not exist/],
    [
      'a table in place of a stream',
      { EventSourceArn: 'arn:aws:dynamodb:ap-southeast-2:123456789012:table/bad' },
      /Unrecognized/,
    ],
    [
      'a stream that there is not',
      {
        EventSourceArn:
          'arn:aws:dynamodb:ap-southeast-2:123456789012:table/bad/stream/2026-01-01T00:00:00.000',
      },
      /Stream not found/,
    ],
  ])('%s', async (_, input, message) => {
    const { streams } = await existing();
    await expect(create({ EventSourceArn: streams, ...input })).rejects.toThrow(
      named('InvalidParameterValueException', message),
    );
  });

  it('a mapping of a stream without a starting position', async () => {
    const { streams: EventSourceArn } = await existing();
    const refused = clients.lambda.send(
      new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn }),
    );
    await expect(refused).rejects.toThrow(
      named('InvalidParameterValueException', /null at 'startingPosition'/),
    );
  });
});

let shared: Promise<string> | undefined;

/** One stream for everything that is refused. */
async function existing(): Promise<{ streams: string }> {
  shared ??= raw.createStreamed('refused');
  return { streams: await shared };
}
