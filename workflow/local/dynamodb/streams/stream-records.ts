import { createHash } from 'node:crypto';
import { equalValues } from '../../../../functions/shared/items/canonical-json.ts';
import { itemSizeBytes } from '../../../../functions/shared/items/item-size.ts';
import { type WireItem, wireItem, type WireValue } from '../../../../functions/shared/items/wire-item.ts';
import { REGION } from '../../account.ts';
import { sequenceText } from './sequence-number.ts';

/** What a stream shows of an item that changed. */
export const VIEW_TYPES = ['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'] as const;

/** One of {@link VIEW_TYPES}. */
export type ViewType = (typeof VIEW_TYPES)[number];

/** One change of one item. @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html */
export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly eventVersion: string;
  readonly eventSource: string;
  readonly awsRegion: string;
  readonly dynamodb: StreamChange;
  readonly userIdentity?: object;
}

/** The change itself. */
export interface StreamChange {
  /** Epoch seconds, whole. */
  readonly ApproximateCreationDateTime: number;
  readonly Keys: WireItem;
  readonly NewImage?: WireItem;
  readonly OldImage?: WireItem;
  readonly SequenceNumber: string;
  readonly SizeBytes: number;
  readonly StreamViewType: string;
}

/** The stream that records are shown in. */
export interface ShownStream {
  readonly arn: string;
  readonly viewType: ViewType;
}

/** A record's place in its shard. */
export const sequenceOf = ({ dynamodb }: StreamRecord): bigint => BigInt(dynamodb.SequenceNumber);

/** The record with every empty map as DynamoDB writes it. DynamoDB Local's streams write `{}`, which is no value. */
export function withEmptyMaps(record: StreamRecord): StreamRecord {
  const { NewImage, OldImage } = record.dynamodb;
  const images = {
    ...(NewImage !== undefined && { NewImage: itemWithEmptyMaps(NewImage) }),
    ...(OldImage !== undefined && { OldImage: itemWithEmptyMaps(OldImage) }),
  };
  return { ...record, dynamodb: { ...record.dynamodb, ...images } };
}

function itemWithEmptyMaps(item: WireItem): WireItem {
  return wireItem(Object.entries(item).map(([name, value]) => [name, valueWithEmptyMaps(value)]));
}

function valueWithEmptyMaps(value: WireValue): WireValue {
  if (Object.keys(value).length === 0) return { M: {} };
  if ('M' in value) return { M: itemWithEmptyMaps(value.M) };
  return 'L' in value ? { L: value.L.map(valueWithEmptyMaps) } : value;
}

/** DynamoDB records no put that leaves the item as it was. Without both images that cannot be told. */
export function changesItem({ eventName, dynamodb: { NewImage, OldImage } }: StreamRecord): boolean {
  if (eventName !== 'MODIFY' || NewImage === undefined || OldImage === undefined) return true;
  return !equalValues({ M: NewImage }, { M: OldImage });
}

/** The record as AWS gives it, with no more of the item than the stream shows. */
export function shownIn({ arn, viewType }: ShownStream, record: StreamRecord): StreamRecord {
  const { Keys, NewImage, OldImage, ApproximateCreationDateTime } = record.dynamodb;
  const images = {
    ...(viewType.startsWith('NEW') && NewImage !== undefined && { NewImage }),
    ...(viewType.includes('OLD') && OldImage !== undefined && { OldImage }),
  };
  const SequenceNumber = sequenceText(sequenceOf(record));
  const sizes = [Keys, ...Object.values(images)].map(itemSizeBytes);
  return {
    ...record,
    eventID: createHash('sha256').update(`${arn} ${SequenceNumber}`).digest('hex').slice(0, 32),
    awsRegion: REGION,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(ApproximateCreationDateTime),
      Keys,
      ...images,
      SequenceNumber,
      SizeBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
      StreamViewType: viewType,
    },
  };
}
