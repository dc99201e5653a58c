import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScanPage, ScanRequest } from '../../../functions/shared/aws/item-table.ts';
import { readPace } from '../../../functions/shared/copy/read-pace.ts';
import {
  openScan,
  pagesOf,
  type ScanPosition,
  type ScanScope,
  wholeTable,
} from '../../../functions/shared/copy/scan.ts';
import { scanItems } from '../../../functions/shared/copy/scan-items.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { isTransient } from '../../../functions/shared/retry.ts';

const KEY = [{ name: 'id', type: 'S' }] as const;
const SEGMENT = wholeTable('products');
const idOf = (item: WireItem): string => stringAttribute(item, 'id') ?? '';
const named = (name: string): Error => Object.assign(new Error(name), { name });

/** A table of so many items in pages of given sizes, which refuses some of the requests. */
function pagedTable(size: number, pageSizes: readonly number[] = [2], refused: readonly boolean[] = []) {
  const items = Array.from({ length: size }, (_, index) => ({ id: { S: String(index).padStart(4, '0') } }));
  const requests: ScanRequest[] = [];
  const scanPage = async (request: ScanRequest): Promise<ScanPage> => {
    const count = requests.push(request);
    if (refused[count - 1] === true) throw named('ThrottlingException');
    const after = request.exclusiveStartKey === undefined ? '' : idOf(request.exclusiveStartKey);
    const rest = items.filter((item) => idOf(item) > after);
    const page = rest.slice(0, request.limit ?? pageSizes[count % pageSizes.length] ?? 1);
    const last = page.length < rest.length ? page.at(-1) : undefined;
    return { items: page, readUnits: 1, bytes: 10, ...(last && { lastEvaluatedKey: last }) };
  };
  return { ids: items.map(idOf), requests, scanPage };
}

function scopeOf({ scanPage }: Pick<ReturnType<typeof pagedTable>, 'scanPage'>) {
  const meter = { readUnits: 0, throttles: 0 };
  const scope = {
    items: { scanPage },
    meter,
    retry: async <T>(attempt: () => Promise<T>, onRetry: (error: unknown) => void): Promise<T> => {
      for (;;) {
        try {
          return await attempt();
        } catch (error) {
          if (!isTransient(error)) throw error;
          onRetry(error);
        }
      }
    },
  } satisfies ScanScope;
  return scope;
}

describe('a Scan of a segment', () => {
  it('shows every item once, whatever fails on the way and wherever it goes on', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
    const booleans = fc.array(fc.boolean(), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          size: fc.nat(20),
          sizes,
          refused: booleans,
          failing: booleans,
          isReadingAhead: fc.boolean(),
        }),
        async ({ size, sizes: pageSizes, refused, failing, isReadingAhead }) => {
          const table = pagedTable(size, pageSizes, refused);
          const scope = { ...scopeOf(table), isReadingAhead };
          const seen: string[] = [];
          let start: ScanPosition | undefined;
          for (let turn = 0; start?.isDone !== true; turn += 1) {
            const scan = openScan(scope, SEGMENT, start);
            const take = (items: readonly WireItem[]): void => {
              if (failing[turn] === true) throw new Error('The page could not be taken.');
              seen.push(...items.map(idOf));
            };
            await scan.readPage(take).catch(() => undefined);
            if (!scan.position.isDone) await scan.readPage(take).catch(() => undefined);
            start = scan.position;
          }
          expect(seen).toEqual(table.ids);
        },
      ),
    );
  });

  it('counts what pages cost and how often it was refused', async () => {
    const table = pagedTable(5, [2], [true, false, true, true]);
    const scope = scopeOf(table);
    const pages = [];
    for await (const page of pagesOf(openScan(scope, SEGMENT))) pages.push(page.length);
    expect({ pages, ...scope.meter }).toEqual({ pages: [2, 2, 1], readUnits: 3, throttles: 3 });
  });

  it('asks for the next page while one is worked on, if it is told to', async () => {
    const table = pagedTable(5);
    const scan = openScan({ ...scopeOf(table), isReadingAhead: true }, SEGMENT);
    await scan.readPage(() => expect(table.requests).toHaveLength(2));
    await scan.settle();
  });

  it('asks for no page ahead under a cap, and for pages that the share can pay', async () => {
    const table = pagedTable(5);
    const clock = { now: () => 0, sleep: async () => undefined };
    const pace = readPace({ unitsPerSecond: () => 1, clock, deadline: 0 });
    const scan = openScan({ ...scopeOf(table), pace, isReadingAhead: true }, SEGMENT);
    await scan.readPage();
    expect(table.requests).toEqual([{ ...SEGMENT, exclusiveStartKey: undefined, limit: 4 }]);
  });

  it('says that the table is gone', async () => {
    const scanPage = () => Promise.reject(named('ResourceNotFoundException'));
    await expect(openScan(scopeOf({ scanPage }), SEGMENT).readPage()).rejects.toMatchObject({
      name: 'TableUnavailableError',
      message: expect.stringContaining('products'),
    });
  });
});

describe('the items of a segment', () => {
  it('continue after the last one that was taken', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(12), fc.integer({ min: 1, max: 4 }), fc.nat(12), async (size, page, takes) => {
        const table = pagedTable(size, [page]);
        const taken: string[] = [];
        const takeSome = async (start: ScanPosition | undefined, most: number) => {
          const items = scanItems(openScan(scopeOf(table), SEGMENT, start), KEY);
          while (!items.isAtEnd() && taken.length < most) {
            const next = items.next();
            if (next === undefined) await items.readPage();
            else {
              taken.push(idOf(next));
              items.take();
            }
          }
          return items;
        };
        const before = await takeSome(undefined, takes);
        if (!before.isAtEnd()) await takeSome(before.position(), Number.POSITIVE_INFINITY);
        expect(taken).toEqual(table.ids);
      }),
    );
  });

  it('can be told to continue after another item, with nothing read ahead', async () => {
    const table = pagedTable(6);
    const scan = openScan({ ...scopeOf(table), isReadingAhead: true }, SEGMENT);
    const items = scanItems(scan, KEY);
    await items.readPage();
    items.moveBehind({ id: { S: '0003' }, name: { S: 'in a file already' } });
    await items.readPage();
    expect(items.next()).toEqual({ id: { S: '0004' } });
    await scan.settle();
  });
});
