'use strict';

const { nearestName } = require('./nearest-name.cjs');

const matches = (pattern) => (value) => pattern.test(value);
const wholeNumber = (from, to) => (value) =>
  /^(0|[1-9]\d*)$/.test(value) && Number(value) >= from && Number(value) <= to;
/** DynamoDB and S3 use keys of their own region only; empty: none. */
const keyIn = (region) => (value) =>
  value === '' ||
  (/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/.test(value) && value.split(':')[3] === region);

/** On AWS: a look at the run (5 s), the longest request (20 s), and 5 s for its way and for clocks that differ. */
const shortestFenceWait = (stage) => (stage === 'local' ? 0 : 30);

/** DynamoDB's backups reach back to about a minute before the request, and a policy takes some time. */
const shortestCloseWait = (stage) => (stage === 'local' ? 0 : 60);

/**
 * What each parameter may be, with the sentence for the person who typed it.
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
  ['defaultStockQuantity', wholeNumber(0, 999_999_999), 'a whole number of pieces, 0 to 999999999'],
  ['kmsKeyArn', keyIn(region), `the ARN of a key (not of an alias) in ${region}, or empty`],
  ['sourceKmsKeyArn', keyIn(region), `the ARN of a key (not of an alias) in ${region}, or empty`],
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

/**
 * Every reason why these parameters cannot be deployed as this stage in this region.
 *
 * @param deployment its `targets` are the names of the new tables, without the prefix
 */
function problemsOf({ stage, region, parameters, targets }) {
  const problems = rulesFor({ stage, region })
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
  return problems;
}

/**
 * A sentence for each parameter that nothing reads: osls takes any name and says nothing.
 *
 * @param names as typed behind `--param`, or written under `params` in serverless.yml
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

/** Refuses a deployment that could not work, and says after a removal what was kept. */
class DeploymentChecks {
  constructor(serverless, _options, { log }) {
    this.serverless = serverless;
    this.log = log;
    this.hooks = {
      initialize: () => this.checkNames(),
      'before:package:initialize': () => this.check(),
      'after:remove:remove': () => this.sayWhatIsKept(),
    };
  }

  /** Before any command: `sls deploy`, but `sls invoke local` and `sls print` as well. */
  checkNames() {
    const { processedInput, configurationInput, classes } = this.serverless;
    const typed = (processedInput.options.param ?? []).map((item) => item.split('=')[0]);
    const written = Object.values(configurationInput.params ?? {}).flatMap((values) => Object.keys(values ?? {}));
    const problems = unknownParameters([...typed, ...written], Object.keys(configurationInput.params.default));
    if (problems.length > 0) throw new classes.Error(problems.join(' '));
  }

  check() {
    const { provider, custom } = this.serverless.service;
    const { stage, region } = provider;
    const { parameters, tables } = custom;
    const targets = Object.values(tables.targets);
    const problems = problemsOf({ stage, region, parameters, targets });
    if (problems.length > 0) throw new this.serverless.classes.Error(problems.join(' '));
  }

  sayWhatIsKept() {
    const { service, provider } = this.serverless.service;
    this.log.notice(
      `Kept on purpose: the bucket ${service}-${provider.stage}-<account id>-${provider.region} with every backup and report, and the table ${service}-${provider.stage}-ledger. ` +
        `Deploy again with --param="adoptStorage=true", then and every later time, to go on with them. To delete them for good: take the bucket's policy off, empty the bucket and delete it; ` +
        `switch the ledger's deletion protection off and delete it.`,
    );
  }
}

module.exports = DeploymentChecks;
module.exports.problemsOf = problemsOf;
module.exports.unknownParameters = unknownParameters;
