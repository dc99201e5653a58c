import { defineMigration } from '../../shared/migration/define-migration.ts';
import { bookRef, fines, holds, isbnOf, library, loans } from './tables.ts';
import { bookItems } from './transform.ts';

/** A library's `books` to a catalogue with an item for each copy, beside holds, loans and fines. */
export const migration = defineMigration({
  source: { name: 'books', key: { partition: ['isbn', 'S'] } },
  targets: { holds, loans, fines, library },
  transform: (book, { put, ...tools }) => put({ library: bookItems(book, tools) }),
  belongsTo: {
    library: {
      sourceKeyOf: (key) => {
        const isbn = isbnOf(key.bookRef.S);
        return isbn === undefined ? undefined : { isbn: { S: isbn } };
      },
      partitionsOf: ({ isbn }) => [{ S: bookRef(isbn.S) }],
    },
  },
  madeAttributes: ['cataloguedAt'],
  nouns: { item: 'book', items: 'books' },
});
