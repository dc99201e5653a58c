import { retry } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { keyText, type TableKey } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { type Contents, findPlace, type Inspection, savePlace } from './inspection.ts';

/** How to tell the items of a table, and what to call them. */
export interface Judgement {
  /** Items that are no reason to keep the table. */
  readonly isHarmless: (item: WireItem) => boolean;
  readonly key: TableKey;
}

/** A consistent Scan up to the first item that must not be lost; goes on where an earlier turn ran out of time. */
export async function inspectTable(
  runtime: Runtime,
  inspection: Inspection,
  { isHarmless, key }: Judgement,
): Promise<Contents> {
  const { clock, items } = runtime;
  const { tableName, deadline } = inspection;
  let exclusiveStartKey = await findPlace<WireItem>(runtime, inspection);
  do {
    const request = { tableName, segment: 0, totalSegments: 1, exclusiveStartKey };
    const page = await retry({ clock, deadline }, () => items.scanPage(request));
    const foreign = page.items.find((item) => !isHarmless(item));
    if (foreign !== undefined)
      return { kind: 'something of the shop', what: `first of them: ${keyText(foreign, key)}` };
    exclusiveStartKey = page.lastEvaluatedKey;
    if (exclusiveStartKey !== undefined && clock.now() >= deadline) {
      await savePlace(runtime, inspection, exclusiveStartKey);
      return { kind: 'unknown' };
    }
  } while (exclusiveStartKey !== undefined);
  await savePlace(runtime, inspection, undefined);
  return { kind: 'nothing of the shop' };
}
