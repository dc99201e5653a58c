import { lookScope, openScan, pagesOf, type ScanPosition, wholeTable } from '../shared/copy/scan.ts';
import type { Runtime } from '../shared/runtime.ts';
import { keyText, type TableKey } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { type Contents, type Inspection, openLook } from './inspection.ts';

/** How to tell the run's items in a table from foreign ones. */
export interface Judgement {
  /** Items that are no reason to keep the table. */
  readonly isHarmless: (item: WireItem) => boolean;
  readonly key: TableKey;
}

/**
 * A consistent Scan that ends at the first item that must not be lost. Continues where an earlier turn ran out of time.
 */
export async function inspectTable(
  runtime: Runtime,
  inspection: Inspection,
  { isHarmless, key }: Judgement,
): Promise<Contents> {
  const { tableName, deadline, meter } = inspection;
  const look = await openLook<ScanPosition>(runtime, inspection);
  const scan = openScan({ ...lookScope(runtime, deadline), meter }, wholeTable(tableName), look.place);
  for await (const page of pagesOf(scan)) {
    const foreign = page.find((item) => !isHarmless(item));
    if (foreign !== undefined)
      return { kind: 'something of the shop', what: `first of them: ${keyText(foreign, key)}` };
    if (scan.position.isDone || runtime.clock.now() < deadline) continue;
    await look.save(scan.position);
    return { kind: 'unknown' };
  }
  await look.save(undefined);
  return { kind: 'nothing of the shop' };
}
