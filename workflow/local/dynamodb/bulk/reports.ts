import type { BulkPutManifest, BulkPutReportLine } from '../../../../functions/shared/cost/bulk-put.ts';
import type { BulkOperation } from './operation.ts';
import type { S3Objects } from './s3-objects.ts';

/** The reports of one operation on what it did not write. */
export interface Reports {
  /** Keeps a line, if its type was asked for. @throws AwsError (S3...) where the bucket refuses a full report object */
  add(line: BulkPutReportLine): Promise<void>;
  /** Writes what is left, then the manifest. */
  end(): Promise<void>;
}

/** Lines are kept until they fill an object of this size. */
const OBJECT_BYTES = 4 * 2 ** 20;

interface Pending {
  lines: string[];
  bytes: number;
}

export function createReports(operation: BulkOperation, s3: S3Objects): Reports {
  const { S3Bucket, S3KeyPrefix = '', OutputType } = operation.request.OutputS3Configuration;
  const folder = `${S3KeyPrefix}${/^$|\/$/.test(S3KeyPrefix) ? '' : '/'}AWSDynamoDB/${operation.id}`;
  const pending = new Map(OutputType.map((type): [string, Pending] => [type, { lines: [], bytes: 0 }]));
  const outputFiles: BulkPutManifest['outputFiles'][number][] = [];

  const write = (key: string, text: string): Promise<void> =>
    s3.write(S3Bucket, key, Buffer.from(text), encryptionOf(operation));
  const flush = async (outputType: BulkPutReportLine['outputType']): Promise<void> => {
    const { lines = [] } = pending.get(outputType) ?? {};
    if (lines.length === 0) return;
    pending.set(outputType, { lines: [], bytes: 0 });
    const s3Key = `${folder}/${outputType}/${String(outputFiles.length).padStart(6, '0')}.json`;
    outputFiles.push({ outputType, s3Key, itemCount: lines.length });
    await write(s3Key, lines.map((line) => `${line}\n`).join(''));
  };
  return {
    async add(line) {
      const kept = pending.get(line.outputType);
      if (kept === undefined) return;
      const text = JSON.stringify(line);
      kept.lines.push(text);
      kept.bytes += text.length;
      if (kept.bytes >= OBJECT_BYTES) await flush(line.outputType);
    },
    async end() {
      for (const type of OutputType) await flush(type);
      const manifest: BulkPutManifest = {
        bulkOperationArn: operation.arn,
        processedItemCount: operation.counts.processed,
        failedItemCount: operation.counts.failed,
        outputFiles,
      };
      await write(`${folder}/manifest.json`, JSON.stringify(manifest));
    },
  };
}

function encryptionOf({ request }: BulkOperation): Readonly<Record<string, string>> {
  const { S3SseAlgorithm, S3SseKmsKeyId } = request.OutputS3Configuration;
  if (S3SseAlgorithm === undefined) return {};
  return {
    'x-amz-server-side-encryption': S3SseAlgorithm === 'KMS' ? 'aws:kms' : S3SseAlgorithm,
    ...(S3SseKmsKeyId !== undefined && { 'x-amz-server-side-encryption-aws-kms-key-id': S3SseKmsKeyId }),
  };
}
