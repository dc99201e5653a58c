import type { Digest } from '../items/digest.ts';
import { putItem } from './actions.ts';
import { fileKey, type LedgerTable } from './ledger-table.ts';
import { listBelow } from './store.ts';
import type { TransactItem } from './transact.ts';

/** One data file of a backup, as it was written. */
export interface BackupFile {
  readonly segment: number;
  readonly sequence: number;
  /** Absolute in the bucket. */
  readonly key: string;
  readonly itemCount: number;
  /** Bytes of DynamoDB JSON before gzip. */
  readonly bytes: number;
  readonly gzipBytes: number;
  /** Base64 MD5 of the gzipped bytes. */
  readonly md5: string;
  /** Base64 SHA-256 of the gzipped bytes. */
  readonly sha256: string;
  /** As S3 returned it. */
  readonly etag: string;
  readonly digest: Digest;
  /** Every line has its item in canonical JSON. Absent in files of earlier versions, which have it as DynamoDB spelled it. */
  readonly canonical?: boolean | undefined;
}

/** Writes a file's record, for the transaction that saves the checkpoint behind it: one never stands without the other. */
export function filePut(ledger: LedgerTable, runId: string, file: BackupFile): TransactItem {
  return putItem(ledger, fileKey(runId, file.segment, file.sequence), { item: { ...file } });
}

/**
 * Every file of a run's backup by segment and sequence: the order that shards are cut by. Strongly consistent.
 *
 * @param segment only the files of this segment
 */
export async function listFiles(
  ledger: LedgerTable,
  runId: string,
  segment?: number,
): Promise<readonly BackupFile[]> {
  const prefix = segment === undefined ? 'FILE#' : `FILE#${segment}-`;
  const files = await listBelow<BackupFile>(ledger, { partition: `RUN#${runId}`, prefix });
  return files.toSorted((one, other) => one.segment - other.segment || one.sequence - other.sequence);
}
