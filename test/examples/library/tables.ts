import { defineTable } from '../../shared/migration/define-table.ts';

/** What members have asked for; a hold that is not collected expires. */
export const holds = defineTable({
  name: 'holds',
  key: { partition: ['isbn', 'S'], sort: ['memberId', 'S'] },
  billing: { mode: 'PAY_PER_REQUEST' },
  timeToLiveAttribute: 'collectBy',
});

/** What members have taken home. */
export const loans = defineTable({
  name: 'loans',
  key: { partition: ['memberId', 'S'], sort: ['loanId', 'S'] },
  billing: { mode: 'PROVISIONED', readUnitsPerSecond: 3, writeUnitsPerSecond: 4 },
  indexes: [
    {
      name: 'DueIndex',
      key: { partition: ['branch', 'S'], sort: ['dueAt', 'N'] },
      projection: 'KEYS_ONLY',
    },
  ],
});

/** What members owe; one item a member. */
export const fines = defineTable({
  name: 'fines',
  key: { partition: ['memberId', 'S'] },
  billing: { mode: 'PAY_PER_REQUEST' },
});

/** The catalogue: one BOOK item a book and one COPY item for each copy on a shelf. */
export const library = defineTable({
  name: 'library',
  key: { partition: ['bookRef', 'S'], sort: ['entry', 'S'] },
  billing: { mode: 'PAY_PER_REQUEST' },
  indexes: [
    {
      name: 'BranchIndex',
      key: { partition: ['branch', 'S'], sort: ['barcode', 'S'] },
      projection: 'KEYS_ONLY',
    },
  ],
  holds: ['BOOK', 'COPY'],
});

const PARTITION_PREFIX = 'ISBN#';

/** Partition of a book and its copies. */
export function bookRef(isbn: string): string {
  return `${PARTITION_PREFIX}${isbn}`;
}

/** ISBN of the book whose partition this is; `undefined` for a partition of anything else. */
export function isbnOf(partition: string): string | undefined {
  const isBook = partition.startsWith(PARTITION_PREFIX) && partition !== PARTITION_PREFIX;
  return isBook ? partition.slice(PARTITION_PREFIX.length) : undefined;
}

/** Sort key of the item that describes the book itself. */
export const BOOK_ENTRY = 'BOOK';

/** Sort key of a copy; barcodes are unique inside a book. */
export function copyEntry(barcode: string): string {
  return `COPY#${barcode}`;
}
