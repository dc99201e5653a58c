import type { ObjectStore } from '../../aws/object-store.ts';
import { itemOfLine } from '../../files/read-file.ts';
import { cursorBehind, FIRST_LINE, type LineCursor, type LoadFile, readLines } from '../load/read-lines.ts';
import type { ExpectedItems } from './compare-items.ts';

/**
 * What a table must hold by the files behind a cursor.
 *
 * @throws DamagedFileError naming the file and the damage; not retried
 */
export async function* expectedItems(
  objects: Pick<ObjectStore, 'get'>,
  files: readonly LoadFile[],
  start: LineCursor = FIRST_LINE,
): AsyncGenerator<ExpectedItems<LineCursor>> {
  for await (const read of readLines(objects, files, start)) {
    const key = read.file.stem;
    const items = read.lines.map((line) => itemOfLine(line, { key, where: 'A line' }));
    yield { items, next: cursorBehind(read), table: read.file.table };
  }
}
