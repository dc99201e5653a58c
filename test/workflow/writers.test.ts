import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Where a process writes for a reader. */
const WRITER = 'workflow/cli/terminal.ts';
const WRITES = /process\.(?:stdout|stderr)\.write|console\.(?:log|error|warn|info|table)/;

describe('what a command shows', () => {
  it('is written by the terminal and by nothing else, because it escapes what a terminal would obey', () => {
    const files = globSync('workflow/cli/**/*.ts');
    const writing = files.filter((file) => WRITES.test(readFileSync(file, 'utf8')));
    expect(writing).toEqual([WRITER]);
  });
});
