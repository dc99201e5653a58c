import { appendFile, cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const COPIED = [
  'package.json',
  'serverless.yml',
  'functions/migrations',
  'functions/shared',
  'functions/complete-run/function.yml',
  'functions/create-tables/function.yml',
  'functions/migrate-products/function.yml',
  'functions/recover-run/function.yml',
  'workflow/resources',
  'workflow/migrate.asl.yml',
];

let folder: string;
let first: string;

/** As a deployment of the copy would have it. */
function version(): string {
  const require = createRequire(join(folder, 'here.cjs'));
  const path = require.resolve('./workflow/resources/from-migration.cjs');
  delete require.cache[path];
  return (require(path) as { readonly transformVersion: string }).transformVersion;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transform-version-'));
  for (const path of COPIED) await cp(join(root, path), join(folder, path), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  first = version();
});
afterAll(() => rm(folder, { recursive: true }));

it('the version of the transform is the same for the same code in another folder, whatever its comments', async () => {
  const deployed = createRequire(import.meta.url)('../../workflow/resources/from-migration.cjs') as {
    readonly transformVersion: string;
  };
  expect(first).toMatch(/^[0-9a-f]{16}$/);
  expect(first).toBe(deployed.transformVersion);
  await appendFile(join(folder, 'functions/migrations/shop/index.ts'), '\n// Another comment.\n');
  expect(version()).toBe(first);
});

it('the version of the transform is another one where anything that it imports has changed', async () => {
  const path = 'functions/shared/items/decimal.ts';
  await appendFile(join(folder, path), '\nObject.assign({}, { changed: true });\n');
  expect(version()).not.toBe(first);
});
