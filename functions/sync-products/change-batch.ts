import * as z from 'zod';
import { keyIdentity, keyOf, keyText, type TableKey } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';

const keyAttributeSchema = z.union([
  z.strictObject({ S: z.string() }),
  z.strictObject({ N: z.string() }),
  z.strictObject({ B: z.string() }),
]);

/**
 * What Lambda's event source mapping calls with: change records in the order of their shard. Only the key is used. The
 * images are left out, because the source may have changed again since.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
 */
export const changeBatchSchema = z.object({
  /** As many as the mapping's batch size allows; none where the machine has keys taken up that wait. */
  Records: z
    .array(
      z.object({
        /** ARN of the stream. */
        eventSourceARN: z
          .string()
          .max(1024)
          .regex(/^arn:\S+$/, 'must be the ARN of a stream'),
        eventName: z.string().nullish(),
        /** Who has deleted the item, where that was DynamoDB. */
        userIdentity: z.object({ type: z.string().nullish(), principalId: z.string().nullish() }).nullish(),
        dynamodb: z.object({
          Keys: z.record(z.string(), keyAttributeSchema),
          SequenceNumber: z.string().min(1).max(100),
          /** Epoch seconds, whole ones on AWS. */
          ApproximateCreationDateTime: z.number().optional(),
        }),
      }),
    )
    .max(10_000),
});
export type ChangeBatch = z.infer<typeof changeBatchSchema>;

/** 6 MB, the largest payload of Lambda: a batch comes with all its images. */
export const MAX_BATCH_CHARACTERS = 6 * 1024 * 1024;

/** What Lambda is told. Records from the first of these sequence numbers on are delivered again, all others are not. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** One change of the source. */
export interface Change {
  readonly sequenceNumber: string;
  readonly streamArn: string;
  /** Epoch milliseconds, of a whole second. */
  readonly changedAt: number;
  /** Of the source item. */
  readonly key: WireItem;
  /** `keyIdentity` of it. */
  readonly identity: string;
  /** For a person. */
  readonly text: string;
  /** Time to live has deleted the item. No writer has changed it. */
  readonly isExpiry: boolean;
}

/**
 * What time to live deletes is marked so. On a global table that holds for the Region alone in which it was deleted.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
 */
function isExpiry({ eventName, userIdentity }: ChangeBatch['Records'][number]): boolean {
  const { type, principalId } = userIdentity ?? {};
  return eventName === 'REMOVE' && type === 'Service' && principalId === 'dynamodb.amazonaws.com';
}

/**
 * The changes of a batch, in its order. A record without a time counts as of now.
 *
 * @throws ItemNotCarriableError where a record has another key than the source: it is another table's
 */
export function changesOf({ Records }: ChangeBatch, sourceKey: TableKey, now: number): readonly Change[] {
  return Records.map((record) => {
    const { eventSourceARN, dynamodb } = record;
    const { Keys, SequenceNumber, ApproximateCreationDateTime } = dynamodb;
    return {
      sequenceNumber: SequenceNumber,
      streamArn: eventSourceARN,
      changedAt: ApproximateCreationDateTime === undefined ? now : ApproximateCreationDateTime * 1_000,
      key: keyOf(Keys, sourceKey),
      identity: keyIdentity(Keys, sourceKey),
      text: keyText(Keys, sourceKey),
      isExpiry: isExpiry(record),
    };
  });
}

/** The first change of each key, in the order of the batch. */
export function firstOfEachKey(changes: readonly Change[]): readonly Change[] {
  const first = new Map<string, Change>();
  for (const change of changes) if (!first.has(change.identity)) first.set(change.identity, change);
  return [...first.values()];
}

/** Acknowledges everything before the first change of these keys, and has the rest delivered again. */
export function answerOf(changes: readonly Change[], unsettled: ReadonlySet<string>): BatchAnswer {
  const first = changes.find(({ identity }) => unsettled.has(identity));
  return {
    batchItemFailures: first === undefined ? [] : [{ itemIdentifier: first.sequenceNumber }],
  };
}
