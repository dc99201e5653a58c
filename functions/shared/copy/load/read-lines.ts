import type { ObjectStore } from '../../aws/object-store.ts';
import { DamagedFileError, type ExpectedFile, fetchDataFile, unpackLines } from '../../files/read-file.ts';
import { inTurn } from './in-turn.ts';

/** Objects that are loaded and counted as one file. */
export interface LoadFile {
  /** Name of what is derived from the file. */
  readonly stem: string;
  /** Name of the table that it is for, where a load has several. */
  readonly table?: string;
  /** Of all parts together. */
  readonly itemCount: number;
  /** In the order in which they are read; none where the file holds nothing. */
  readonly parts: readonly ExpectedFile[];
  /** Reads the parts in turn, some lines of each; default: one part after the other. */
  readonly isInterleaved?: boolean;
  /** Added to the counters once the whole file is loaded. */
  readonly counts?: Readonly<Record<string, number>>;
}

/** How far a load has come: files that are done, and lines of the file after them. */
export interface LineCursor {
  readonly filesDone: number;
  readonly linesDone: number;
}

/** Before the first line. */
export const FIRST_LINE: LineCursor = { filesDone: 0, linesDone: 0 };

/** Some lines of one file, `{"Item":{...}}` each, in order. */
export interface ReadLines {
  readonly file: LoadFile;
  /** Of the file in the list. */
  readonly index: number;
  readonly lines: readonly Buffer[];
  /** Lines of the file before these. */
  readonly linesBefore: number;
  /** Whether the file is at its end behind them. */
  readonly isFileEnd: boolean;
}

/** Where reading goes on behind a group. */
export function cursorBehind({ index, linesBefore, lines, isFileEnd }: ReadLines): LineCursor {
  return isFileEnd
    ? { filesDone: index + 1, linesDone: 0 }
    : { filesDone: index, linesDone: linesBefore + lines.length };
}

/** Lines handed out together: as many as one BatchWriteItem takes. */
const LINES_TOGETHER = 25;

/**
 * The lines behind a cursor, file by file, as bytes and unparsed. A part is fetched and checked as a whole; parts
 * before the cursor are not fetched. The last group of a file says so; where nothing is left of it, that group is empty.
 *
 * @throws DamagedFileError naming the file and the damage; not retried
 */
export async function* readLines(
  objects: Pick<ObjectStore, 'get'>,
  files: readonly LoadFile[],
  start: LineCursor,
): AsyncGenerator<ReadLines> {
  for (const [index, file] of files.entries()) {
    if (index < start.filesDone) continue;
    let linesBefore = index === start.filesDone ? start.linesDone : 0;
    if (linesBefore >= file.itemCount) yield { file, index, lines: [], linesBefore, isFileEnd: true };
    for await (const lines of linesOfFile(objects, file, linesBefore)) {
      const isFileEnd = linesBefore + lines.length >= file.itemCount;
      yield { file, index, lines, linesBefore, isFileEnd };
      linesBefore += lines.length;
    }
  }
}

function linesOfFile(
  objects: Pick<ObjectStore, 'get'>,
  file: LoadFile,
  linesDone: number,
): AsyncGenerator<readonly Buffer[]> {
  return file.isInterleaved === true
    ? linesInTurn(objects, file, linesDone)
    : linesInOrder(objects, file, linesDone);
}

/** Every part is read from its beginning, because lines of all of them are before the cursor. */
async function* linesInTurn(
  objects: Pick<ObjectStore, 'get'>,
  { parts }: LoadFile,
  linesDone: number,
): AsyncGenerator<readonly Buffer[]> {
  let toSkip = linesDone;
  const sources = parts.map((part) => linesOfPart(objects, part));
  for await (const lines of inTurn(sources, LINES_TOGETHER)) {
    const wanted = lines.slice(toSkip);
    toSkip -= lines.length - wanted.length;
    if (wanted.length > 0) yield wanted;
  }
}

async function* linesInOrder(
  objects: Pick<ObjectStore, 'get'>,
  { parts }: LoadFile,
  linesDone: number,
): AsyncGenerator<readonly Buffer[]> {
  let toSkip = linesDone;
  for (const part of parts) {
    if (toSkip >= part.itemCount) {
      toSkip -= part.itemCount;
      continue;
    }
    for await (const lines of linesOfPart(objects, part)) {
      const wanted = lines.slice(toSkip);
      toSkip -= lines.length - wanted.length;
      for (let from = 0; from < wanted.length; from += LINES_TOGETHER)
        yield wanted.slice(from, from + LINES_TOGETHER);
    }
  }
}

async function* linesOfPart(
  objects: Pick<ObjectStore, 'get'>,
  part: ExpectedFile,
): AsyncGenerator<readonly Buffer[]> {
  const { body } = await fetchDataFile(objects, part);
  let lineCount = 0;
  for await (const lines of unpackLines(body, part.key)) {
    lineCount += lines.length;
    yield lines;
  }
  if (lineCount !== part.itemCount)
    throw new DamagedFileError(
      'WrongCount',
      part.key,
      `Data file ${part.key} holds ${lineCount} items where ${part.itemCount} were written.`,
    );
}
