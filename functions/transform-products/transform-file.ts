import { quarantineLine } from '../migrations/shop/quarantine.ts';
import { productToItems, type TransformResult } from '../migrations/shop/product-to-items.ts';
import type { TransformContext } from '../migrations/shop/transform-context.ts';
import { DamagedFileError, decodeItems, fetchDataFile } from '../shared/files/read-file.ts';
import type { TargetFileWriter } from '../shared/files/target-file.ts';
import type { ObjectStore } from '../shared/aws/object-store.ts';
import type { BackupFile } from '../shared/ledger/file.ts';
import type { QuarantinedProduct } from '../shared/ledger/shard.ts';
import {
  TRANSFORM_COUNTERS,
  type TransformCounter,
  type TransformedFile,
} from '../shared/ledger/transformed-file.ts';
import { sourceKey } from '../migrations/shop/tables/target-tables.ts';
import { type Expiry, isExpired, willExpire } from '../shared/aws/time-to-live.ts';
import { createDigestSum, type Digest, equalDigests } from '../shared/items/digest.ts';
import { itemSizeBytes } from '../shared/items/item-size.ts';
import { stringAttribute, type WireItem } from '../shared/items/wire-item.ts';
import { assertSameObject } from './prove-again.ts';
import { shorten } from '../shared/text.ts';
import { hash } from 'node:crypto';

/** What a transform depends on besides the file; the same for every file of a run. */
export interface FileContext {
  readonly context: TransformContext;
  readonly expiry: Expiry;
  /** Where the target items go; absent where none are kept. */
  readonly writer: TargetFileWriter | undefined;
}

/** What one data file has become, but for where its items lie. */
export interface FileTransform extends Pick<TransformedFile, 'counts' | 'source' | 'quarantined'> {
  /** Of the target items. */
  readonly expected: Digest;
  /** JSON lines; empty when nothing was quarantined. */
  readonly quarantine: string;
}

/** Samples a shard keeps. */
export const MAX_SAMPLES = 20;
const BYTES_PER_WRITE_UNIT = 1024;
/** A sample's code stands behind the id, and must not be what is left out of a report. */
const MAX_ID_BYTES = 120;

/**
 * Reads a data file back, proves that it holds what was scanned, and in the same pass writes what its items become.
 *
 * @throws DamagedFileError naming the file and the damage; not retried.
 */
export async function transformFile(
  objects: ObjectStore,
  file: BackupFile,
  { context, expiry, writer }: FileContext,
): Promise<FileTransform> {
  const { body, etag } = await fetchDataFile(objects, file);
  const tally = createTally(expiry);
  for await (const product of decodeItems(body, file.key)) {
    tally.addSource(product);
    const result = productToItems(product, context);
    if (result.kind === 'quarantined') {
      tally.addQuarantined(product, result);
      continue;
    }
    tally.addTargets(result);
    await writer?.write(result.texts);
  }
  const transformed = tally.result();
  assertSame(file, { etag, source: transformed.source });
  return transformed;
}

/** Adds up what the items of one file become. */
function createTally(expiry: Expiry) {
  const source = createDigestSum();
  const expected = createDigestSum();
  const zeros = Object.fromEntries(TRANSFORM_COUNTERS.map((name) => [name, 0]));
  const counts = zeros as Record<TransformCounter, number>;
  const lines: string[] = [];
  const quarantined: QuarantinedProduct[] = [];
  return {
    addSource(product: WireItem): void {
      source.add(product);
      counts.products += 1;
      counts.sourceBytes += itemSizeBytes(product);
      if (willExpire(product, expiry)) counts.expiring += 1;
      if (isExpired(product, expiry)) counts.expired += 1;
    },
    addQuarantined(product: WireItem, refusal: Parameters<typeof quarantineLine>[1]): void {
      const { code, sentence } = refusal;
      counts.quarantined += 1;
      lines.push(quarantineLine(product, refusal));
      const id = stringAttribute(product, sourceKey.partitionKey) ?? '';
      const productId = shorten(id, MAX_ID_BYTES);
      if (quarantined.length < MAX_SAMPLES) quarantined.push({ productId, code, sentence });
    },
    addTargets({ items, texts }: Extract<TransformResult, { kind: 'items' }>): void {
      counts.metadata += 1;
      counts.variants += items.length - 1;
      // The texts are canonical, so that this is the items' digest.
      for (const text of texts) expected.add(hash('sha256', text));
      for (const item of items) {
        const bytes = itemSizeBytes(item);
        counts.targetBytes += bytes;
        counts.writeUnitsExpected += Math.ceil(bytes / BYTES_PER_WRITE_UNIT);
      }
    },
    result: (): FileTransform => ({
      counts: { ...counts },
      source: source.value(),
      expected: expected.value(),
      quarantine: lines.join(''),
      quarantined,
    }),
  };
}

function assertSame(file: BackupFile, found: { readonly etag: string; readonly source: Digest }): void {
  const { key, itemCount, digest } = file;
  if (found.source.count !== itemCount)
    throw new DamagedFileError(
      'WrongCount',
      key,
      `Data file ${key} holds ${found.source.count} items where the Scan wrote ${itemCount}.`,
    );
  if (!equalDigests(found.source, digest))
    throw new DamagedFileError(
      'WrongDigest',
      key,
      `The items of data file ${key} read back differ from what was scanned (digest).`,
    );
  assertSameObject(file, found.etag);
}
