'use strict';

/** Lambda's limit for a function's name. */
const LONGEST_FUNCTION_NAME = 64;
const TABLE_NAME = /^[A-Za-z0-9_.-]{3,191}$/;

/** Roles of workflow/resources/machines.yml. osls would merge the role of a function into one of them without a word. */
const MACHINE_ROLE = /^(Migrate|Restore|Rollback|Sync)MachineRole$/;
const roleOf = (key) => `${key.charAt(0).toUpperCase()}${key.slice(1)}Role`;

const repeated = (names) => [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];

/**
 * Every reason why the functions and tables of a migration cannot be deployed together.
 *
 * @param names `prefix` is what stands before a function's key, `others` are the keys that serverless.yml has itself
 */
function nameProblems({ prefix, creators, migratedBy, others }) {
  const keys = [...creators.map(({ createdBy }) => createdBy), migratedBy];
  const own = 'give one of the tables a createdBy or migratedBy of its own';
  return [
    ...creators
      .filter(({ name }) => !TABLE_NAME.test(name))
      .map(({ name }) => `"${name}" cannot be the name of a table. It needs 3 to 191 letters, digits, underscores, hyphens and dots.`),
    ...repeated(creators.map(({ name }) => name)).map((name) => `Two tables of the migration are called ${name}.`),
    ...repeated(keys).map((key) => `Two functions of the migration are called ${key}: ${own}.`),
    ...keys
      .filter((key) => others.includes(key))
      .map((key) => `The function ${key} of the migration is in serverless.yml already: ${own}.`),
    ...keys
      .filter((key) => MACHINE_ROLE.test(roleOf(key)))
      .map((key) => `The role ${roleOf(key)} of the function ${key} is that of a state machine already: ${own}.`),
    ...keys
      .filter((key) => !/^[A-Za-z][A-Za-z0-9]*$/.test(key))
      .map((key) => `"${key}" cannot be the key of a function. It may have letters and digits only; ${own}.`),
    ...keys
      .filter((key) => `${prefix}${key}`.length > LONGEST_FUNCTION_NAME)
      .map((key) => `The function name ${prefix}${key} is longer than ${LONGEST_FUNCTION_NAME} characters: ${own}.`),
  ];
}

/** IAM counts the inline policies of a role together, without white space. */
const LONGEST_ROLE = 10_240;
/** As long as AWS's own values: what a resolved ARN has in place of the pseudo parameter. */
const PSEUDO_VALUES = {
  'AWS::AccountId': '1'.repeat(12),
  'AWS::Partition': 'aws',
  'AWS::Region': 'ap-southeast-2',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** Every reason why CloudFormation or IAM would refuse the compiled template. */
function templateProblems({ Resources }) {
  const broken = JSON.stringify(Resources).includes('[object')
    ? ['A list of tables stands inside a text of the template and became "[object Object]": use the list whole.']
    : [];
  const roles = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role');
  const tooLong = roles
    .map(([id, { Properties }]) => [id, roleLength(Properties.Policies ?? [])])
    .filter(([, length]) => length > LONGEST_ROLE)
    .map(
      ([id, length]) =>
        `The policy of ${id} has ${length} characters; IAM takes ${LONGEST_ROLE}. The migration has too many tables: about 25 fit, fewer with long names.`,
    );
  return [...broken, ...tooLong];
}

function roleLength(policies) {
  const text = JSON.stringify(policies.map(({ PolicyDocument }) => PolicyDocument));
  const substituted = text.replaceAll(/\{"Fn::Sub":("[^"]*")\}/g, '$1');
  return Object.entries(PSEUDO_VALUES).reduce(
    (resolved, [name, value]) => resolved.replaceAll(`\${${name}}`, value),
    substituted,
  ).length;
}

module.exports = { nameProblems, templateProblems };
