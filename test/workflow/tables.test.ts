import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { migration } from '../support/project-migration.ts';
import type { TableSpec } from '../../functions/shared/migration/table-spec.ts';

interface Role {
  readonly Properties: {
    readonly Policies: readonly { readonly PolicyDocument: { readonly Statement: readonly unknown[] } }[];
  };
}

type Tables = readonly Pick<TableSpec, 'timeToLiveAttribute'>[];

const { roles, migratingFor, committingFor } = createRequire(import.meta.url)(
  '../../workflow/resources/from-migration.cjs',
) as {
  readonly roles: { readonly Resources: Readonly<Record<string, unknown>> };
  readonly migratingFor: (tables: Tables) => { readonly roles: Readonly<Record<string, Role>> };
  readonly committingFor: (tables: Tables) => Readonly<Record<string, Role>>;
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

const statementsOf = (made: Readonly<Record<string, Role>>): readonly unknown[] =>
  Object.values(made).flatMap(({ Properties }) =>
    Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
  );

it.for([
  {
    who: 'the function that fills tables, which creates them when it is called alone,',
    allowed: (...tables: Tables) => statementsOf(migratingFor(tables).roles),
  },
  {
    who: 'completeRun, after its commit,',
    allowed: (...tables: Tables) => statementsOf(pick(committingFor(tables), 'CompleteRunRole')),
  },
  {
    who: 'recoverRun, after a commit,',
    allowed: (...tables: Tables) => statementsOf(pick(committingFor(tables), 'RecoverRunRole')),
  },
])('$who may switch time to live on exactly where items of a filled table expire', ({ allowed }) => {
  const expiring = allowed({}, { timeToLiveAttribute: 'expiresAt' });
  const more = expiring.filter((statement) =>
    /dynamodb:(Describe|Update)TimeToLive/.test(JSON.stringify(statement)),
  );
  expect(more).toHaveLength(2);
  expect(allowed({})).toEqual(expiring.filter((statement) => !more.includes(statement)));
});

function pick(made: Readonly<Record<string, Role>>, name: string): Readonly<Record<string, Role>> {
  const role = made[name];
  if (role === undefined) throw new Error(`There is no ${name}.`);
  return { [name]: role };
}

it('the role of a creating function names its own table and no other', () => {
  const named = migration.targets.map(({ createdBy }) => [
    createdBy,
    [...new Set(roleOf(createdBy).match(/(?<=custom\.names\.tables\})[\w.-]+/g))],
  ]);

  expect(named).toEqual(migration.targets.map(({ createdBy, name }) => [createdBy, [name]]));
});
