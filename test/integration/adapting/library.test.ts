import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { packageService } from '../../../workflow/local/deploy/package-service.ts';
import { assembleProject, type AssembledProject } from '../../support/assemble-project.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { runCommand } from '../cli/run-command.ts';
import { booksOf, refusedBooks } from './books.ts';

const expectedBooks = booksOf(300);
const books = [...expectedBooks, ...refusedBooks].map(({ book }) => book);

const sorted = (items: readonly WireItem[]): readonly string[] => items.map(canonicalJson).toSorted();

/** Without the run's own marks, which every item must have. */
function unmarked(item: WireItem, runId: string): WireItem {
  const { migrationRun, migrationDigest, ...content } = item;
  expect(migrationRun).toEqual({ S: runId });
  expect(migrationDigest).toEqual({ S: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  return content;
}

const importLocal = (folder: string): Promise<typeof import('../../../workflow/local/embedded-aws.ts')> =>
  import(join(folder, 'workflow/local/embedded-aws.ts'));

let project: AssembledProject;
beforeAll(async () => {
  project = await assembleProject('library');
});
afterAll(() => project.remove());

describe('the project with another migration beside the shop’s', () => {
  const run = (packageName: string, script: string, args: readonly string[]) => {
    const home = dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`));
    return promisify(execFile)(process.execPath, [join(home, script), ...args], { cwd: project.folder });
  };

  it('has its types right', async () => {
    await expect(run('typescript', 'bin/tsc', ['--noEmit'])).resolves.toMatchObject({ stdout: '' });
  });

  it('passes the linter', async () => {
    const { stdout } = await run('oxlint', 'bin/oxlint', ['--type-aware', '--deny-warnings']);
    expect(stdout).toContain('Found 0 warnings and 0 errors');
  });
});

describe('a library that is migrated', () => {
  let library: TestShop;
  let first: Report;
  beforeAll(async () => {
    const { startEmbeddedAws } = await importLocal(project.folder);
    const packageDir = await packageService({ serviceDir: project.folder });
    library = await openShop({ packageDir }, startEmbeddedAws);
    await library.aws.loadProducts(books);
  });
  afterAll(() => library.stop());

  const tables = async (): Promise<readonly string[]> =>
    (await library.dynamo.tableNames()).filter((name) => name !== library.aws.ledgerTable).toSorted();

  it('loses nothing when it fails half way: its tables are deleted again, and books is as it was', async () => {
    library.aws.faults.add({
      service: 'dynamodb',
      operation: 'BatchWriteItem',
      table: 'library',
      nth: 4,
      times: Number.POSITIVE_INFINITY,
      kind: 'error',
      code: 'AccessDeniedException',
      status: 400,
      message: 'refused',
    });

    const execution = await library.run('migrate', { maxQuarantined: refusedBooks.length });

    library.aws.faults.clear();
    expect(execution).toMatchObject({ status: 'FAILED', error: 'PermissionDeniedError' });
    expect(execution.cause).toContain('Tables: deleted: ');
    expect(await tables()).toEqual(['books']);
    expect(sorted(await library.dynamo.scan('books'))).toEqual(sorted(books));
  });

  it('names the books that cannot be migrated, and makes no table while none may be left out', async () => {
    const execution = await library.run('migrate', {});

    expect(execution).toMatchObject({ status: 'FAILED', error: 'TooManyQuarantinedError' });
    expect(execution.cause).toMatch(
      /5 of 305 books .*: (MissingTitle|InvalidCopies|DuplicateBarcode|ReservedAttribute): Book /,
    );
    expect(await tables()).toEqual(['books']);
  });

  it('has every attribute of every book in the catalogue, or the book in quarantine', async () => {
    first = await library.migrate({ maxQuarantined: refusedBooks.length });
    expect(first).toMatchObject({ nouns: { item: 'book', items: 'books' } });
    expect(first).toMatchObject({
      summary: expect.stringMatching(/^300 books migrated as .* 5 books stayed/),
    });

    const expected = expectedBooks.flatMap(({ becomes }) => becomes(first.startedAt));
    const found = await library.dynamo.scan('library');
    expect(sorted(found.map((item) => unmarked(item, first.runId)))).toEqual(sorted(expected));
    expect(first).toMatchObject({
      status: 'SUCCEEDED',
      source: { table: 'books', products: books.length },
      backup: { items: books.length },
      migrated: {
        products: 300,
        items: 500,
        metadata: 300,
        variants: 200,
        alreadyPresent: 0,
        quarantined: 5,
      },
      verification: { expected: 500, found: 500, missing: 0, different: 0, extra: 0 },
    });
    expect(sorted(await library.dynamo.scan('books'))).toEqual(sorted(books));
  });

  it('says of each book in quarantine why it is there', async () => {
    const keys = await library.objectKeys(`runs/${first.runId}/quarantine/`);
    const texts = await Promise.all(keys.map((key) => library.objectText(key)));
    const lines = texts.flatMap((text) => text.trim().split('\n'));
    const found = lines.map((line) => JSON.parse(line) as { code: string; item: WireItem });

    const byIsbn = (entries: readonly (readonly [WireItem, string])[]) =>
      Object.fromEntries(entries.map(([book, code]) => [stringAttribute(book, 'isbn'), [code, book]]));
    expect(byIsbn(found.map(({ item, code }) => [item, code]))).toEqual(
      byIsbn(refusedBooks.map(({ book, code }) => [book, code])),
    );
  });

  it('has the tables of its own model, with their keys, indexes, billing and expiry', async () => {
    const described = async (TableName: string) => {
      const { Table } = await library.dynamo.call<{ Table: object }>('DescribeTable', { TableName });
      return Table;
    };
    expect(await tables()).toEqual(['books', 'fines', 'holds', 'library', 'loans']);
    expect(await described('fines')).toMatchObject({
      KeySchema: [{ AttributeName: 'memberId', KeyType: 'HASH' }],
    });
    expect(await described('loans')).toMatchObject({
      KeySchema: [{ AttributeName: 'memberId' }, { AttributeName: 'loanId' }],
      ProvisionedThroughput: { ReadCapacityUnits: 3, WriteCapacityUnits: 4 },
      GlobalSecondaryIndexes: [{ IndexName: 'DueIndex', Projection: { ProjectionType: 'KEYS_ONLY' } }],
    });
    expect(await described('library')).toMatchObject({
      KeySchema: [{ AttributeName: 'bookRef' }, { AttributeName: 'entry' }],
      GlobalSecondaryIndexes: [{ IndexName: 'BranchIndex' }],
    });
    expect(await library.dynamo.call('DescribeTimeToLive', { TableName: 'holds' })).toMatchObject({
      TimeToLiveDescription: { AttributeName: 'collectBy' },
    });
  });

  it('finds everything in place when it is started again, and changes nothing', async () => {
    const before = sorted(await library.dynamo.scan('library'));

    const second = await library.migrate({ maxQuarantined: refusedBooks.length });

    expect(second.migrated).toMatchObject({ items: 500, alreadyPresent: 500 });
    expect(sorted(await library.dynamo.scan('library'))).toEqual(before);
  });

  it('catches up with a book that was changed, and names one that was removed', async () => {
    const [changed, removed] = expectedBooks.map(({ book }) => book);
    await library.dynamo.put('books', { ...changed, pages: { N: '313' } });
    await library.dynamo.call('DeleteItem', { TableName: 'books', Key: { isbn: removed?.['isbn'] } });

    const report = await library.migrate({ maxQuarantined: refusedBooks.length, onExisting: 'replace' });

    const found = await library.dynamo.scan('library');
    const ofChanged = found.filter((item) => stringAttribute(item, 'bookRef') === 'ISBN#978-0-0');
    expect(ofChanged).toEqual([expect.objectContaining({ pages: { N: '313' } })]);
    expect(found).toHaveLength(500);
    expect(report.mismatches).toEqual({ removedAtSource: ['978-0-1'] });
  });

  it('has a backup that verifies', async () => {
    const { answer } = await library.invoke('verifyBackup', { backupId: first.backup?.backupId });

    expect(answer).toMatchObject({ sound: true, done: true, items: books.length, findingCount: 0 });
  });
});

it('npm start in the adapted project makes books and migrates them', async () => {
  const where = { cwd: project.folder, project: project.folder };

  const { code, stdout, stderr } = await runCommand('start', ['--products', '40', '--json'], where);

  const report = JSON.parse(stdout) as Report;
  expect(report).toMatchObject({
    status: 'SUCCEEDED',
    source: { table: 'books', products: 40 },
    migrated: { quarantined: 0 },
  });
  expect(stderr).toMatch(/40 BOOK, \d+ COPY/);
  expect(code).toBe(0);
});
