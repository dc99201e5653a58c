import { DamagedFileError, decodeItems, digestOfLine, fetchDataFile } from '../../files/read-file.ts';
import type { TargetFileWriter } from '../../files/target-file.ts';
import type { ObjectStore } from '../../aws/object-store.ts';
import { type Expiry, isExpired, willExpire } from '../../aws/time-to-live.ts';
import type { BackupFile } from '../../ledger/file.ts';
import { MAX_SAMPLES, type QuarantinedProduct } from '../../ledger/shard.ts';
import {
  TRANSFORM_COUNTERS,
  type TargetFile,
  type TransformCounter,
  type TransformedFile,
} from '../../ledger/transformed-file.ts';
import {
  kindCounter,
  type Migration,
  type TargetItem,
  type TransformContext,
} from '../../migration/migration.ts';
import { indexLoad } from '../../migration/index-entries.ts';
import { type Quarantined, quarantineLine } from '../../migration/refusal.ts';
import { createDigestSum, type Digest, type DigestSum, equalDigests } from '../../items/digest.ts';
import { keyText } from '../../items/item-key.ts';
import { BYTES_PER_WRITE_UNIT, itemSizeBytes } from '../../items/item-size.ts';
import type { WireItem } from '../../items/wire-item.ts';
import { shorten } from '../../text.ts';
import { assertSameObject } from './prove-again.ts';

/** What a transform depends on besides the file; the same for every file of a run. */
export interface FileContext {
  readonly migration: Pick<Migration, 'transform' | 'source'>;
  readonly context: TransformContext;
  readonly expiry: Expiry;
  /** Where the items of each table go, by the table's name; none where they are not kept. */
  readonly writers: ReadonlyMap<string, TargetFileWriter>;
}

/** What one data file has become, but for where its items lie. */
export interface FileTransform extends Pick<TransformedFile, 'counts' | 'kinds' | 'source' | 'quarantined'> {
  /** Of the items of each table, by the table's name. */
  readonly expected: ReadonlyMap<string, Pick<TargetFile, 'digest' | 'writeUnits'>>;
  /** JSON lines; empty when nothing was quarantined. */
  readonly quarantine: string;
}

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
  { migration, context, expiry, writers }: FileContext,
): Promise<FileTransform> {
  const { body, etag } = await fetchDataFile(objects, file);
  const tally = createTally(migration, expiry);
  for await (const read of decodeItems(body, file.key)) {
    const { item } = read;
    tally.addSource(item, digestOfLine(read, file));
    const result = migration.transform(item, context);
    if (result.kind === 'quarantined') {
      tally.addQuarantined(item, result);
      continue;
    }
    tally.addTargets(result.items);
    for (const { table, text } of result.items) await writers.get(table.name)?.write(text);
  }
  const transformed = tally.result();
  assertSame(file, { etag, source: transformed.source });
  return transformed;
}

/** Adds up what the items of one file become. */
function createTally({ source: { key } }: FileContext['migration'], expiry: Expiry) {
  const source = createDigestSum();
  const zeros = Object.fromEntries(TRANSFORM_COUNTERS.map((name) => [name, 0]));
  const counts = zeros as Record<TransformCounter, number>;
  const lines: string[] = [];
  const quarantined: QuarantinedProduct[] = [];
  const kinds: Record<string, number> = {};
  const tables = new Map<string, TableTally>();
  return {
    addSource(item: WireItem, digest: string): void {
      source.add(digest);
      counts.products += 1;
      counts.sourceBytes += itemSizeBytes(item);
      if (willExpire(item, expiry)) counts.expiring += 1;
      if (isExpired(item, expiry)) counts.expired += 1;
    },
    addQuarantined(item: WireItem, refusal: Quarantined): void {
      const { code, sentence } = refusal;
      counts.quarantined += 1;
      lines.push(quarantineLine(item, refusal));
      const productId = shorten(keyText(item, key), MAX_ID_BYTES);
      if (quarantined.length < MAX_SAMPLES) quarantined.push({ productId, code, sentence });
    },
    addTargets(items: readonly TargetItem[]): void {
      counts.metadata += 1;
      counts.variants += items.length - 1;
      for (const target of items) {
        const bytes = itemSizeBytes(target.item);
        const units = Math.ceil(bytes / BYTES_PER_WRITE_UNIT);
        counts.targetBytes += bytes;
        counts.writeUnitsExpected += units;
        addIndexes(counts, target, bytes);
        const counter = kindCounter(target.table, target.kind);
        kinds[counter] = (kinds[counter] ?? 0) + 1;
        addTarget(tables, target, units);
      }
    },
    result: (): FileTransform => ({
      counts: { ...counts },
      kinds,
      source: source.value(),
      expected: new Map(
        [...tables].map(([name, { sum, writeUnits }]) => [name, { digest: sum.value(), writeUnits }]),
      ),
      quarantine: lines.join(''),
      quarantined,
    }),
  };
}

/** Most tables that are filled have no index. */
function addIndexes(
  counts: Record<TransformCounter, number>,
  { table, item }: TargetItem,
  itemBytes: number,
): void {
  if (table.indexes.length === 0) return;
  const { writeUnits, storageBytes } = indexLoad(item, itemBytes, table);
  counts.indexWriteUnitsExpected += writeUnits;
  counts.indexStorageBytes += storageBytes;
}

interface TableTally {
  readonly sum: DigestSum;
  writeUnits: number;
}

function addTarget(tables: Map<string, TableTally>, { table, digest }: TargetItem, units: number): void {
  const tally = tables.get(table.name) ?? { sum: createDigestSum(), writeUnits: 0 };
  tables.set(table.name, tally);
  tally.sum.add(digest);
  tally.writeUnits += units;
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
