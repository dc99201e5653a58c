import { finesTable } from './fines.ts';
import { holdsTable } from './holds.ts';
import { libraryTable } from './library.ts';
import { loansTable } from './loans.ts';
import type { TableSpec } from './table-spec.ts';

/** The new data model, in the order in which the tables are listed and rolled back. */
export const targetTables: readonly TableSpec[] = [holdsTable, loansTable, finesTable, libraryTable];

/** The one table that books are migrated into. */
export const catalogueTable: TableSpec = libraryTable;

/** What summaries call a book's first item there, and its others. */
export const catalogueItemNames = { first: 'BOOK', others: 'COPY' } as const;

/** The table that the library runs on; the deployment parameter `sourceTable` may name another. */
export const sourceTableName = 'books';

/** The key that the source table must have. */
export const sourceKey = { partitionKey: 'isbn', type: 'S' } as const;
