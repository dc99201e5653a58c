import type { WireItem, WireValue } from '../../../functions/shared/items/wire-item.ts';

/** A book, and the items it must become; written down by hand, not computed by the example's transform. */
export interface ExpectedBook {
  readonly book: WireItem;
  /** Without the migration's own marks. `madeAt`: ISO 8601, start of the run. */
  readonly becomes: (madeAt: string) => readonly WireItem[];
}

/** A book that must be quarantined. */
export interface RefusedBook {
  readonly book: WireItem;
  readonly code: string;
}

const S = (text: string) => ({ S: text });
const copies = (...maps: readonly WireItem[]): WireValue => ({ L: maps.map((M) => ({ M })) });

function withoutCopies(isbn: string): ExpectedBook {
  const book = { isbn: S(isbn), title: S('Lost and found'), pages: { N: '312' } };
  return {
    book,
    becomes: (madeAt) => [
      {
        bookRef: S(`ISBN#${isbn}`),
        entry: S('BOOK'),
        isbn: S(isbn),
        title: S('Lost and found'),
        pages: { N: '312' },
        cataloguedAt: S(madeAt),
        copyCount: { N: '0' },
      },
    ],
  };
}

function withTwoCopies(isbn: string): ExpectedBook {
  const first = {
    barcode: S(`${isbn}/a`),
    branch: S('North'),
    acquired: S('2019-04-01'),
    price: { N: '9.5' },
  };
  const second = { barcode: S(`${isbn}/b`), branch: S('Harbour'), status: S('lost') };
  return {
    book: { isbn: S(isbn), title: S('Zwölf 夜'), authors: { SS: ['A', 'B'] }, copies: copies(first, second) },
    becomes: (madeAt) => [
      {
        bookRef: S(`ISBN#${isbn}`),
        entry: S('BOOK'),
        isbn: S(isbn),
        title: S('Zwölf 夜'),
        authors: { SS: ['A', 'B'] },
        cataloguedAt: S(madeAt),
        copyCount: { N: '2' },
      },
      {
        bookRef: S(`ISBN#${isbn}`),
        entry: S(`COPY#${isbn}/a`),
        isbn: S(isbn),
        barcode: S(`${isbn}/a`),
        branch: S('North'),
        acquired: S('2019-04-01'),
        price: { N: '9.5' },
        status: S('available'),
      },
      {
        bookRef: S(`ISBN#${isbn}`),
        entry: S(`COPY#${isbn}/b`),
        isbn: S(isbn),
        barcode: S(`${isbn}/b`),
        branch: S('Harbour'),
        status: S('lost'),
      },
    ],
  };
}

/** Its own time, an empty list of copies, and attributes of every type. */
function withAttributesOfItsOwn(isbn: string): ExpectedBook {
  const kept: WireItem = {
    isbn: S(isbn),
    title: S('Everything'),
    cataloguedAt: S('1998-11-30'),
    copies: { L: [] },
    cover: { B: 'AAECAw==' },
    scans: { BS: ['AQ==', 'Ag=='] },
    ratings: { NS: ['1', '2.5'] },
    weight: { N: '12345678901234567890123456789012345678' },
    inPrint: { BOOL: false },
    subtitle: { NULL: true },
    edition: { M: { number: { N: '2' }, notes: { L: [S(''), { M: {} }] } } },
  };
  return {
    book: kept,
    becomes: () => [{ ...kept, bookRef: S(`ISBN#${isbn}`), entry: S('BOOK'), copyCount: { N: '0' } }],
  };
}

const kinds = [withoutCopies, withTwoCopies, withAttributesOfItsOwn];

/** As many books of every kind. */
export function booksOf(count: number): readonly ExpectedBook[] {
  return Array.from({ length: count / kinds.length }, (_, index) =>
    kinds.map((kind, number) => kind(`978-${index}-${number}`)),
  ).flat();
}

const copy = { barcode: S('same'), branch: S('North') };

/** One book for each way of being refused that a table keyed by `isbn` can hold. */
export const refusedBooks: readonly RefusedBook[] = [
  { book: { isbn: S('no-title'), pages: { N: '1' } }, code: 'MissingTitle' },
  { book: { isbn: S('no-list'), title: S('x'), copies: { N: '2' } }, code: 'InvalidCopies' },
  {
    book: { isbn: S('no-branch'), title: S('x'), copies: copies({ barcode: S('a'), branch: { N: '1' } }) },
    code: 'InvalidCopies',
  },
  { book: { isbn: S('twice'), title: S('x'), copies: copies(copy, copy) }, code: 'DuplicateBarcode' },
  { book: { isbn: S('own-count'), title: S('x'), copyCount: { N: '7' } }, code: 'ReservedAttribute' },
];
