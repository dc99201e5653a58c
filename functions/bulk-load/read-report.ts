import * as z from 'zod';
import { readRange } from '../shared/aws/read-range.ts';
import type { ReportPlace } from '../shared/copy/bulk/bulk-cursor.ts';
import { BULK_PUT, type BulkPutManifest, readingOf } from '../shared/cost/bulk-put.ts';
import { BulkLoadError, isNamed } from '../shared/errors.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { Runtime } from '../shared/runtime.ts';

/** A file of a report. */
export type ReportFile = BulkPutManifest['outputFiles'][number];

const outputType = z.enum(['ERROR', 'CONDITION_CHECK_FAILURE']);
const manifestSchema = z.object({
  outputFiles: z.array(z.object({ outputType, s3Key: z.string(), itemCount: z.number() })),
});

/** An input line that was not written; see `BulkPutReportLine`. */
export type ReportLine = z.infer<typeof reportLineSchema>;

/** Some lines of a report, and where the next ones begin; `undefined`: there are no more. */
export interface ReportLines {
  readonly lines: readonly ReportLine[];
  readonly next: ReportPlace | undefined;
}

/** Where reading a report begins. */
export const REPORT_START: ReportPlace = { filesDone: 0, bytesDone: 0, linesDone: 0 };

/** Held at once. A line holds two items, of 400 KB each by DynamoDB's count. */
const PIECE_BYTES = 8 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * The files of a report; `undefined`: there is no report.
 *
 * @param prefix where the operation was told to write it
 */
export async function reportFiles(
  { objects }: Pick<Runtime, 'objects'>,
  { prefix, operationArn }: { readonly prefix: string; readonly operationArn: string },
): Promise<readonly ReportFile[] | undefined> {
  const { manifest = '' } = readingOf(BULK_PUT.reportForm) ?? {};
  const operation = operationArn.slice(operationArn.lastIndexOf('/') + 1);
  const key = `${prefix}${manifest.replace('<operation>', operation)}`;
  const stored = await objects.get(key);
  if (stored === undefined) return undefined;
  const parsed = manifestSchema.safeParse(parseJson(stored.body.toString()));
  if (!parsed.success) throw damaged(`The manifest ${key} of`, 'cannot be read');
  return parsed.data.outputFiles;
}

/**
 * Some lines of a report's files.
 *
 * @throws BulkLoadError where a file is gone, a line cannot be read, or the file holds another number of lines than its
 *   manifest says; not retried
 */
export async function readReport(
  { clients, bucket, clock }: Pick<Runtime, 'clients' | 'bucket' | 'clock'>,
  files: readonly ReportFile[],
  { filesDone, bytesDone, linesDone }: ReportPlace,
): Promise<ReportLines> {
  const file = files[filesDone];
  if (file === undefined) return { lines: [], next: undefined };
  const { s3Key: key } = file;
  const store = { client: clients.s3, bucket, clock };
  const piece = await readRange(store, { key, from: bytesDone, length: PIECE_BYTES }).catch(
    (error: unknown) => {
      throw isNamed(error, 'NoSuchKey') ? damaged(`The object ${key} of`, 'is missing') : error;
    },
  );
  const isLast = piece.length < PIECE_BYTES;
  const end = isLast ? piece.length : piece.lastIndexOf(NEWLINE) + 1;
  const lines = piece
    .subarray(0, end)
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => reportLine(line, key));
  const place = { filesDone, bytesDone: bytesDone + end, linesDone: linesDone + lines.length };
  if (!isLast) return { lines, next: place };
  if (place.linesDone !== file.itemCount)
    throw damaged(`The object ${key} of`, `holds ${place.linesDone} lines instead of ${file.itemCount}`);
  const isEnd = filesDone + 1 === files.length;
  return { lines, next: isEnd ? undefined : { ...REPORT_START, filesDone: filesDone + 1 } };
}

function damaged(what: string, problem: string): BulkLoadError {
  return new BulkLoadError(
    `${what} a bulk put's report ${problem}, so nobody can say which items were not written. What is in the table stays until the run is rolled back. Look at the object.`,
  );
}

/** As it is: what DynamoDB has written is not taken apart. */
const item = z.custom<WireItem>((value) => typeof value === 'object' && value !== null).optional();
const reportLineSchema = z.object({
  outputType,
  s3Key: z.string(),
  lineNumber: z.number().optional(),
  errorCode: z.string(),
  errorMessage: z.string(),
  item,
  existingItem: item,
});

function reportLine(line: string, key: string): ReportLine {
  const parsed = reportLineSchema.safeParse(parseJson(line));
  if (parsed.success) return parsed.data;
  throw damaged(`A line of the object ${key} of`, 'cannot be read');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
