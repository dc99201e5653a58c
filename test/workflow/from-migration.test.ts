import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { migration } from '../support/project-migration.ts';
import { compileVariant, type Template, variants } from './template-variants.ts';

interface NamedTable {
  readonly name: string;
  readonly createdBy: string;
}

const { nameProblems, templateProblems } = createRequire(import.meta.url)(
  '../../workflow/resources/template-problems.cjs',
) as {
  readonly nameProblems: (names: {
    readonly prefix: string;
    readonly creators: readonly NamedTable[];
    readonly migratedBy: string;
    readonly others: readonly string[];
  }) => readonly string[];
  readonly templateProblems: (template: Pick<Template, 'Resources'>) => readonly string[];
};

const { wordsOf } = createRequire(import.meta.url)('../../workflow/resources/from-migration.cjs') as {
  readonly wordsOf: (table: NamedTable) => Readonly<Record<string, string>>;
};

const names = {
  prefix: 'products-migration-dev-',
  creators: [
    { name: 'cart', createdBy: 'createCartTable' },
    { name: 'orders', createdBy: 'createOrdersTable' },
  ],
  migratedBy: 'migrateCart',
  others: ['beginRun'],
};
const [cart, orders] = names.creators as [NamedTable, NamedTable];

describe('a migration whose names cannot be deployed together', () => {
  it.each([
    ['takes names that are all different', {}, []],
    [
      'tells two tables of one name',
      { creators: [cart, { ...orders, name: 'cart' }] },
      [expect.stringContaining('Two tables of the migration are called cart.')],
    ],
    [
      'tells a name that no table can have',
      { creators: [{ ...cart, name: 'c' }, orders] },
      [expect.stringContaining('"c" cannot be the name of a table')],
    ],
    [
      'tells two tables whose names give one function',
      { creators: [cart, { ...orders, createdBy: 'createCartTable' }] },
      [expect.stringContaining('Two functions of the migration are called createCartTable')],
    ],
    [
      'tells a function that serverless.yml has already',
      { migratedBy: 'beginRun' },
      [expect.stringContaining('The function beginRun of the migration is in serverless.yml already')],
    ],
    [
      'tells a function whose role would be that of a state machine',
      { migratedBy: 'migrateMachine' },
      [
        expect.stringContaining(
          'MigrateMachineRole of the function migrateMachine is that of a state machine already',
        ),
      ],
    ],
    [
      'tells a name that Lambda finds too long',
      { migratedBy: `migrate${'Long'.repeat(10)}` },
      [expect.stringContaining('is longer than 64 characters')],
    ],
    [
      'tells a key that is none',
      { migratedBy: 'migrate-cart' },
      [expect.stringContaining('cannot be the key of a function')],
    ],
  ])('%s', (_, changes, problems) => {
    expect(nameProblems({ ...names, ...changes })).toEqual(problems);
  });
});

describe('a table', () => {
  it('names states by its own name', () => {
    expect(wordsOf({ name: 'meter.alarms', createdBy: 'createMeterAlarmsTable' })).toMatchObject({
      '<Table>': 'MeterAlarms',
    });
  });

  it('names states by its function where that has a name of its own, because another table may have the same words', () => {
    expect(wordsOf({ name: 'meter-alarms', createdBy: 'createOldAlarms' })).toMatchObject({
      '<Table>': 'CreateOldAlarms',
    });
  });
});

describe('a compiled template', () => {
  it('is refused where a list has become text', async () => {
    const { template } = await compileVariant(variants.asItComes);

    expect(templateProblems(template)).toEqual([]);
    const broken = JSON.parse(
      JSON.stringify(template).replace(`table/${migration.targets[0]?.name ?? ''}`, 'table/[object Object]'),
    ) as Template;
    expect(templateProblems(broken)).toEqual([expect.stringContaining('[object Object]')]);
  });

  it('holds the roles of 25 tables, and is refused with many more', async () => {
    const { template } = await compileVariant(variants.asItComes);

    expect(templateProblems(withTables(template, 25))).toEqual([]);
    expect(templateProblems(withTables(template, 40))).toContainEqual(
      expect.stringMatching(/^The policy of RollBackRole has \d+ characters; IAM takes 10240\./),
    );
  });
});

/** The template as it would be with so many tables, each with a name of 13 letters: lists of ARNs grow with them. */
function withTables(template: Template, count: number): Template {
  const ofTables = new RegExp(`table/(${migration.targets.map(({ name }) => name).join('|')})(?=["/])`);
  const grow = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const [first] = value.filter((one) => ofTables.test(JSON.stringify(one)));
      const isList = first !== undefined && JSON.stringify(first).startsWith('{"Fn::Sub"');
      if (!isList || value.length < migration.targets.length) return value.map(grow);
      const named = (index: number): unknown =>
        JSON.parse(JSON.stringify(first).replace(ofTables, `table/table-of-${1_000 + index}`));
      const rest = value.filter((one) => !ofTables.test(JSON.stringify(one)));
      return [...Array.from({ length: count }, (_, index) => named(index)), ...rest];
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, grow(member)]));
  };
  return grow(template) as Template;
}
