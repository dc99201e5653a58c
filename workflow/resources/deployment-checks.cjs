'use strict';

const { creators, migratedBy, otherFunctions, settingDefaults, targetNames } = require('./from-migration.cjs');
const { deployWith } = require('../../functions/shared/deploy-with.cjs');
const { deploymentProblem, openRunLister, removalProblem } = require('./open-runs.cjs');
const { embeddedStageProblems, problemsOf, settingClashes, unknownParameters } = require('./parameter-problems.cjs');
const { nameProblems, templateProblems } = require('./template-problems.cjs');

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
