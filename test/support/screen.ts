/** A character of the screen, and the colours that it is written in: `1;32`, or nothing. */
export interface Cell {
  readonly character: string;
  readonly style: string;
}

/** What a terminal shows. Lines that have scrolled away are kept. */
export interface Screen {
  /** Takes what was written to the terminal. @throws Error for a sequence that is not known here */
  readonly write: (text: string) => void;
  readonly cells: readonly (readonly Cell[])[];
  /** The lines as they are seen, without blanks at their ends. */
  readonly lines: () => readonly string[];
  /** Lines that were longer than the terminal is wide, as far as they stand in one row. */
  readonly tooLong: () => readonly string[];
}

/** A sequence with its parameters and its kind, or any other character. */
const TOKEN = new RegExp(
  String.raw`\u001b\[(?<parameters>[?\d;]*)(?<kind>[A-Za-z])|(?<character>[^\u001b]|\u001b)`,
  'gsu',
);

/** What ends a colour, with the colours that it ends. */
const COLOR_ENDS: Readonly<Record<string, RegExp>> = { 0: /./, 22: /^[12]$/, 39: /^3\d$/ };

const WRAPPING = '?7';

/** A terminal of so many columns, as far as our commands use one. Every character takes one column. */
export function createScreen(columns: number): Screen {
  const cells: Cell[][] = [[]];
  const tooLong = new Set<number>();
  let [row, column, isWrapping] = [0, 0, true];
  let styles: readonly string[] = [];

  const ownLine = (): Cell[] => {
    while (cells.length <= row) cells.push([]);
    return cells[row] ?? [];
  };

  function put(character: string): void {
    if (column === columns) {
      tooLong.add(row);
      [row, column] = isWrapping ? [row + 1, 0] : [row, column - 1];
    }
    const line = ownLine();
    while (line.length < column) line.push({ character: ' ', style: '' });
    line[column] = { character, style: styles.join(';') };
    column += 1;
  }

  function paint(code: string): void {
    const ended = COLOR_ENDS[code || '0'];
    styles = ended === undefined ? [...styles, code] : styles.filter((style) => !ended.test(style));
  }

  const sequences: Readonly<Record<string, (parameters: string) => unknown>> = {
    A: (by) => (row = Math.max(0, row - Number(by || 1))),
    B: (by) => (row += Number(by || 1)),
    G: (to) => (column = Number(to || 1) - 1),
    J: () => [ownLine().splice(column), cells.splice(row + 1)],
    K: (what) => ownLine().splice(what === '2' ? 0 : column),
    h: (mode) => (isWrapping ||= mode === WRAPPING),
    l: (mode) => (isWrapping &&= mode !== WRAPPING),
    m: (codes) => codes.split(';').forEach(paint),
  };

  const characters: Readonly<Record<string, () => unknown>> = {
    '\n': () => ([row, column] = [row + 1, 0]),
    '\r': () => (column = 0),
    '\u001b': () => obey('', ''),
  };

  function obey(kind: string, parameters: string): void {
    const sequence = sequences[kind];
    if (sequence === undefined) throw new Error(`The screen does not know ESC[${parameters}${kind}.`);
    sequence(parameters);
  }

  const textOf = (line: readonly Cell[]): string => line.map(({ character }) => character).join('');
  return {
    cells,
    lines: () => cells.map((line) => textOf(line).trimEnd()),
    tooLong: () => [...tooLong].map((at) => textOf(cells[at] ?? [])),
    write(text) {
      for (const { groups = {} } of text.matchAll(TOKEN)) {
        const { character, kind = '', parameters = '' } = groups;
        if (character === undefined) obey(kind, parameters);
        else (characters[character] ?? (() => put(character)))();
        ownLine();
      }
    },
  };
}
