'use strict';

const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { buildSync } = require('esbuild');
const { parse } = require('yaml');

/**
 * What the migration's definition decides of the stack, for `${file(workflow/resources/from-migration.cjs):...}` in
 * serverless.yml and beside it. Function, role and branch of a table are written once, as a template in which
 * `<table>` is the table's name and `<Table>` the same in Pascal case; `<migrate>` is the function that fills tables.
 */
const ROOT = join(__dirname, '../..');

/** The definition and its naming rule, compiled in memory: `sls` runs on a Node that does not read TypeScript. */
function loadDefinition() {
  const contents = `
    export { migration } from '#migration/index.ts';
    export { creatorOf, pascalCase } from './functions/shared/migration/function-names.ts';`;
  const { outputFiles } = buildSync({
    stdin: { contents, resolveDir: ROOT, loader: 'ts' },
    absWorkingDir: ROOT,
    bundle: true,
    // Leaves out comments, which are no other code.
    minifyWhitespace: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'silent',
    write: false,
  });
  const compiled = new Module(join(ROOT, 'definition.cjs'), module);
  const [{ text }] = outputFiles;
  compiled._compile(text, compiled.id);
  return { ...compiled.exports, transformVersion: createHash('sha256').update(text).digest('hex').slice(0, 16) };
}

const { migration, creatorOf, pascalCase, transformVersion } = loadDefinition();
const { source, targets, filled, settings, migratedBy } = migration;

/** CloudFormation's short forms as osls reads them. */
const intrinsic = (name, argument = (text) => text) => ({ tag: `!${name}`, resolve: (text) => ({ [name === 'Ref' ? 'Ref' : `Fn::${name}`]: argument(text) }) });
const CUSTOM_TAGS = [intrinsic('Sub'), intrinsic('Ref'), intrinsic('GetAtt', (text) => text.split('.'))];

function readTemplate(path) {
  return parse(readFileSync(join(ROOT, path), 'utf8'), { merge: true, customTags: CUSTOM_TAGS, maxAliasCount: -1 });
}

/** A template's tree with its placeholders filled, in keys as in values. */
function fill(value, words) {
  if (typeof value === 'string')
    return Object.entries(words).reduce((text, [placeholder, word]) => text.replaceAll(placeholder, word), value);
  if (Array.isArray(value)) return value.map((element) => fill(element, words));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [fill(key, words), fill(member, words)]));
}

const firstUpper = (text) => text.charAt(0).toUpperCase() + text.slice(1);
/**
 * `createCartTable` is the function, `CartTable` the part that its states are called after. A machine has each name of a
 * state once: of two tables called `a.b` and `a-b`, one has a function, and with it states, of another name.
 */
const wordsOf = ({ name, createdBy }) => ({
  '<table>': name,
  '<Table>': createdBy === creatorOf(name) ? pascalCase(name) : firstUpper(createdBy),
  '<create>': createdBy,
  '<Create>': firstUpper(createdBy),
});
const MIGRATE_WORDS = { '<migrate>': migratedBy, '<Migrate>': firstUpper(migratedBy) };

const creating = readTemplate('functions/create-tables/function.yml');
const migrating = readTemplate('functions/migrate-products/function.yml');
const expires = ({ timeToLiveAttribute }) => timeToLiveAttribute !== undefined;

/** Only a table whose items expire has its time to live switched on. */
const TIME_TO_LIVE = ['LookAtTimeToLive', 'SwitchOnTimeToLive'];

/** Functions and roles of a filled template, without the statements that none of these tables needs. */
function madeFor(tables, { resources, ...functions }) {
  const unwanted = tables.some(expires) ? [] : TIME_TO_LIVE;
  for (const { Properties } of Object.values(resources.Resources))
    for (const { PolicyDocument } of Properties.Policies)
      PolicyDocument.Statement = PolicyDocument.Statement.filter(({ Sid }) => !unwanted.includes(Sid));
  return { functions, roles: resources.Resources };
}

const creatingFor = (table) => madeFor([table], fill(creating, wordsOf(table)));

/** Called alone, the function that fills tables creates them as well. */
const migratingFor = (tables) => madeFor(tables, fill(migrating, MIGRATE_WORDS));

/** What switches the time to live of a filled table on, once its run is committed. */
const COMMITTING = ['functions/complete-run/function.yml', 'functions/recover-run/function.yml'];
const committingFor = (tables) =>
  Object.assign({}, ...COMMITTING.map((path) => madeFor(tables, readTemplate(path)).roles));

const made = [...targets.map(creatingFor), migratingFor(filled)];
const functions = () => Object.assign({}, ...made.map((one) => one.functions));
const roles = () => ({ Resources: Object.assign(committingFor(filled), ...made.map((one) => one.roles)) });

/** A machine with a branch for each table, where its source has one branch for all of them. */
function machine(name) {
  const { States, ...definition } = fill(readTemplate(`workflow/${name}.asl.yml`), MIGRATE_WORDS);
  const states = Object.entries(States).map(([state, { Branches, ...rest }]) =>
    Branches === undefined ? [state, rest] : [state, { ...rest, Branches: targets.map((table) => fill(Branches[0], wordsOf(table))) }],
  );
  return { ...definition, States: Object.fromEntries(states) };
}

/** The functions that a machine calls, any version. A running execution keeps the version that it began with. */
function called(definition) {
  const keys = new Set();
  const look = (value) => {
    if (typeof value !== 'object' || value === null) return;
    const name = value.FunctionName?.['Fn::GetAtt']?.[0];
    if (name !== undefined) keys.add(name);
    Object.values(value).forEach(look);
  };
  look(definition);
  return [...keys].map((key) => ({ 'Fn::Sub': `\${self:custom.names.function}-${key}:*` }));
}

const arnsOf = (tables, more = '') => tables.map(({ name }) => ({ 'Fn::Sub': `\${self:custom.names.tables}${name}${more}` }));
const restored = (more = '') => ({ 'Fn::Sub': `\${self:custom.names.restored}${more}` });

/** Lists of ARNs. A list is used whole, because osls writes a list inside a text as `[object Object]`. */
const tables = {
  all: arnsOf(targets),
  filled: arnsOf(filled),
  expiring: arnsOf(filled.filter(expires)),
  allAndRestored: [...arnsOf(targets), restored()],
  filledAndRestored: [...arnsOf(filled), restored()],
  bulkOperations: [...arnsOf(filled, '/bulk-operation/*'), restored('/bulk-operation/*')],
  backups: [...arnsOf(targets, '/backup/*'), restored('/backup/*')],
};

/** One line of the dashboard for each filled table: metrics of CloudWatch as JSON. */
function targetMetrics() {
  return filled
    .flatMap(({ name }) => [
      `["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", "\${param:tablePrefix}${name}"]`,
      '[".", "ConsumedReadCapacityUnits", ".", "."]',
      '[".", "WriteThrottleEvents", ".", "."]',
    ])
    .join(',\n                  ');
}

/** Deploy parameters of the migration, each with its default where nothing is given. */
const parameters = Object.fromEntries(
  Object.entries(settings).map(([name, value]) => [name, `\${param:${name}, '${value}'}`]),
);

module.exports = {
  source: source.name,
  functions: functions(),
  roles: roles(),
  tables,
  targetNames: targets.map(({ name }) => name),
  filledNames: filled.map(({ name }) => `\${param:tablePrefix}${name}`).join(', '),
  targetMetrics: targetMetrics(),
  migrateFunction: `\${${firstUpper(migratedBy)}LambdaFunction}`,
  parameters,
  settings: JSON.stringify(parameters),
  settingDefaults: settings,
  /** Of the definition with all that it imports: other code, another version. Comments are no code. */
  transformVersion,
  migrate: machine('migrate'),
  callable: called(machine('migrate')),
  machine,
  wordsOf,
  migratingFor,
  committingFor,
  migratedBy,
  /** Keys of the functions that every migration has. osls merges the lists of functions without a word. */
  otherFunctions: readTemplate('serverless.yml').functions.flatMap((one) => (typeof one === 'string' ? [] : Object.keys(one))),
  creators: targets.map(({ createdBy, name }) => ({ createdBy, name })),
};
