import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { migration } from '#migration/index.ts';

const { roles } = createRequire(import.meta.url)('../../workflow/resources/from-migration.cjs') as {
  readonly roles: { readonly Resources: Readonly<Record<string, unknown>> };
};
const roleOf = (functionKey: string): string =>
  JSON.stringify(roles.Resources[`${functionKey[0]?.toUpperCase()}${functionKey.slice(1)}Role`]);

it('a function may switch time to live on exactly where its table’s spec has an attribute for it', () => {
  const may = migration.targets.map(({ createdBy }) => [
    createdBy,
    roleOf(createdBy).includes('dynamodb:UpdateTimeToLive'),
  ]);

  expect(may).toEqual(
    migration.targets.map(({ createdBy, timeToLiveAttribute }) => [
      createdBy,
      timeToLiveAttribute !== undefined,
    ]),
  );
});

it('the role of a creating function names its own table and no other', () => {
  const named = migration.targets.map(({ createdBy }) => [
    createdBy,
    [...new Set(roleOf(createdBy).match(/(?<=custom\.names\.tables\})[\w.-]+/g))],
  ]);

  expect(named).toEqual(migration.targets.map(({ createdBy, name }) => [createdBy, [name]]));
});
