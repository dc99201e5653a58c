import { readManifest } from '../shared/files/backup-catalog.ts';
import type { MigrationManifest } from '../shared/files/manifests.ts';
import { readItems } from '../shared/files/read-file.ts';
import { keyOfDescription } from '../shared/aws/table-description.ts';
import { createPipeline } from '../shared/copy/pipeline.ts';
import { lookScope, NOT_BEGUN, openScan, type ScanPosition, wholeTable } from '../shared/copy/scan.ts';
import { compareByKey, isEqual } from '../shared/copy/verify/compare-by-key.ts';
import { retry } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { keyText, type TableKey } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { type Contents, type Inspection, openLook } from './inspection.ts';

/** Every file of the backup is looked up in the table first. Then the table's items are counted. */
interface Place {
  readonly filesDone: number;
  /** Items of these files that are in the table as they were backed up. */
  readonly equal: number;
  readonly counted: number;
  readonly position: ScanPosition;
}

const BEGINNING: Place = { filesDone: 0, equal: 0, counted: 0, position: NOT_BEGUN };
const KEYS_TOGETHER = 100;
const READS_IN_FLIGHT = 8;

interface Scope {
  readonly runtime: Runtime;
  readonly inspection: Inspection;
  readonly manifest: MigrationManifest;
  readonly key: TableKey;
}

interface Seen {
  equal: number;
  different?: WireItem;
}

async function compare(
  { runtime, inspection, key }: Scope,
  items: readonly WireItem[],
  seen: Seen,
): Promise<void> {
  const { clock } = runtime;
  const { tableName, deadline, meter } = inspection;
  const scope = {
    items: runtime.items,
    tableName,
    key,
    retry: <T>(attempt: () => Promise<T>) => retry({ clock, deadline }, attempt),
    onRead: (readUnits: number) => {
      meter.readUnits += readUnits;
    },
  };
  for (const { expected, existing } of await compareByKey(scope, items)) {
    if (existing === undefined) continue;
    if (isEqual({ expected, existing })) seen.equal += 1;
    else seen.different = existing;
  }
}

async function compareFile(scope: Scope, file: MigrationManifest['files'][number]): Promise<Seen> {
  const seen: Seen = { equal: 0 };
  const pipeline = createPipeline(READS_IN_FLIGHT);
  try {
    let together: WireItem[] = [];
    const flush = (): Promise<void> => {
      const items = together;
      together = [];
      return items.length === 0 ? Promise.resolve() : pipeline.start(() => compare(scope, items, seen));
    };
    for await (const { item } of readItems(scope.runtime.objects, file)) {
      together.push(item);
      if (together.length >= KEYS_TOGETHER) await flush();
    }
    await flush();
    await pipeline.finish();
  } finally {
    await pipeline.settle();
  }
  return seen;
}

function changed({ key }: Scope, item: WireItem): Contents {
  return {
    kind: 'something of the shop',
    what: `${keyText(item, key)} is not as it was backed up`,
  };
}

/** One file, or one page of the table. */
async function step(scope: Scope, place: Place): Promise<Place | Contents> {
  const { runtime, inspection, manifest } = scope;
  const { filesDone, equal, counted } = place;
  const file = manifest.files[filesDone];
  if (file !== undefined) {
    const seen = await compareFile(scope, file);
    if (seen.different !== undefined) return changed(scope, seen.different);
    return { ...place, filesDone: filesDone + 1, equal: equal + seen.equal };
  }
  const { tableName, deadline, meter } = inspection;
  const scan = openScan({ ...lookScope(runtime, deadline), meter }, wholeTable(tableName), place.position);
  const { items } = await scan.readPage();
  const sum = counted + items.length;
  if (sum > equal)
    return { kind: 'something of the shop', what: `more than the ${equal} that the restore has written` };
  if (scan.position.isDone) return { kind: 'nothing of the shop' };
  return { ...place, counted: sum, position: scan.position };
}

async function isEmpty(runtime: Runtime, { tableName, deadline, meter }: Inspection): Promise<boolean> {
  const scan = openScan({ ...lookScope(runtime, deadline), limit: 1, meter }, wholeTable(tableName));
  const { items } = await scan.readPage();
  return items.length === 0 && scan.position.isDone;
}

/**
 * Whether a table that a restore created holds only items of the backup, each as it was backed up. If anybody has used
 * the table since, it is kept. Continues where an earlier turn ran out of time.
 *
 * @throws BackupDamagedError if the backup can no longer be read; not retried.
 */
export async function inspectRestored(runtime: Runtime, inspection: Inspection): Promise<Contents> {
  if (await isEmpty(runtime, inspection)) return { kind: 'nothing of the shop' };
  const manifest = await readManifest(runtime.objects, inspection.run.backupId);
  const scope = { runtime, inspection, manifest, key: keyOfDescription(manifest.table) };
  const look = await openLook<Place>(runtime, inspection);
  let place = look.place ?? BEGINNING;
  for (;;) {
    const next = await step(scope, place);
    if ('kind' in next) {
      await look.save(undefined);
      return next;
    }
    place = next;
    if (runtime.clock.now() >= inspection.deadline) {
      await look.save(place);
      return { kind: 'unknown' };
    }
  }
}
