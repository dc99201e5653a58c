import { hash } from 'node:crypto';
import * as z from 'zod';
import type { BackupFile } from '../ledger/file.ts';
import type { Digest } from '../items/digest.ts';
import { backupLayout, backupTime } from './layout.ts';
import { type TableDescription, tableDescriptionSchema } from '../aws/table-description.ts';

/** One line of `manifest-files.json`, as DynamoDB's export writes it. */
const manifestFileSchema = z.lazy(() =>
  z.object({
    itemCount: z.number().int().min(0),
    /** Base64 MD5 of the gzipped bytes. */
    md5Checksum: z.string(),
    etag: z.string(),
    /** Absolute in the bucket. */
    dataFileS3Key: z.string(),
  }),
);
export type ManifestFile = z.infer<typeof manifestFileSchema>;

/** The part of `manifest-summary.json` that readers rely on; other fields are kept as they are. */
const manifestSummarySchema = z.lazy(() =>
  z.looseObject({
    version: z.literal('2020-06-30'),
    tableArn: z.string(),
    exportTime: z.string(),
    s3Bucket: z.string(),
    manifestFilesS3Key: z.string(),
    itemCount: z.number().int().min(0),
    billedSizeBytes: z.number(),
    outputFormat: z.literal('DYNAMODB_JSON'),
  }),
);
export type ManifestSummary = z.infer<typeof manifestSummarySchema>;

const digestSchema = z.lazy(() =>
  z.object({ count: z.number().int().min(0), sum: z.string().regex(/^[0-9a-f]{64}$/) }),
);

const backupFileSchema = z.lazy(() =>
  z.object({
    segment: z.number().int(),
    sequence: z.number().int(),
    key: z.string(),
    itemCount: z.number().int(),
    bytes: z.number(),
    gzipBytes: z.number(),
    md5: z.string(),
    sha256: z.string(),
    etag: z.string(),
    digest: digestSchema,
    canonical: z.boolean().optional(),
  }),
);

/** `migration-manifest.json`: what DynamoDB's manifests have no place for. */
const migrationManifestSchema = z.lazy(() =>
  z.object({
    version: z.literal(1),
    backupId: z.string(),
    runId: z.string(),
    itemCount: z.number().int().min(0),
    /** DynamoDB JSON before gzip. */
    bytes: z.number(),
    /** By DynamoDB's size rule, without indexes. */
    tableBytes: z.number(),
    /** Of all items: see `digest.ts`. */
    digest: digestSchema,
    /** ISO 8601: no item was read before or after. Writes in between may be in the backup or not. */
    scan: z.object({
      startedAt: z.string(),
      finishedAt: z.string(),
      segments: z.number().int(),
      consistentRead: z.literal(true),
    }),
    table: tableDescriptionSchema,
    files: z.array(backupFileSchema),
  }),
);
export type MigrationManifest = z.infer<typeof migrationManifestSchema>;

/** Everything the manifests say; all of it from the ledger, so that a second try writes the same bytes. */
export interface BackupFacts {
  readonly backupId: string;
  readonly bucket: string;
  readonly kmsKeyArn: string | undefined;
  readonly runId: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** ISO 8601. */
  readonly finishedAt: string;
  readonly segments: number;
  readonly tableBytes: number;
  readonly digest: Digest;
  readonly table: TableDescription;
  readonly files: readonly BackupFile[];
}

/** An object of the backup's frame, in the order in which they are written. */
export interface ManifestObject {
  readonly key: string;
  readonly body: string;
}

/** The manifests of a backup, the summary last: without it there is no backup. */
export function manifestObjects(facts: BackupFacts): readonly ManifestObject[] {
  const layout = backupLayout(facts.backupId);
  const lines = fileLines(facts.files);
  const summary = summaryOf(facts);
  return [
    { key: layout.migrationManifest, body: sealManifest(migrationManifestOf(facts)) },
    { key: layout.manifestFiles, body: lines },
    { key: layout.manifestFilesMd5, body: md5Of(lines) },
    { key: layout.manifestSummaryMd5, body: md5Of(summary) },
    { key: layout.manifestSummary, body: summary },
  ];
}

function fileLines(files: readonly BackupFile[]): string {
  return files
    .map(({ itemCount, md5, etag, key }): ManifestFile => ({
      itemCount,
      md5Checksum: md5,
      etag,
      dataFileS3Key: key,
    }))
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');
}

/** Field for field as the export's, without `exportArn`: no export has taken place. */
function summaryOf(facts: BackupFacts): string {
  const { backupId, startedAt, finishedAt, table, kmsKeyArn } = facts;
  return JSON.stringify({
    version: '2020-06-30',
    startTime: startedAt,
    endTime: finishedAt,
    tableArn: table.tableArn,
    tableId: table.tableId,
    exportTime: new Date(backupTime(backupId)).toISOString(),
    s3Bucket: facts.bucket,
    s3Prefix: null,
    s3SseAlgorithm: kmsKeyArn === undefined ? 'AES256' : 'KMS',
    s3SseKmsKeyId: kmsKeyArn ?? null,
    manifestFilesS3Key: backupLayout(backupId).manifestFiles,
    billedSizeBytes: facts.tableBytes,
    itemCount: sumOf(facts.files, 'itemCount'),
    outputFormat: 'DYNAMODB_JSON',
    exportType: 'FULL_EXPORT',
  });
}

const sumOf = (files: readonly BackupFile[], field: 'itemCount' | 'bytes'): number =>
  files.reduce((total, file) => total + file[field], 0);

/** The manifest's text, with the SHA-256 of everything else in it as its last field. */
function sealManifest(manifest: MigrationManifest): string {
  const text = JSON.stringify(manifest);
  return JSON.stringify({ ...manifest, manifestSha256: hash('sha256', text, 'base64') });
}

function migrationManifestOf(facts: BackupFacts): MigrationManifest {
  const { startedAt, finishedAt, segments, files } = facts;
  return {
    version: 1,
    backupId: facts.backupId,
    runId: facts.runId,
    itemCount: sumOf(files, 'itemCount'),
    bytes: sumOf(files, 'bytes'),
    tableBytes: facts.tableBytes,
    digest: facts.digest,
    scan: { startedAt, finishedAt, segments, consistentRead: true },
    table: facts.table,
    files: files.map((file) => backupFileSchema.parse(file)),
  };
}

const md5Of = (text: string): string => hash('md5', text, 'base64');

export function parseSummary(text: string): ManifestSummary | undefined {
  return parsed(manifestSummarySchema, text);
}

/** What a text claims to be, or `undefined` where it is not that. */
function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** `undefined` when any line is not what the export would write. */
export function parseManifestFiles(text: string): readonly ManifestFile[] | undefined {
  const lines = text.split('\n').filter((line) => line !== '');
  const files = lines.map((line) => parsed(manifestFileSchema, line));
  return files.every((file) => file !== undefined) ? files : undefined;
}

/** The manifest, and whether it is unchanged by its own checksum. */
export function parseMigrationManifest(
  text: string,
): { readonly manifest: MigrationManifest; readonly isIntact: boolean } | undefined {
  const manifest = parsed(migrationManifestSchema, text);
  if (manifest === undefined) return undefined;
  const { manifestSha256, ...rest } = JSON.parse(text) as Record<string, unknown>;
  return { manifest, isIntact: manifestSha256 === hash('sha256', JSON.stringify(rest), 'base64') };
}
