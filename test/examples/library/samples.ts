import type { WireItem } from '../../shared/items/wire-item.ts';

const copy = (barcode: string, more: WireItem = {}) => ({
  M: { barcode: { S: barcode }, branch: { S: 'North' }, ...more },
});

/** Books that between them take every way through the transform; a book belongs here for each rule that it gets. */
export const SAMPLES: readonly WireItem[] = [
  { isbn: { S: '1' }, title: { S: 'No copies' } },
  { isbn: { S: '2' }, title: { S: 'Empty list' }, copies: { L: [] }, cataloguedAt: { S: '1999-01-01' } },
  {
    isbn: { S: '3' },
    title: { S: 'Two copies' },
    copies: { L: [copy('a'), copy('b', { status: { S: 'lost' }, price: { N: '9.5' } })] },
  },
  { isbn: { S: '4' } },
  { isbn: { S: '5' }, title: { S: 'No list' }, copies: { N: '2' } },
  { isbn: { S: '6' }, title: { S: 'No map' }, copies: { L: [{ S: 'a' }] } },
  { isbn: { S: '7' }, title: { S: 'No branch' }, copies: { L: [{ M: { barcode: { S: 'a' } } }] } },
  { isbn: { S: '8' }, title: { S: 'Same barcode' }, copies: { L: [copy('a'), copy('a')] } },
  { isbn: { S: '9' }, title: { S: 'Reserved' }, copyCount: { N: '3' } },
  { isbn: { S: '10' }, title: { S: 'Reserved' }, copies: { L: [copy('a', { isbn: { S: '11' } })] } },
];
