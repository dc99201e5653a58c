import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Where a process writes for a reader; `npm run local` has one line of JSON and its complaints. */
const WRITERS = ['workflow/cli/terminal.ts', 'workflow/local/main.ts'];
const WRITES = /process\.(?:stdout|stderr)\.write|console\.(?:log|error|warn|info|table)/;

describe('what a command shows', () => {
  it('is written by the terminal and by nothing else, because it escapes what a terminal would obey', () => {
    const files = globSync(['workflow/cli/**/*.ts', 'workflow/local/main.ts']);
    const writing = files.filter((file) => WRITES.test(readFileSync(file, 'utf8')));
    expect(writing.toSorted()).toEqual(WRITERS);
  });
});
