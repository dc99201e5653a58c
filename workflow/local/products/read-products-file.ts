import { migration } from '#migration/index.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { counted } from '../../../functions/shared/counted.ts';
import { InputFileError } from './input-file-error.ts';
import { JsonPieces } from './json-pieces.ts';
import { filesOf, openInput } from './open-input.ts';
import { noteOrigin } from './origin.ts';
import { itemsOfPiece } from './piece-to-items.ts';

/**
 * Reads products from a file or a pipe: JSON arrays, JSON objects one after the other (one a line, say), the output of
 * `aws dynamodb scan`, each as plain JSON or DynamoDB JSON, in UTF-8 or UTF-16, as it is or gzipped; or from a folder of
 * such data files, a backup's or an export's. Streamed, so that it may be of any size.
 *
 * @throws InputFileError naming the file, the line and the remedy
 */
export async function* readProductsFile(path: string): AsyncGenerator<WireItem> {
  const { files, itemCount } = await filesOf(path);
  let count = 0;
  for (const file of files)
    for await (const item of readFile(file)) {
      count += 1;
      yield item;
    }
  if (itemCount === undefined || itemCount === count) return;
  throw new InputFileError(
    `${path} holds ${counted(count, 'item')}, and its manifest-summary.json says ${counted(itemCount, 'item')}: files are missing or double. Copy the folder again, then start again.`,
  );
}

async function* readFile(file: string): AsyncGenerator<WireItem> {
  const pieces = new JsonPieces(file);
  let cutOff: string | undefined;
  for await (const text of openInput(file))
    for (const piece of pieces.push(text)) {
      const { items, isCutOff } = itemsOfPiece(piece);
      // Of several pages one after the other, the last must be the end.
      if (isCutOff !== undefined) cutOff = isCutOff ? piece.where : undefined;
      for (const item of items) yield noteOrigin(item, piece.where);
    }
  pieces.end();
  if (cutOff === undefined) return;
  throw new InputFileError(
    `${cutOff}: the scan's output ends before its table does (it has a LastEvaluatedKey or NextToken), so ${migration.nouns.items} would be missing. Scan again without --max-items and --no-paginate, then start again.`,
  );
}
