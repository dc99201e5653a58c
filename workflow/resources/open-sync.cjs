'use strict';

const { DynamoDBClient, paginateQuery } = require('@aws-sdk/client-dynamodb');
const { deployWith } = require('../../functions/shared/deploy-with.cjs');
const { stageWords } = require('../../functions/shared/stage-words.cjs');

/**
 * Why a stage must not be removed now, as a sentence. Without the service nothing would follow a source any more, and
 * the sync's event source mapping would stay.
 *
 * @param listOpen gives the open syncs of a ledger, whatever their source is: the removal need not know the deployment's
 * @returns {Promise<string | undefined>}
 */
async function removalProblem({ service, stage, region }, listOpen) {
  const ledger = ledgerOf({ service, stage });
  try {
    const [sync] = await listOpen(ledger);
    return sync === undefined ? undefined : stillOpen(sync, stageWords({ stage, region }));
  } catch (error) {
    return isMissing(error) ? undefined : unknownSync(error, { service, stage, ledger });
  }
}

/**
 * Why a stage must not be deployed for this source now, as a sentence: a sync of another one is open, and the functions
 * could no longer read its source.
 *
 * @throws where the ledger cannot be read; nothing need be wrong then
 */
async function deploymentProblem({ service, stage, region, sourceTable }, listOpen) {
  const open = await listOpen(ledgerOf({ service, stage })).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const other = open.find((sync) => sync.sourceTable !== sourceTable);
  if (other === undefined) return undefined;
  return (
    `Sync ${other.runId} of table ${other.sourceTable} is open (${other.status}), and this deployment is for table ${sourceTable}. Nothing was deployed: no change of ${other.sourceTable} would reach the target any more. ` +
    `To keep the sync, ${deployWith('sourceTable', other.sourceTable)}. Or end it first with npm run sync -- ${stageWords({ stage, region })} --cancel.`
  );
}

const ledgerOf = ({ service, stage }) => `${service}-${stage}-ledger`;

/** A stage that was never deployed completely has no ledger, and so no sync. */
const isMissing = (error) => error.name === 'ResourceNotFoundException';

const stillOpen = ({ runId, status, sourceTable }, words) =>
  `Sync ${runId} of table ${sourceTable} is open (${status}). Nothing was removed: without this service no change of ${sourceTable} would reach the target any more. ` +
  `Cut over with npm run cutover -- ${words} --dry-run, or end the sync with npm run sync -- ${words} --cancel. Then remove the stage again.`;

const unknownSync = (error, { service, stage, ledger }) =>
  `The ledger ${ledger} could not be read (${error.name}: ${error.message}), so a sync may be open. Nothing was removed. Allow dynamodb:Query on its index RunsIndex, then remove the stage again. ` +
  `If you know that no sync is open, delete the stack ${service}-${stage} in the CloudFormation console.`;

/** What the ledger's list of runs is asked for: eventually consistent, as every index. */
const openSyncs = {
  IndexName: 'RunsIndex',
  KeyConditionExpression: 'entity = :run',
  FilterExpression: 'kind = :sync AND #status IN (:syncing, :switching, :cancelling)',
  ExpressionAttributeNames: { '#status': 'status' },
  ExpressionAttributeValues: {
    ':run': { S: 'RUN' },
    ':sync': { S: 'sync' },
    ':syncing': { S: 'SYNCING' },
    ':switching': { S: 'SWITCHING' },
    ':cancelling': { S: 'CANCELLING' },
  },
};

/** Lists open syncs with the credentials and the region of a Serverless provider. */
function openSyncLister(provider) {
  const made = provider.getAwsSdkV3Config().then((config) => new DynamoDBClient(config));
  return async (TableName) => {
    const found = [];
    for await (const { Items = [] } of paginateQuery({ client: await made }, { TableName, ...openSyncs }))
      for (const { runId, status, sourceTable } of Items)
        found.push({ runId: runId.S, status: status.S, sourceTable: sourceTable.S });
    return found;
  };
}

module.exports = { deploymentProblem, openSyncLister, removalProblem };
