import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Digest } from '../items/digest.ts';
import { fileKey, listBelow, type LedgerTable, versioned } from './ledger-table.ts';
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
}

/** Writes a file's record, for the transaction that saves the checkpoint behind it: one never stands without the other. */
export function filePut(ledger: LedgerTable, runId: string, file: BackupFile): TransactItem {
  const Item = { ...fileKey(runId, file.segment, file.sequence), ...versioned, ...file };
  return { Put: { TableName: ledger.tableName, Item } };
}

/** Strongly consistent. */
export async function findFile(
  ledger: LedgerTable,
  runId: string,
  at: { readonly segment: number; readonly sequence: number },
): Promise<BackupFile | undefined> {
  const { Item } = await ledger.client.send(
    new GetCommand({
      TableName: ledger.tableName,
      Key: fileKey(runId, at.segment, at.sequence),
      ConsistentRead: true,
    }),
  );
  return Item as BackupFile | undefined;
}

/** Every file of a run's backup by segment and sequence: the order that shards are cut by. Strongly consistent. */
export async function listFiles(ledger: LedgerTable, runId: string): Promise<readonly BackupFile[]> {
  const items = await listBelow(ledger, `RUN#${runId}`, 'FILE#');
  const files = items as unknown as BackupFile[];
  return files.toSorted((one, other) => one.segment - other.segment || one.sequence - other.sequence);
}
