import { describe, expect, it } from 'vitest';
import { type StreamRecord, withEmptyMaps } from '../../../workflow/local/dynamodb/streams/stream-records.ts';

/** A record as DynamoDB Local gives it; `{}` is its empty map. */
const record = (NewImage: object): StreamRecord => ({
  eventID: '1',
  eventName: 'INSERT',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'ddblocal',
  dynamodb: {
    ApproximateCreationDateTime: 0,
    Keys: { id: { S: 'a' } },
    NewImage: NewImage as StreamRecord['dynamodb']['Keys'],
    SequenceNumber: '1',
    SizeBytes: 1,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
  },
});

describe("an engine's stream record", () => {
  it('gets its empty maps back, at any depth', () => {
    const { dynamodb } = withEmptyMaps(record({ a: {}, b: { M: { c: {} } }, d: { L: [{}, { M: {} }] } }));
    expect(dynamodb.NewImage).toEqual({
      a: { M: {} },
      b: { M: { c: { M: {} } } },
      d: { L: [{ M: {} }, { M: {} }] },
    });
    expect(dynamodb).not.toHaveProperty('OldImage');
  });

  it('is otherwise kept as it is, names of types and __proto__ included', () => {
    const image: unknown = JSON.parse('{"M":{"S":""},"__proto__":{"M":{"L":{"L":[]}}},"n":{"NULL":true}}');
    expect(withEmptyMaps(record(image as object)).dynamodb.NewImage).toEqual(image);
  });
});
