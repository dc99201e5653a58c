import { expect, it } from 'vitest';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { EngineClient } from '../../../workflow/local/gateway/engine-client.ts';
import { loadProducts } from '../../../workflow/local/products/load-products.ts';

interface BatchBody {
  readonly RequestItems?: Readonly<Record<string, readonly { readonly PutRequest: { Item: WireItem } }[]>>;
}

/** An engine that writes the first batch only when the product `last` is written, and the names that it holds by id. */
function engineWithSlowFirst(): {
  readonly engine: EngineClient;
  readonly names: ReadonlyMap<string, string>;
} {
  const names = new Map<string, string>();
  const isLastWritten = Promise.withResolvers<void>();
  let sent = 0;
  const write = async (items: readonly WireItem[]): Promise<void> => {
    sent += 1;
    if (sent === 1) await isLastWritten.promise;
    for (const { id, name } of items as readonly { id: { S: string }; name: { S: string } }[])
      names.set(id.S, name.S);
    if (names.has('last')) isLastWritten.resolve();
  };
  const engine: EngineClient = {
    url: 'http://127.0.0.1:1',
    close: () => undefined,
    async send({ body }) {
      const { RequestItems } = JSON.parse(body.toString()) as BatchBody;
      if (RequestItems !== undefined)
        await write(
          Object.values(RequestItems).flatMap((puts) => puts.map(({ PutRequest }) => PutRequest.Item)),
        );
      const answer = RequestItems === undefined ? { Table: { TableStatus: 'ACTIVE' } } : {};
      return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(answer)) };
    },
  };
  return { engine, names };
}

const product = (id: string, name: string): WireItem => ({ id: { S: id }, name: { S: name } });
const others = (prefix: string): readonly WireItem[] =>
  Array.from({ length: 24 }, (_, index) => product(`${prefix}-${index}`, prefix));

it('the later one of two products with one id stays, also where the batch of the first is slow', async () => {
  const { engine, names } = engineWithSlowFirst();
  const products = [
    product('same', 'first'),
    ...others('a'),
    product('same', 'second'),
    ...others('b'),
    product('last', 'last'),
  ];
  expect(await loadProducts({ engine, tableName: 'products', products })).toBe(51);
  expect(names.get('same')).toBe('second');
});
