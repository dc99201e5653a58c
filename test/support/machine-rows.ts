import { readFileSync } from 'node:fs';
import { sectionName } from './machine-drawings.ts';

const COLUMN = 'Fails with (not retried)';

/** Errors of AWS and of the sandbox, which any state that calls a function can fail with. */
const isOfAws = (error: string): boolean => /^(?:Lambda|Runtime|Sandbox|States)\./.test(error);

/** The rows of a machine's table of states in workflow/README.md: its cells by the column's name, by state. */
export function machineRows(machine: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const document = readFileSync('workflow/README.md', 'utf8');
  const begin = document.indexOf(`<!-- ${sectionName(machine)}:begin -->`);
  const section = document.slice(begin, document.indexOf('\n## ', begin));
  const cellsOf = (line: string): readonly string[] => line.slice(2, -2).split(' | ');
  const names = cellsOf(/^\| State \|.*$/m.exec(section)?.[0] ?? '');
  const rows = [...section.matchAll(/^\| `(\w+)` \|.*$/gm)].filter(
    ([line]) => cellsOf(line).length === names.length,
  );
  return new Map(
    rows.map(([line, state = '']) => [
      state,
      Object.fromEntries(cellsOf(line).map((cell, index) => [names[index] ?? '', cell])),
    ]),
  );
}

/**
 * Of failures such as `migrate CreateTables TableQuotaError`, those that the row of their state does not name, nor the
 * sentence about all states. States inside a Map or Parallel have no row, because that fails with their error.
 */
export function undocumentedFailures(failures: readonly string[]): readonly string[] {
  const document = readFileSync('workflow/README.md', 'utf8');
  const [common = ''] =
    /^Any state of a machine that calls a function can also fail with.*?\n\n/ms.exec(document) ?? [];
  return failures.filter((failure) => {
    const [machine = '', state = '', error = ''] = failure.split(' ');
    const told = machineRows(machine).get(state)?.[COLUMN];
    return told !== undefined && !isOfAws(error) && !`${told} ${common}`.includes(`\`${error}\``);
  });
}
