import type { WireItem } from '../items/wire-item.ts';
import { fileStem } from './layout.ts';
import type { ObjectStore } from '../aws/object-store.ts';
import { type ExpectedFile, readItems } from './read-file.ts';

/** How far a shard has come: files that are done, and products of the file after them. */
export interface FilesCursor {
  readonly filesDone: number;
  readonly productsDone: number;
}

/** Before the first product. */
export const firstProduct: FilesCursor = { filesDone: 0, productsDone: 0 };

/** A product of the backup, and where it stands. */
export interface BackedUpProduct {
  readonly product: WireItem;
  /** `<segment>-<sequence>` of its data file. */
  readonly stem: string;
  /** Where a turn goes on that has finished this one. */
  readonly next: FilesCursor;
}

/**
 * The products of a shard's files behind a checkpoint, in order. A file is read again from its start
 * and its first products are passed over: its bytes are checked as a whole.
 *
 * @throws DamagedFileError naming the file and the damage; not retried
 */
export async function* readProducts(
  objects: ObjectStore,
  files: readonly ExpectedFile[],
  start: FilesCursor,
): AsyncGenerator<BackedUpProduct> {
  let toSkip = start.productsDone;
  for (const [index, file] of files.entries()) {
    if (index < start.filesDone) continue;
    const stem = fileStem(file.key);
    let productsRead = 0;
    for await (const product of readItems(objects, file)) {
      productsRead += 1;
      if (productsRead > toSkip) yield { product, stem, next: cursorBehind(file, { index, productsRead }) };
    }
    toSkip = 0;
  }
}

function cursorBehind(
  file: ExpectedFile,
  at: { readonly index: number; readonly productsRead: number },
): FilesCursor {
  const { index, productsRead } = at;
  const isLast = productsRead >= file.itemCount;
  return isLast
    ? { filesDone: index + 1, productsDone: 0 }
    : { filesDone: index, productsDone: productsRead };
}

/** The next products, fewer than asked for only at the end. */
export async function takeProducts(
  products: AsyncGenerator<BackedUpProduct>,
  count: number,
): Promise<readonly BackedUpProduct[]> {
  const taken: BackedUpProduct[] = [];
  while (taken.length < count) {
    const next = await products.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}
