'use strict';

const { settingDefaults } = require('./from-migration.cjs');
const { nearestName } = require('../../functions/shared/nearest-name.cjs');
const { EMBEDDED_STAGE } = require('../../functions/shared/stage-words.cjs');

const matches = (pattern) => (value) => pattern.test(value);
const wholeNumber = (from, to) => (value) =>
  /^(0|[1-9]\d*)$/.test(value) && Number(value) >= from && Number(value) <= to;
/** DynamoDB and S3 use keys of their own region only; empty: none. */
const keyIn = (region) => (value) =>
  value === '' ||
  (/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/.test(value) && value.split(':')[3] === region);

/** On AWS: a look at the run (5 s), the longest request (20 s), and 5 s for its transit and for clocks that differ. */
const shortestFenceWait = (stage) => (stage === 'local' ? 0 : 30);

/** DynamoDB's backups reach back to about a minute before the request, and a changed policy takes up to four minutes. */
const shortestCloseWait = (stage) => (stage === 'local' ? 0 : 240);

/**
 * What each parameter may be, in words for the operator.
 *
 * @returns {[name: string, isRight: (value: string) => boolean, expected: string][]}
 */
const rulesFor = ({ stage, region }) => [
  [
    'tablePrefix',
    matches(/^[A-Za-z0-9_.-]{0,64}$/),
    'at most 64 letters, digits, underscores, hyphens and dots',
  ],
  [
    'sourceTable',
    matches(/^[A-Za-z0-9_.-]{3,229}$/),
    '3 to 229 letters, digits, underscores, hyphens and dots',
  ],
  ['mapMode', matches(/^(INLINE|DISTRIBUTED)$/), 'INLINE or DISTRIBUTED'],
  ['maxConcurrency', wholeNumber(1, 1000), 'a whole number from 1 to 1000'],
  ['notifyEmail', matches(/^$|^[^@\s]+@[^@\s]+$/), 'a mail address, or empty'],
  ['kmsKeyArn', keyIn(region), `the ARN of a key (not of an alias) in ${region}, or empty`],
  ['sourceKmsKeyArn', keyIn(region), `the ARN of a key (not of an alias) in ${region}, or empty`],
  ['targetKmsKeyArn', keyIn(region), `the ARN of a key (not of an alias) in ${region}, or empty`],
  ['restoreIntoSource', matches(/^(true|false)$/), 'true or false'],
  ['tagConditions', matches(/^(true|false)$/), 'true or false'],
  ['closeNewTables', matches(/^(true|false)$/), 'true or false'],
  ['trustSourceAccount', matches(/^(true|false)$/), 'true or false'],
  ['adoptStorage', matches(/^(true|false)$/), 'true or false'],
  [
    'fenceWaitSeconds',
    wholeNumber(shortestFenceWait(stage), 840),
    `a whole number of seconds, ${shortestFenceWait(stage)} to 840`,
  ],
  ['intentWaitSeconds', wholeNumber(0, 840), 'a whole number of seconds, 0 to 840'],
  [
    'closeWaitSeconds',
    wholeNumber(shortestCloseWait(stage), 840),
    `a whole number of seconds, ${shortestCloseWait(stage)} to 840`,
  ],
];

/** What a setting of the migration may be. A parameter has the type of its default. A text is JSON. */
const SETTING_RULES = {
  number: [wholeNumber(0, 999_999_999), 'a whole number, 0 to 999999999'],
  boolean: [matches(/^(true|false)$/), 'true or false'],
  string: [matches(/^[^"\\$\n]*$/), 'a text of one line without ", \\ and $'],
};

const settingRules = (defaults) =>
  Object.entries(defaults).map(([name, value]) => [name, ...SETTING_RULES[typeof value]]);

/**
 * Every reason why these parameters cannot be deployed as this stage in this region.
 *
 * @param deployment its `targets` are the names of the new tables, without the prefix; `settings` are the migration's
 *   defaults, whose values stand among the parameters
 */
function problemsOf({ service, stage, region, parameters, targets, settings = settingDefaults }) {
  const problems = [...rulesFor({ stage, region }), ...settingRules(settings)]
    .filter(([name, isRight]) => !isRight(String(parameters[name])))
    .map(([name, , expected]) => `Parameter ${name} is "${parameters[name]}"; it must be ${expected}.`);
  if (!/^[a-z][a-z0-9-]{0,15}$/.test(stage))
    problems.push(
      `Stage "${stage}" cannot be used: 1 to 16 lower-case letters, digits and hyphens, a letter first (it becomes part of bucket and function names).`,
    );
  const clash = targets.find((table) => `${parameters.tablePrefix}${table}` === parameters.sourceTable);
  if (clash !== undefined)
    problems.push(
      `Source table "${parameters.sourceTable}" is also the name of the new table ${clash}: the source must never be a target. Choose another tablePrefix.`,
    );
  const ledger = `${service}-${stage}-ledger`;
  if ([parameters.sourceTable, ...targets.map((table) => `${parameters.tablePrefix}${table}`)].includes(ledger))
    problems.push(`Table ${ledger} is the ledger of this stage. It can be neither the source nor a new table.`);
  return problems;
}

/**
 * A sentence for each unknown parameter, because osls accepts any name without a word.
 *
 * @param names as given with `--param`, or written under `params` in serverless.yml
 * @param known every parameter that there is
 */
function unknownParameters(names, known) {
  return [...new Set(names)]
    .filter((name) => !known.includes(name))
    .map((name) => {
      const nearest = nearestName(name, known);
      const advice = nearest === undefined ? `The parameters are: ${known.join(', ')}` : `Did you mean ${nearest}?`;
      return `There is no parameter ${name}. ${advice}`;
    });
}

/** The stage of the embedded AWS has a laptop's waits, and no command on it ever goes to AWS. */
function embeddedStageProblems(stage) {
  if (stage !== EMBEDDED_STAGE) return [];
  return [
    `Stage ${stage} is the embedded AWS, which npm run local deploys. Nothing was deployed. Deploy to AWS under another name, for example --stage dev.`,
  ];
}

/** A sentence for each setting that would get the value of a parameter of the project. */
function settingClashes(settings, parameters) {
  return settings
    .filter((name) => parameters.includes(name))
    .map((name) => `The migration's setting ${name} is also a parameter of the project: give the setting another name.`);
}

module.exports = { embeddedStageProblems, problemsOf, settingClashes, unknownParameters };
