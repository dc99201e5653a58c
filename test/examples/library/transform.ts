import { attribute, stringAttribute, type WireItem, wireItem } from '../../shared/items/wire-item.ts';
import { MIGRATION_MARKS, refuse, refuseReserved } from '../../shared/migration/refusal.ts';
import { BOOK_ENTRY, bookRef, copyEntry } from './tables.ts';

/** BOOK and COPY get these from the migration: a source that had them would lose its own. */
const RESERVED = ['bookRef', 'entry', ...MIGRATION_MARKS];
const RESERVED_IN_BOOK = [...RESERVED, 'copyCount'];
const RESERVED_IN_COPY = [...RESERVED, 'isbn'];

/** An item of `library`. */
type LibraryItem = WireItem & {
  readonly bookRef: { readonly S: string };
  readonly entry: { readonly S: string };
};

/** What the transform is given besides the book. */
interface BookTools {
  /** ISO 8601; stands in for a time that the source lacks. */
  readonly startedAt: string;
  readonly label: string;
}

/** A book that can be told from others, and how a sentence begins that is about it. */
interface Subject {
  readonly book: WireItem;
  readonly isbn: string;
  readonly label: string;
}

/**
 * What a book becomes in `library`. Every attribute of the book stands in BOOK as it was, but `copies`: each of them
 * becomes a COPY with its own attributes. A book without copies has its BOOK alone.
 *
 * @throws ItemRefusal where the book cannot become that without losing something
 */
export function bookItems(
  book: WireItem,
  tools: BookTools,
): { readonly BOOK: readonly LibraryItem[]; readonly COPY: readonly LibraryItem[] } {
  const subject = readSubject(book, tools);
  const copies = readCopies(subject);
  const copyItems = copies.map((copy) => copyItem(subject, copy));
  refuseSameBarcodes(copyItems, subject);
  return { BOOK: [bookItem(subject, copies.length, tools)], COPY: copyItems };
}

function readSubject(book: WireItem, { label }: BookTools): Subject {
  const isbn = stringAttribute(book, 'isbn') ?? '';
  const title = stringAttribute(book, 'title');
  if (title === undefined || title === '') return refuse('MissingTitle', `${label} has no title of type S.`);
  refuseReserved(RESERVED_IN_BOOK, book, label);
  return { book, isbn, label };
}

function readCopies({ book, label }: Subject): readonly WireItem[] {
  const copies = attribute(book, 'copies');
  if (copies === undefined) return [];
  if (!('L' in copies)) return refuse('InvalidCopies', `${label} has copies that are no list.`);
  return copies.L.map((copy) =>
    'M' in copy ? copy.M : refuse('InvalidCopies', `${label} has a copy that is no map.`),
  );
}

function bookItem({ book, isbn }: Subject, copyCount: number, { startedAt }: BookTools): LibraryItem {
  const isKept = (name: string): boolean => name !== 'copies' || copyCount === 0;
  return {
    bookRef: { S: bookRef(isbn) },
    entry: { S: BOOK_ENTRY },
    cataloguedAt: { S: startedAt },
    ...wireItem(Object.entries(book).filter(([name]) => isKept(name))),
    copyCount: { N: String(copyCount) },
  };
}

/** `branch` and `barcode` are keys of BranchIndex: DynamoDB would refuse the item if they were no texts. */
function copyItem({ isbn, label }: Subject, copy: WireItem): LibraryItem {
  const [barcode, branch] = ['barcode', 'branch'].map((name) => stringAttribute(copy, name) ?? '');
  if (!barcode || !branch)
    return refuse('InvalidCopies', `${label} has a copy without a barcode and a branch of type S.`);
  refuseReserved(RESERVED_IN_COPY, copy, `A copy of ${label}`);
  return {
    bookRef: { S: bookRef(isbn) },
    entry: { S: copyEntry(barcode) },
    isbn: { S: isbn },
    status: { S: 'available' },
    ...copy,
  };
}

function refuseSameBarcodes(copies: readonly LibraryItem[], { label }: Subject): void {
  const entries = new Set(copies.map(({ entry }) => entry.S));
  if (entries.size < copies.length)
    refuse('DuplicateBarcode', `${label} has two copies with the same barcode.`);
}
