'use strict';

/** What each parameter may be, as a sentence for the person who typed it. */
const rules = [
  ['tablePrefix', /^[A-Za-z0-9_.-]{0,64}$/, 'at most 64 letters, digits, underscores, hyphens and dots'],
  ['sourceTable', /^[A-Za-z0-9_.-]{3,229}$/, '3 to 229 letters, digits, underscores, hyphens and dots'],
  ['mapMode', /^(INLINE|DISTRIBUTED)$/, 'INLINE or DISTRIBUTED'],
  ['maxConcurrency', /^([1-9]\d{0,2}|1000)$/, 'a whole number from 1 to 1000'],
  ['notifyEmail', /^$|^[^@\s]+@[^@\s]+$/, 'a mail address, or empty'],
  ['defaultStockQuantity', /^(0|[1-9]\d{0,8})$/, 'a whole number of pieces, 0 or more'],
  [
    'kmsKeyArn',
    /^$|^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
    'the ARN of a key (not of an alias), or empty',
  ],
  [
    'sourceKmsKeyArn',
    /^$|^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
    'the ARN of a key (not of an alias), or empty',
  ],
  ['restoreIntoSource', /^(true|false)$/, 'true or false'],
  ['tagConditions', /^(true|false)$/, 'true or false'],
  ['adoptStorage', /^(true|false)$/, 'true or false'],
  ['fenceWaitSeconds', /^(0|[1-9]\d{0,2})$/, 'a whole number of seconds, 0 to 840'],
  ['intentWaitSeconds', /^(0|[1-9]\d{0,2})$/, 'a whole number of seconds, 0 to 840'],
];

const targets = ['cart', 'orders', 'returns', 'products-enhanced'];

/** Every reason why this stage and these parameters cannot be deployed. */
function problemsOf(stage, parameters) {
  const problems = rules
    .filter(([name, pattern]) => !pattern.test(String(parameters[name])))
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

/** Refuses a deployment that could not work, and says after a removal what was kept. */
class DeploymentChecks {
  constructor(serverless, _options, { log }) {
    this.serverless = serverless;
    this.log = log;
    this.hooks = {
      'before:package:initialize': () => this.check(),
      'after:remove:remove': () => this.sayWhatIsKept(),
    };
  }

  check() {
    const { service } = this.serverless;
    const parameters = service.custom.parameters;
    const problems = problemsOf(service.provider.stage, parameters);
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
