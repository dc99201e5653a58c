import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  type CreateEventSourceMappingCommandInput,
  type EventSourceMappingConfiguration,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import type { StreamRecord } from '../../workflow/local/dynamodb/streams/stream-records.ts';
import type { EmbeddedAws } from '../../workflow/local/embedded-aws.ts';
import { eventually } from './embedded.ts';

/** A record as a function gets it. */
export type DeliveredRecord = StreamRecord & { readonly eventSourceARN: string };

/** Waits for a state of a mapping. */
export async function untilState(
  lambda: LambdaClient,
  UUID: string,
  state: string,
): Promise<EventSourceMappingConfiguration> {
  return eventually(async () => {
    const mapping = await lambda.send(new GetEventSourceMappingCommand({ UUID }));
    return mapping.State === state ? mapping : undefined;
  });
}

/** Creates a mapping from the stream's beginning, and waits until it is enabled. @returns its UUID */
export async function createEnabled(
  lambda: LambdaClient,
  input: Omit<CreateEventSourceMappingCommandInput, 'StartingPosition'>,
): Promise<string> {
  const { UUID = '' } = await lambda.send(
    new CreateEventSourceMappingCommand({ StartingPosition: 'TRIM_HORIZON', ...input }),
  );
  await untilState(lambda, UUID, 'Enabled');
  return UUID;
}

/** Deletes every mapping, as soon as it can be deleted, and waits until all are gone: one that fails would go on failing. */
export async function deleteMappings(lambda: LambdaClient): Promise<void> {
  await eventually(async () => {
    const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({}));
    const restful = EventSourceMappings.filter(({ State = '' }) => ['Enabled', 'Disabled'].includes(State));
    await Promise.all(restful.map(({ UUID }) => lambda.send(new DeleteEventSourceMappingCommand({ UUID }))));
    return EventSourceMappings.length === 0 ? true : undefined;
  });
}

/** Every try of a mapping's batches so far, each with the records that it held. */
export function triesOf(aws: EmbeddedAws, uuid: string): readonly (readonly DeliveredRecord[])[] {
  return aws.mappings.batches
    .filter((batch) => batch.uuid === uuid)
    .map(({ event }) => (JSON.parse(event) as { Records: DeliveredRecord[] }).Records);
}

/** The same, as lists of the records' `id`. */
export function idsOf(aws: EmbeddedAws, uuid: string): readonly (readonly string[])[] {
  return triesOf(aws, uuid).map((records) =>
    records.map(({ dynamodb: { Keys } }) => {
      const id = Keys['id'];
      return id !== undefined && 'S' in id ? id.S : '';
    }),
  );
}
