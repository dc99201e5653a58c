import type { WireItem, WireValue } from '../../shared/items/wire-item.ts';

const BRANCHES = ['North', 'Harbour', 'University'];

/** Books with none to four copies; what `npm start` fills `books` with. `random` gives numbers in [0, 1). */
export function* generate(count: number, random: () => number): Generator<WireItem> {
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
