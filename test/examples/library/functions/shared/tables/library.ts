import type { TableSpec } from './table-spec.ts';

/** The catalogue: one BOOK item a book and one COPY item for each copy on a shelf. */
export const libraryTable = {
  name: 'library',
  createdBy: 'createProductsEnhancedTable',
  key: { partitionKey: 'bookRef', sortKey: 'entry' },
  attributes: { bookRef: 'S', entry: 'S', branch: 'S', barcode: 'S' },
  billing: { mode: 'PAY_PER_REQUEST' },
  indexes: [
    {
      name: 'BranchIndex',
      key: { partitionKey: 'branch', sortKey: 'barcode' },
      projection: 'KEYS_ONLY',
    },
  ],
} as const satisfies TableSpec;

/** Partition of a book and its copies. */
export function bookRef(isbn: string): `ISBN#${string}` {
  return `ISBN#${isbn}`;
}

/** Sort key of the item that describes the book itself. */
export const BOOK_ENTRY = 'BOOK';

/** Sort key of a copy; barcodes are unique inside a book. */
export function copyEntry(barcode: string): `COPY#${string}` {
  return `COPY#${barcode}`;
}
