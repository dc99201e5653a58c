import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { assembleProject, type AssembledProject, loadMigration } from '../../support/assemble-project.ts';
import { describeContract } from '../../support/migration-contract.ts';

describe('the smallest migration on the page functions/migrations/README.md', () => {
  let project: AssembledProject;
  beforeAll(async () => {
    project = await assembleProject('library');
    await writeMembers(project);
  });
  afterAll(() => project.remove());

  describeContract(() => loadMigration(project, 'members'));
});

/** Each file of the page: a line that begins with its name, and its code. */
const FILE = /^`(?<name>\w+\.ts)`.*:\n\n```ts\n(?<code>[^]*?)```$/gm;

async function writeMembers({ folder }: AssembledProject): Promise<void> {
  const migrations = join(folder, 'functions/migrations');
  const page = await readFile(join(migrations, 'README.md'), 'utf8');
  await mkdir(join(migrations, 'members'));
  for (const { groups: { name = '', code = '' } = {} } of page.matchAll(FILE))
    await writeFile(join(migrations, 'members', name), code);
}
