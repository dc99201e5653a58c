'use strict';

const { creators, migratedBy, otherFunctions, settingDefaults, targetNames } = require('./from-migration.cjs');
const { deployWith } = require('../../functions/shared/deploy-with.cjs');
const { nearestName } = require('../../functions/shared/nearest-name.cjs');
const { deploymentProblem, openRunLister, removalProblem } = require('./open-runs.cjs');
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

/** DynamoDB's backups reach back to about a minute before the request, and a policy takes some time. */
const shortestCloseWait = (stage) => (stage === 'local' ? 0 : 60);

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

/** Lambda's limit for a function's name. */
const LONGEST_FUNCTION_NAME = 64;
const TABLE_NAME = /^[A-Za-z0-9_.-]{3,191}$/;

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

/**
 * Refuses a deployment that could not work, or would take its tables from a run at work or an open sync, and a removal while
 * one of them still needs the service. After a deployment, warns if nobody is notified. After a removal, says what was kept.
 */
class DeploymentChecks {
  constructor(serverless, _options, { log }) {
    this.serverless = serverless;
    this.log = log;
    this.hooks = {
      initialize: () => this.checkNames(),
      'before:package:initialize': () => this.check(),
      'before:package:finalize': () => this.checkTemplate(),
      'before:deploy:deploy': () => this.checkDeployment(),
      'after:deploy:deploy': () => this.warnIfNobodyIsNotified(),
      'before:remove:remove': () => this.checkRemoval(),
      'after:remove:remove': () => this.sayWhatIsKept(),
    };
  }

  /** Before any command: `sls deploy`, but `sls invoke local` and `sls print` as well. */
  checkNames() {
    const { processedInput, configurationInput } = this.serverless;
    const typed = (processedInput.options.param ?? []).map((item) => item.split('=')[0]);
    const written = Object.values(configurationInput.params ?? {}).flatMap((values) => Object.keys(values ?? {}));
    const own = Object.keys(configurationInput.params.default);
    const settings = Object.keys(settingDefaults);
    const unknown = unknownParameters([...typed, ...written], [...own, ...settings]);
    this.refuse([...settingClashes(settings, own), ...unknown]);
  }

  check() {
    const { service, provider, custom } = this.serverless.service;
    const { stage, region } = provider;
    const parameters = { ...custom.parameters, ...custom.settings };
    const names = { prefix: `${service}-${stage}-`, creators, migratedBy, others: otherFunctions };
    this.refuse([...problemsOf({ service, stage, region, parameters, targets: targetNames }), ...nameProblems(names)]);
  }

  checkTemplate() {
    this.refuse(templateProblems(this.serverless.service.provider.compiledCloudFormationTemplate));
  }

  async checkRemoval() {
    const { service, provider } = this.serverless.service;
    const { stage, region } = provider;
    const problem = await removalProblem({ service, stage, region }, this.listOpenRuns());
    this.refuse(problem === undefined ? [] : [problem]);
  }

  async checkDeployment() {
    const { service, provider, custom } = this.serverless.service;
    const { stage, region } = provider;
    const { parameters } = custom;
    this.refuse(embeddedStageProblems(stage));
    const problem = await deploymentProblem({ service, stage, region, parameters }, this.listOpenRuns()).catch((error) => {
      // Whoever may deploy need not be allowed to read the ledger: then the deployment goes on.
      this.log.warning(
        `The ledger of stage ${stage} could not be read (${error.name}: ${error.message}), so nobody has looked whether a run is at work, or a sync open, with other parameters than these.`,
      );
      return undefined;
    });
    this.refuse(problem === undefined ? [] : [problem]);
  }

  listOpenRuns() {
    return openRunLister(this.serverless.getProvider('aws'));
  }

  refuse(problems) {
    if (problems.length > 0) throw new this.serverless.classes.Error(problems.join(' '));
  }

  warnIfNobodyIsNotified() {
    const { service, provider, custom } = this.serverless.service;
    if (custom.parameters.notifyEmail !== '') return;
    this.log.warning(
      `Nobody is notified when an alarm rings or a run ends, because the parameter notifyEmail is empty. ` +
        `To be notified, ${deployWith('notifyEmail', '<address>')}, or subscribe to the topic ${service}-${provider.stage}-notifications.`,
    );
  }

  sayWhatIsKept() {
    const { service, provider } = this.serverless.service;
    this.log.notice(
      `Kept on purpose: the bucket ${service}-${provider.stage}-<account id>-${provider.region} with every backup and report, and the table ${service}-${provider.stage}-ledger. ` +
        `To use them again, ${deployWith('adoptStorage', 'true')}, then and every later time. To delete them for good: remove the bucket's policy, empty the bucket and delete it; ` +
        `switch the ledger's deletion protection off and delete it.`,
    );
  }
}

module.exports = DeploymentChecks;
module.exports.problemsOf = problemsOf;
module.exports.unknownParameters = unknownParameters;
module.exports.embeddedStageProblems = embeddedStageProblems;
module.exports.settingClashes = settingClashes;
module.exports.nameProblems = nameProblems;
module.exports.templateProblems = templateProblems;
