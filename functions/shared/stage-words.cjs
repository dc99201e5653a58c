'use strict';

/** The region of a deployment, and of a command, that names none. */
const DEFAULT_REGION = 'ap-southeast-2';

/** The stage of the embedded AWS, which has one region only. */
const EMBEDDED_STAGE = 'local';

/**
 * The words of a command that lead it to a stage: `--stage prod`, and the region, where another one has been typed or
 * deployed to. Without it, the command would go to a stage of the same name in the default region.
 */
function stageWords({ stage, region, typed }) {
  const isNamed = stage !== EMBEDDED_STAGE && (typed?.region !== undefined || region !== DEFAULT_REGION);
  return isNamed ? `--stage ${stage} --region ${region}` : `--stage ${stage}`;
}

/** The same for the texts of a deployment: `${file(functions/shared/stage-words.cjs):deployed}` in serverless.yml. */
const deployed = async ({ resolveVariable }) =>
  stageWords({ stage: await resolveVariable('sls:stage'), region: await resolveVariable('self:provider.region') });

module.exports = { DEFAULT_REGION, EMBEDDED_STAGE, stageWords, deployed };
