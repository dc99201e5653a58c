import { keyOf, type TableKey } from '../items/item-key.ts';
import type { WireItem } from '../items/wire-item.ts';
import type { ScanPosition, SegmentScan } from './scan.ts';

/** Hands a segment's items out one by one. */
export interface ItemScan {
  /** The item to be taken next; absent when another page is needed, or none is left. */
  next(): WireItem | undefined;
  /** True when the last page is used up. */
  isAtEnd(): boolean;
  /** Behind the last item taken. */
  position(): ScanPosition;
  /** Reads one page; it may be empty. @throws as {@link SegmentScan.readPage} */
  readPage(): Promise<void>;
  take(): void;
  /** Drops what was read ahead and goes on behind another item. */
  moveBehind(item: WireItem): void;
}

/** The items of a scan of a table with this key. */
export function scanItems(scan: SegmentScan, key: TableKey): ItemScan {
  let page: readonly WireItem[] = [];
  let taken = 0;
  let beforePage = scan.position;
  const behind = (item: WireItem): ScanPosition => ({ isDone: false, exclusiveStartKey: keyOf(item, key) });
  return {
    next: () => page[taken],
    isAtEnd: () => taken === page.length && scan.position.isDone,
    position() {
      if (taken === page.length) return scan.position;
      const last = page[taken - 1];
      return last === undefined ? beforePage : behind(last);
    },
    async readPage() {
      beforePage = scan.position;
      page = (await scan.readPage()).items;
      taken = 0;
    },
    take() {
      taken += 1;
    },
    moveBehind(item) {
      page = [];
      taken = 0;
      scan.moveTo(behind(item));
    },
  };
}
