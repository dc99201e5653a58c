import { attribute, type WireItem } from '../../../../functions/shared/items/wire-item.ts';
import type { Aws } from '../state.ts';
import type { Subject, Work } from '../work.ts';
import { readUnits } from './item-reads.ts';
import { consumed } from './item-writes.ts';
import type { Row, Table } from './table-state.ts';

/** DynamoDB ends a page that has reached this size. */
const PAGE_BYTES = 1_048_576;
/** A page may end earlier, after 1 to this many items. */
const SHORT_PAGES = 3;

/** What a page is read from. It is read item by item, so that the items are not of one moment. */
export interface PageSource {
  readonly table: Table;
  /** The next item; `undefined` at the end. */
  readonly next: () => Pick<Row, 'item' | 'bytes'> | undefined;
  readonly limit: number | undefined;
  readonly isConsistent: boolean;
  readonly isKept: (item: WireItem) => boolean;
  readonly shape: (item: WireItem) => WireItem;
  /** Attributes of the keys under which a next page starts. */
  readonly startNames: readonly string[];
  readonly capacity: string | undefined;
}

interface Page {
  readonly items: WireItem[];
  scanned: number;
  bytes: number;
  last: WireItem | undefined;
  isOver: boolean;
}

/** A Scan or Query. `open` checks the request when it is first served. */
export function readPage(aws: Aws, subject: Subject, open: () => PageSource): Work {
  const page: Page = { items: [], scanned: 0, bytes: 0, last: undefined, isOver: false };
  let source: PageSource | undefined;
  let shortAfter = 0;
  return {
    subject,
    step() {
      if (source === undefined) {
        source = open();
        const { name, large } = source.table;
        const chosen = aws.choose(SHORT_PAGES + 1, `items after which a page of ${name} ends`);
        shortAfter = chosen > 0 ? chosen : (large?.pageItems ?? 0);
      }
      readOne(source, page);
      const { scanned, bytes } = page;
      const isFull = scanned === source.limit || scanned === shortAfter || bytes >= PAGE_BYTES;
      return !page.isOver && !isFull;
    },
    answer: () => (source === undefined ? {} : answerOf(source, page)),
  };
}

function readOne(source: PageSource, page: Page): void {
  const row = source.next();
  if (row === undefined) {
    page.isOver = true;
    return;
  }
  page.scanned += 1;
  page.bytes += row.bytes;
  page.last = row.item;
  if (source.isKept(row.item)) page.items.push(source.shape(row.item));
}

function answerOf({ table, startNames, isConsistent, capacity }: PageSource, page: Page): unknown {
  const { items, scanned, bytes, last, isOver } = page;
  return {
    Items: items,
    Count: items.length,
    ScannedCount: scanned,
    ...(!isOver && last !== undefined && { LastEvaluatedKey: startKeyOf(startNames, last) }),
    ...consumed(capacity, table, readUnits(bytes, isConsistent)),
  };
}

function startKeyOf(names: readonly string[], item: WireItem): WireItem {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = attribute(item, name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
