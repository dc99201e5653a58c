import type { WireItem, WireValue } from '../../../functions/shared/items/wire-item.ts';
import { seededRandom } from '../gateway/seeded-random.ts';

/** How many books, and which: the same seed makes the same books. */
export interface GenerateOptions {
  readonly count: number;
  readonly seed?: number;
}

const BRANCHES = ['North', 'Harbour', 'University'];

/** Books with none to four copies; what `npm start` fills `books` with. */
export function* generateProducts({ count, seed = 1 }: GenerateOptions): Generator<WireItem> {
  const random = seededRandom(seed);
  for (let n = 1; n <= count; n += 1) {
    const copies = Array.from({ length: Math.floor(random() * 5) }, (_, index) =>
      copy(`${n}-${index}`, random),
    );
    yield {
      isbn: { S: String(9_780_000_000_000 + n) },
      title: { S: `The Book of Migrations, volume ${n}` },
      authors: { SS: ['Ada Cataloguer', 'Eve Index'] },
      pages: { N: String(80 + Math.floor(random() * 900)) },
      ...(copies.length > 0 && { copies: { L: copies } }),
    };
  }
}

function copy(barcode: string, random: () => number): WireValue {
  const branch = BRANCHES[Math.floor(random() * BRANCHES.length)] ?? 'North';
  return { M: { barcode: { S: barcode }, branch: { S: branch }, acquired: { S: '2019-04-01' } } };
}
