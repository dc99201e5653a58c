import { TransformError } from '../../../functions/shared/errors.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { itemsOf, product, type SyncBench } from './sync-bench.ts';

/** Operations that write items one by one. */
export const WRITES: ReadonlySet<string> = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);

export const ids = ['1', '2', '3', '4'] as const;

/** One product each that is new, changed, has lost a size, and was deleted. @returns their ids */
export async function fill(bench: SyncBench, prefix = ''): Promise<readonly string[]> {
  const own = ids.map((id) => `${prefix}${id}`);
  const [added = '', changed = '', smaller = '', gone = ''] = own;
  for (const id of [changed, smaller, gone]) await bench.putTarget(...itemsOf(product(id)));
  await bench.putSource(
    product(added),
    product(changed, { price: { S: '170' } }),
    product(smaller, { sizes: { L: [{ S: 'M' }] } }),
  );
  return own;
}

export const idOf = (item: WireItem): string => stringAttribute(item, 'id') ?? '';

/** An answer of DynamoDB. */
export const awsError = (name: string, httpStatusCode = 400): Error =>
  Object.assign(new Error(`${name} for a test`), { name, $metadata: { httpStatusCode } });
/** No answer at all. */
export const silence = (): Error => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });

/** A runtime whose transform throws at these products: a mistake in the migration's code. */
export function throwing(runtime: Runtime, ...stuck: readonly string[]): Runtime {
  const { migration } = runtime;
  const transform: Runtime['migration']['transform'] = (item, context) => {
    const id = idOf(item);
    if (stuck.includes(id)) throw new TransformError(`Product ${id} made the transform throw.`);
    return migration.transform(item, context);
  };
  return { ...runtime, migration: { ...migration, transform } };
}
