import { printable } from '../../functions/shared/printable.ts';
import Table from 'cli-table3';
import type { Terminal } from './terminal.ts';

/** A column of a table in the terminal. */
export interface Column {
  readonly name: string;
  readonly align?: 'left' | 'right';
  /** Gives a cell its colour. */
  readonly paint?: (text: string) => string;
}

const noLines = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Lines of a table without rules, so that it can be read, copied and grepped. A cell is one line, whatever stands in it. */
export function tableText(
  { colors }: Pick<Terminal, 'colors'>,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const table = new Table({
    head: columns.map(({ name }) => colors.dim(name)),
    colAligns: columns.map(({ align = 'left' }) => align),
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  table.push(
    ...rows.map((row) => row.map((cell, index) => (columns[index]?.paint ?? String)(printable(cell)))),
  );
  return table
    .toString()
    .split('\n')
    .map((line) => `  ${line.trimEnd()}`)
    .join('\n');
}
