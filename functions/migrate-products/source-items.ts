import { itemOfLine } from '../shared/files/read-file.ts';
import type { LineCursor, ReadLines } from '../shared/copy/load/read-lines.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { FilledTable } from '../shared/migration/migration.ts';
import { ownerOf } from '../shared/migration/owner.ts';

/** The items of one source item, in the order of the file. */
export interface SourceGroup {
  readonly items: readonly WireItem[];
  /** `<segment>-<sequence>` of the data file it comes from. */
  readonly stem: string;
  /** Behind the last of them. */
  readonly next: LineCursor;
}

/**
 * Puts lines together again that one source item has become: they follow each other in one file. What is not complete
 * yet is kept for the next lines.
 */
export function createGrouping(table: FilledTable): (read: ReadLines) => readonly SourceGroup[] {
  let open: { owner: string | undefined; items: WireItem[]; next: LineCursor } | undefined;
  return ({ lines, index, linesBefore, file: { stem }, isFileEnd }) => {
    const groups: SourceGroup[] = [];
    const close = (): void => {
      if (open !== undefined) groups.push({ items: open.items, stem, next: open.next });
      open = undefined;
    };
    for (const [at, line] of lines.entries()) {
      const item = itemOfLine(line, { key: stem, where: `Line ${linesBefore + at + 1}` });
      const owner = ownerOf(item, table);
      if (owner !== open?.owner) close();
      open ??= { owner, items: [], next: { filesDone: index, linesDone: 0 } };
      open.items.push(item);
      open.next = { filesDone: index, linesDone: linesBefore + at + 1 };
    }
    if (isFileEnd) close();
    return groups;
  };
}
