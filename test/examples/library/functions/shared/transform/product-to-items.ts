import { BOOK_ENTRY, bookRef, copyEntry } from '../tables/library.ts';
import { attribute, stringAttribute, type WireItem, wireItem } from '../wire/wire-item.ts';
import { finishItems } from './finish-items.ts';
import { refuseReserved, RESERVED_IN_EVERY_ITEM } from './limits.ts';
import { ProductRefusal, refuse } from './quarantine.ts';
import type { TransformContext } from './transform-context.ts';
import type { TransformedItems, TransformResult } from './transform-types.ts';

/** BOOK and COPY are given these anew. */
const RESERVED_IN_BOOK = [...RESERVED_IN_EVERY_ITEM, 'copyCount'];
const RESERVED_IN_COPY = [...RESERVED_IN_EVERY_ITEM, 'isbn'];

/** Times of the run that stand in for missing ones: two runs make them differently of one book. */
export const madeTimes: readonly string[] = ['cataloguedAt'];

/**
 * What a book becomes in `library`; or, where it cannot become that without losing something, why not.
 * Every attribute of the book stands in BOOK as it was, but `copies`: each of them becomes a COPY with its
 * own attributes. A book without copies has its BOOK alone.
 */
export function productToItems(book: WireItem, context: TransformContext): TransformResult {
  try {
    return { kind: 'items', ...transform(book, context) };
  } catch (error) {
    if (!(error instanceof ProductRefusal)) throw error;
    return { kind: 'quarantined', code: error.code, sentence: error.message };
  }
}

/** ISBN of the book that a BOOK item describes; no other item says anything about the source. */
export function productIdOf(item: WireItem): string | undefined {
  return stringAttribute(item, 'entry') === BOOK_ENTRY ? stringAttribute(item, 'isbn') : undefined;
}

/** ISBN of the book that an item of the target was made of, whichever item of it. */
export function ownerIdOf(item: WireItem): string | undefined {
  return stringAttribute(item, 'isbn');
}

/** A book that can be told from others, and how a sentence begins that is about it. */
interface Subject {
  readonly book: WireItem;
  readonly isbn: string;
  readonly label: string;
}

function transform(book: WireItem, context: TransformContext): Omit<TransformedItems, 'kind'> {
  const subject = readSubject(book);
  const copies = readCopies(subject);
  const items = [
    bookItem(subject, copies.length, context),
    ...copies.map((copy) => copyItem(subject, copy, context)),
  ];
  refuseSameBarcodes(items, subject);
  return finishItems(items, subject.label);
}

function readSubject(book: WireItem): Subject {
  const isbn = stringAttribute(book, 'isbn');
  if (isbn === undefined || isbn === '') return refuse('MissingIsbn', 'A book has no isbn of type S.');
  const label = `Book ${isbn.slice(0, 80)}`;
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

function bookItem({ book, isbn }: Subject, copyCount: number, context: TransformContext): WireItem {
  const isKept = (name: string): boolean => name !== 'copies' || copyCount === 0;
  return {
    bookRef: { S: bookRef(isbn) },
    entry: { S: BOOK_ENTRY },
    cataloguedAt: { S: context.runStartedAt },
    ...wireItem(Object.entries(book).filter(([name]) => isKept(name))),
    copyCount: { N: String(copyCount) },
    migrationRun: { S: context.runId },
  };
}

/** `branch` and `barcode` are keys of BranchIndex: DynamoDB would refuse the item if they were no texts. */
function copyItem({ isbn, label }: Subject, copy: WireItem, { runId }: TransformContext): WireItem {
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
    migrationRun: { S: runId },
  };
}

function refuseSameBarcodes(items: readonly WireItem[], { label }: Subject): void {
  const entries = new Set(items.map((item) => stringAttribute(item, 'entry')));
  if (entries.size < items.length)
    refuse('DuplicateBarcode', `${label} has two copies with the same barcode.`);
}
