import type { WireItem } from '../items/wire-item.ts';

/** Stands for a figure that AWS states somewhere, but that was not read. */
export const UNKNOWN = 'unknown';

/**
 * What is known of DynamoDB's bulk put (StartBulkPutItems), with where each figure was read and when.
 *
 * The form of a line of a target file that bulk put takes is {@link BulkPutLine}: one JSON document, with the fields of
 * a PutItem request beside the item. A line that is written only where its key is absent reads, for a table with the
 * keys PK and SK:
 *
 *     {"Item":{"PK":{"S":"A"},"SK":{"S":"B"}},"ConditionExpression":"attribute_not_exists(#k)","ExpressionAttributeNames":{"#k":"PK"}}
 *
 * `Item` comes first. A line of DynamoDB's export, `{"Item":{...}}`, is a line without a condition.
 */
export const BULK_PUT: BulkPutFacts = {
  lineForm: {
    value: UNKNOWN,
    reading: ['Item', 'ConditionExpression', 'ExpressionAttributeNames', 'ExpressionAttributeValues'],
    source:
      'DynamoDB developer guide, BulkPutItems.Format: "Per-item condition expressions" exist; their fields were not read. Assumed: those of PutItem',
    date: '2026-11-29',
  },
  reportForm: {
    value: UNKNOWN,
    reading: { manifest: 'AWSDynamoDB/<operation>/manifest.json', lines: 'AWSDynamoDB/<operation>/<type>/' },
    source:
      'DynamoDB developer guide, BulkPutItems.Output: a manifest file and output files exist; names and fields were not read. Assumed: the layout of exports',
    date: '2026-11-29',
  },
  /** What ends the reading of an object, so that its further lines are not processed. */
  stopsObject: {
    value: UNKNOWN,
    reading: 'bytes that cannot be unpacked, or a line that is not a JSON object',
    source:
      'DynamoDB developer guide, BulkPutItems.Format, "Validation errors that stop an object": which ones was not read',
    date: '2026-11-29',
  },
  iam: {
    value: UNKNOWN,
    reading: {
      start: ['dynamodb:StartBulkPutItems', 'dynamodb:PutItem'],
      describe: ['dynamodb:DescribeBulkOperation'],
      cancel: ['dynamodb:CancelBulkOperation'],
      list: ['dynamodb:ListBulkOperations'],
      readInput: ['s3:GetObject', 's3:ListBucket'],
      writeReports: ['s3:PutObject'],
    },
    source:
      'DynamoDB developer guide, BulkPutItems.Considerations, has a part on permissions that was not read; the action lists of 2026-09 name no action for bulk operations. Assumed: an action has its operation’s name, as for ImportTable, and the caller’s credentials reach S3, because the request names no role',
    date: '2026-11-29',
  },
  /** What `dynamodb:DescribeBulkOperation` and `dynamodb:CancelBulkOperation` are asked about. */
  operationArn: {
    value: UNKNOWN,
    reading: '<table ARN>/bulk-operation/<id>',
    source:
      'API reference, DescribeBulkOperation: 37 to 1024 characters. Assumed: like an export’s or import’s',
    date: '2026-11-29',
  },
  /** Whether a policy that denies the caller PutItem holds for what the operation writes. */
  writesAsCaller: {
    value: UNKNOWN,
    reading: true,
    source:
      'DynamoDB developer guide, BulkPutItems.Considerations, has a part on permissions that was not read. Assumed: the service writes on the caller’s behalf',
    date: '2026-11-29',
  },
  limits: {
    /** Objects under the prefix of one operation. */
    objects: {
      value: 50_000,
      source: 'DynamoDB developer guide, BulkPutItems.BestPractices',
      date: '2026-11-29',
    },
    /** Bytes of one object. DynamoDB counts in binary units: 5 GB are 5 x 2^30 bytes. */
    objectBytes: {
      value: 5 * 2 ** 30,
      source: 'DynamoDB developer guide, BulkPutItems.BestPractices; ServiceQuotas on units',
      date: '2026-11-29',
    },
    /** Bytes of all objects of one operation, by tier. */
    inputBytes: {
      STANDARD: {
        value: UNKNOWN,
        source: 'DynamoDB developer guide, ServiceQuotas, limits-bulk-put-items: not read',
        date: '2026-11-29',
      },
      ACCELERATED: {
        value: UNKNOWN,
        source: 'DynamoDB developer guide, ServiceQuotas, limits-bulk-put-items: not read',
        date: '2026-11-29',
      },
    },
    activePerTable: {
      value: UNKNOWN,
      reading: 1,
      source:
        'DynamoDB developer guide, BulkPutItems.Considerations: "active operations per table" is a quota; its value was not read',
      date: '2026-11-29',
    },
    activePerAccount: {
      value: UNKNOWN,
      reading: 50,
      source:
        'DynamoDB developer guide, BulkPutItems.Considerations: "concurrent operations" is a quota; its value was not read. Assumed: that of ImportTable',
      date: '2026-11-29',
    },
    /** The least `MaxWriteRequestUnits`, in write request units a second. */
    minWriteRequestUnits: {
      value: 1_024,
      source: 'comments of @aws-sdk/client-dynamodb, StartBulkPutItemsInput',
      date: '2026-11-29',
    },
    /** How long a client token finds its operation. */
    tokenSeconds: {
      value: 8 * 3_600,
      source: 'comments of @aws-sdk/client-dynamodb, StartBulkPutItemsInput',
      date: '2026-11-29',
    },
  },
  /** Whether the writes draw the table's provisioned or on-demand capacity. */
  drawsTableCapacity: {
    value: UNKNOWN,
    source:
      'DynamoDB developer guide, BulkPutItems.Output: billed are BulkPutBytes of the table and its indexes',
    date: '2026-11-29',
  },
  /** US dollars for a GB (2^30 bytes) of `BulkPutBytes`, by region and tier. */
  dollarsPerGigabyte: {
    'ap-southeast-2': unpriced(),
    'us-east-1': unpriced(),
  },
};

/** The price of a region's tier; that of a region that is not listed is unknown, never another region's. */
export function bulkPutPrice(region: string, tier: BulkPutTier): Fact<number> {
  return (BULK_PUT.dollarsPerGigabyte[region] ?? unpriced())[tier];
}

/** The fact itself where AWS states it, else what this product assumes; `undefined` where it assumes nothing. */
export function readingOf<T>({ value, reading }: Fact<T>): T | undefined {
  return value === UNKNOWN ? reading : value;
}

/** A figure of AWS, with where it was read and on which day. */
export interface Fact<T> {
  readonly value: T | typeof UNKNOWN;
  /** What this product assumes while the value is unknown. It has not been verified. */
  readonly reading?: T;
  readonly source: string;
  /** YYYY-MM-DD */
  readonly date: string;
}

export type BulkPutTier = 'STANDARD' | 'ACCELERATED';

/** IAM actions, by what they are needed for. */
export interface BulkPutActions {
  readonly start: readonly string[];
  readonly describe: readonly string[];
  readonly cancel: readonly string[];
  readonly list: readonly string[];
  readonly readInput: readonly string[];
  readonly writeReports: readonly string[];
}

export interface BulkPutFacts {
  readonly lineForm: Fact<readonly string[]>;
  readonly reportForm: Fact<{ readonly manifest: string; readonly lines: string }>;
  readonly stopsObject: Fact<string>;
  readonly iam: Fact<BulkPutActions>;
  readonly operationArn: Fact<string>;
  readonly writesAsCaller: Fact<boolean>;
  readonly limits: {
    readonly objects: Fact<number>;
    readonly objectBytes: Fact<number>;
    readonly inputBytes: Readonly<Record<BulkPutTier, Fact<number>>>;
    readonly activePerTable: Fact<number>;
    readonly activePerAccount: Fact<number>;
    readonly minWriteRequestUnits: Fact<number>;
    readonly tokenSeconds: Fact<number>;
  };
  readonly drawsTableCapacity: Fact<boolean>;
  readonly dollarsPerGigabyte: Readonly<Record<string, Readonly<Record<BulkPutTier, Fact<number>>>>>;
}

/** One line of an input object of bulk put. */
export interface BulkPutLine {
  readonly Item: WireItem;
  /** Without it the item replaces an existing one. */
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: WireItem;
}

/** `manifest.json` of the reports: written last, once the operation has ended, also where there is nothing to report. */
export interface BulkPutManifest {
  readonly bulkOperationArn: string;
  readonly processedItemCount: number;
  readonly failedItemCount: number;
  readonly outputFiles: readonly {
    readonly outputType: BulkPutReportLine['outputType'];
    /** Key of an object with JSON Lines. */
    readonly s3Key: string;
    readonly itemCount: number;
  }[];
}

/** One line of a report: an input line that was not written. */
export interface BulkPutReportLine {
  readonly outputType: 'ERROR' | 'CONDITION_CHECK_FAILURE';
  /** Key of the input object. */
  readonly s3Key: string;
  /** Counted from 1; absent where the object as a whole could not be read. */
  readonly lineNumber?: number;
  readonly errorCode: string;
  readonly errorMessage: string;
  /** The item that was not written; absent where the line could not be parsed. */
  readonly item?: WireItem;
  /** The item that the condition found in its place. */
  readonly existingItem?: WireItem;
}

function unpriced(): Readonly<Record<BulkPutTier, Fact<number>>> {
  const source = 'AWS page "Amazon DynamoDB pricing", bulk put: not read';
  const price = { value: UNKNOWN, source, date: '2026-11-29' } as const;
  return { STANDARD: price, ACCELERATED: price };
}
