import { quarantineLine } from '../migrations/shop/quarantine.ts';
import { productToItems } from '../migrations/shop/product-to-items.ts';
import type { TransformContext } from '../migrations/shop/transform-context.ts';
import { DamagedFileError, decodeItems, fetchDataFile } from '../shared/files/read-file.ts';
import type { ObjectStore } from '../shared/aws/object-store.ts';
import type { BackupFile } from '../shared/ledger/file.ts';
import type { QuarantinedProduct } from '../shared/ledger/shard.ts';
import { sourceKey } from '../migrations/shop/tables/target-tables.ts';
import { type Expiry, isExpired, willExpire } from '../shared/aws/time-to-live.ts';
import { createDigestSum, type Digest, equalDigests } from '../shared/items/digest.ts';
import { itemSizeBytes } from '../shared/items/item-size.ts';
import { stringAttribute, type WireItem } from '../shared/items/wire-item.ts';
import { shorten } from '../shared/text.ts';

/** What one file's products would become. */
export interface FileTransform {
  readonly products: number;
  readonly metadata: number;
  readonly variants: number;
  readonly quarantined: number;
  /** Source items that time to live deletes sooner or later. */
  readonly expiring: number;
  /** Source items whose time was up when the run began. */
  readonly expired: number;
  /** Of the source items, by DynamoDB's size rule. */
  readonly sourceBytes: number;
  /** Of the target items, by DynamoDB's size rule. */
  readonly targetBytes: number;
  /** What writing the target items costs. */
  readonly writeUnitsExpected: number;
  /** As read back; equal to the file's. */
  readonly source: Digest;
  /** Of the target items. */
  readonly expected: Digest;
  /** JSON lines; empty when nothing was quarantined. */
  readonly quarantine: string;
  /** The first few of them. */
  readonly quarantinedProducts: readonly QuarantinedProduct[];
}

/** Samples a shard keeps. */
export const maxSamples = 20;
const bytesPerWriteUnit = 1024;
/** A sample's code stands behind the id, and must not be what is left out of a report. */
const MAX_ID_BYTES = 120;

function assertSame(file: BackupFile, found: { readonly etag: string; readonly source: Digest }): void {
  const { key, itemCount, etag, digest } = file;
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
  if (found.etag !== etag)
    throw new DamagedFileError(
      'ChangedBytes',
      key,
      `Data file ${key} was written again since: its ETag is ${found.etag}, not ${etag}.`,
    );
}

/** What a rehearsal depends on besides the file; the same for every file of a run. */
export interface RehearsalContext {
  readonly context: TransformContext;
  readonly expiry: Expiry;
}

/** Adds up what the products of one file become. */
function createTally({ context, expiry }: RehearsalContext) {
  const source = createDigestSum();
  const expected = createDigestSum();
  const counts = {
    products: 0,
    metadata: 0,
    variants: 0,
    quarantined: 0,
    expiring: 0,
    expired: 0,
    sourceBytes: 0,
    targetBytes: 0,
    writeUnitsExpected: 0,
  };
  const lines: string[] = [];
  const quarantinedProducts: QuarantinedProduct[] = [];
  const addTarget = (item: WireItem): void => {
    const bytes = itemSizeBytes(item);
    expected.add(item);
    counts.targetBytes += bytes;
    counts.writeUnitsExpected += Math.ceil(bytes / bytesPerWriteUnit);
  };
  return {
    add(product: WireItem): void {
      source.add(product);
      counts.products += 1;
      counts.sourceBytes += itemSizeBytes(product);
      if (willExpire(product, expiry)) counts.expiring += 1;
      if (isExpired(product, expiry)) counts.expired += 1;
      const result = productToItems(product, context);
      if (result.kind === 'quarantined') {
        counts.quarantined += 1;
        lines.push(quarantineLine(product, result));
        const id = stringAttribute(product, sourceKey.partitionKey) ?? '';
        const productId = shorten(id, MAX_ID_BYTES);
        const { code, sentence } = result;
        if (quarantinedProducts.length < maxSamples) quarantinedProducts.push({ productId, code, sentence });
        return;
      }
      counts.metadata += 1;
      counts.variants += result.items.length - 1;
      for (const item of result.items) addTarget(item);
    },
    result: (): FileTransform => ({
      ...counts,
      source: source.value(),
      expected: expected.value(),
      quarantine: lines.join(''),
      quarantinedProducts,
    }),
  };
}

/**
 * Reads a data file back, proves that it holds what was scanned, and transforms every product without
 * writing any.
 *
 * @throws DamagedFileError naming the file and the damage; not retried.
 */
export async function transformFile(
  objects: ObjectStore,
  file: BackupFile,
  context: RehearsalContext,
): Promise<FileTransform> {
  const { body, etag } = await fetchDataFile(objects, file);
  const tally = createTally(context);
  for await (const product of decodeItems(body, file.key)) tally.add(product);
  const rehearsal = tally.result();
  assertSame(file, { etag, source: rehearsal.source });
  return rehearsal;
}
