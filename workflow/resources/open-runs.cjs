'use strict';

const { DynamoDBClient, paginateQuery } = require('@aws-sdk/client-dynamodb');
const { deployWith } = require('../../functions/shared/deploy-with.cjs');
const { stageWords } = require('../../functions/shared/stage-words.cjs');

/**
 * Why a stage must not be removed now, as a sentence. Without the service nothing would follow a source any more, roll a run
 * back or open the tables that it has closed.
 *
 * @param listOpen gives the runs of a ledger that still need the service, whatever their source is: the removal need not
 *   know the deployment's
 * @returns {Promise<string | undefined>}
 */
async function removalProblem({ service, stage, region }, listOpen) {
  const ledger = ledgerOf({ service, stage });
  try {
    const [run] = await listOpen(ledger);
    return run === undefined ? undefined : stillNeeded(run, stageWords({ stage, region }));
  } catch (error) {
    return isMissing(error) ? undefined : unknownRuns(error, { service, stage, ledger });
  }
}

/**
 * Why a stage must not be deployed with these parameters now, as a sentence: the roles change at once, and the functions
 * could no longer reach the source of an open sync, or the tables and files of a run at work.
 *
 * @throws where the ledger cannot be read; nothing need be wrong then
 */
async function deploymentProblem({ service, stage, region, parameters }, listOpen) {
  const open = await listOpen(ledgerOf({ service, stage })).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const words = stageWords({ stage, region });
  const problems = open.map((run) => (run.kind === 'sync' ? otherEnds : otherTables)(run, parameters, words));
  return problems.find((problem) => problem !== undefined);
}

/** Parameters that say which tables the roles may use, and which keys: those of its source, and of the targets. */
function otherEnds({ runId, status, ...sync }, parameters, words) {
  const { sourceTable } = sync;
  const changed = ['sourceTable', 'tablePrefix', ...TABLE_KEYS].find((name) => isChanged(sync, parameters, name));
  if (changed === undefined) return undefined;
  const other =
    changed === 'sourceTable'
      ? `is for table ${parameters.sourceTable}`
      : `has ${changed} ${quoted(parameters[changed])}, and the sync has ${quoted(sync[changed])}`;
  return (
    `Sync ${runId} of table ${sourceTable} is open (${status}), and this deployment ${other}. Nothing was deployed: no change of ${sourceTable} would reach the target any more. ` +
    `To keep the sync, ${deployWith(changed, sync[changed])}. Or end it first with npm run sync -- ${words} --cancel.`
  );
}

const TABLE_KEYS = ['sourceKmsKeyArn', 'targetKmsKeyArn'];

const isChanged = (run, parameters, name) => run[name] !== undefined && run[name] !== parameters[name];

/**
 * Parameters that say which tables and which keys the roles may use, and whether a machine may start iterations or a restore
 * write to the source. A held run waits for those that it began with.
 */
function otherTables({ runId, status, ...run }, parameters, words) {
  if (!isAtWork({ status })) return undefined;
  const needed = ['sourceTable', 'tablePrefix', 'kmsKeyArn', ...TABLE_KEYS, 'mapMode', 'restoreIntoSource'];
  const changed = needed.find((name) => isChanged(run, parameters, name));
  if (changed === undefined) return undefined;
  const lost =
    changed === 'restoreIntoSource'
      ? `the run could no longer write to ${run.sourceTable}`
      : 'the run, and its roll back, could no longer do their work';
  return (
    `Run ${runId} is ${status} with ${changed} ${quoted(run[changed])}, and this deployment has ${quoted(parameters[changed])}. Nothing was deployed: ${lost}. ` +
    `Wait until it has ended (${lookAt({ runId, ...run }, words)}), or ${deployWith(changed, run[changed])}.`
  );
}

/** A step called alone has no execution to follow. */
const lookAt = ({ runId, kind }, words) =>
  kind === 'manual' ? `npm run runs -- ${words}` : `npm run follow -- ${words} ${runId}`;

const quoted = (value) => `"${value}"`;

const ledgerOf = ({ service, stage }) => `${service}-${stage}-ledger`;

/** A stage that was never deployed completely has no ledger, and so no run. */
const isMissing = (error) => error.name === 'ResourceNotFoundException';

const isAtWork = ({ status }) => status === 'RUNNING' || status === 'ROLLING_BACK';

function stillNeeded({ runId, kind, status, sourceTable }, words) {
  const nothing = 'Nothing was removed: without this service';
  const then = 'Then remove the stage again.';
  if (kind === 'sync')
    return (
      `Sync ${runId} of table ${sourceTable} is open (${status}). ${nothing} no change of ${sourceTable} would reach the target any more. ` +
      `Cut over with npm run cutover -- ${words} --dry-run, or end the sync with npm run sync -- ${words} --cancel. ${then}`
    );
  if (isAtWork({ status }))
    return `Run ${runId} is ${status}. ${nothing} nothing could roll it back, and the tables that it has created would stay closed to everybody. Wait until it has ended: ${lookAt({ runId, kind }, words)}. ${then}`;
  const rollBack = `npm run rollback -- ${words} ${runId}`;
  if (status === 'HELD')
    return (
      `Run ${runId} is HELD. ${nothing} nothing could finish it or roll it back, and the tables that it has created would stay closed to everybody. ` +
      `${kind === 'migrate' ? `Resume it with npm run migrate -- ${words} --resume ${runId}, or roll` : 'Roll'} it back with ${rollBack}. ${then}`
    );
  return `Run ${runId} has succeeded, and its tables are still closed to everybody. ${nothing} nothing would open them. recoverRun opens them within 15 minutes, or its log says what keeps it from that. ${then}`;
}

const unknownRuns = (error, { service, stage, ledger }) =>
  `The ledger ${ledger} could not be read (${error.name}: ${error.message}), so a run may be at work, or a sync open. Nothing was removed. Allow dynamodb:Query on its index RunsIndex, then remove the stage again. ` +
  `If you know that no run is at work or held and no sync is open, delete the stack ${service}-${stage} in the CloudFormation console.`;

/**
 * What the ledger's list of runs is asked for: eventually consistent, as every index. A step called alone that is held has
 * closed no table and keeps no lock, and a compare leaves nothing behind.
 */
const openRuns = {
  IndexName: 'RunsIndex',
  KeyConditionExpression: 'entity = :run',
  FilterExpression:
    '(kind = :sync AND #status IN (:syncing, :switching, :cancelling)) OR ' +
    '(kind IN (:migrate, :restore, :manual) AND #status IN (:running, :rollingBack)) OR ' +
    '(kind IN (:migrate, :restore) AND (#status = :held OR (#status = :succeeded AND opening = :pending)))',
  ExpressionAttributeNames: { '#status': 'status' },
  ExpressionAttributeValues: {
    ':run': { S: 'RUN' },
    ':sync': { S: 'sync' },
    ':syncing': { S: 'SYNCING' },
    ':switching': { S: 'SWITCHING' },
    ':cancelling': { S: 'CANCELLING' },
    ':migrate': { S: 'migrate' },
    ':restore': { S: 'restore' },
    ':manual': { S: 'manual' },
    ':running': { S: 'RUNNING' },
    ':rollingBack': { S: 'ROLLING_BACK' },
    ':held': { S: 'HELD' },
    ':succeeded': { S: 'SUCCEEDED' },
    ':pending': { S: 'PENDING' },
  },
};

/** Lists the runs that still need the service, with the credentials and the region of a Serverless provider. */
function openRunLister(provider) {
  const made = provider.getAwsSdkV3Config().then((config) => new DynamoDBClient(config));
  return async (TableName) => {
    const found = [];
    for await (const { Items = [] } of paginateQuery({ client: await made }, { TableName, ...openRuns }))
      found.push(...Items.map(openRun));
    return found;
  };
}

/** A run of the ledger. A restore's tables have no prefix. A key that a run did without may be there now. */
function openRun({ runId, kind, status, sourceTable, settings, details }) {
  const { tablePrefix, kmsKeyArn, mapMode, sourceKmsKeyArn, targetKmsKeyArn } = settings?.M ?? {};
  return {
    runId: runId.S,
    kind: kind.S,
    status: status.S,
    sourceTable: sourceTable.S,
    ...(settings !== undefined && { kmsKeyArn: kmsKeyArn?.S ?? '' }),
    // Only what DISTRIBUTED needs is missing from the roles of the other mode.
    ...(mapMode?.S === 'DISTRIBUTED' && { mapMode: mapMode.S }),
    ...(sourceKmsKeyArn !== undefined && { sourceKmsKeyArn: sourceKmsKeyArn.S }),
    ...(targetKmsKeyArn !== undefined && { targetKmsKeyArn: targetKmsKeyArn.S }),
    // A restore, which may write to the source only with this parameter. Its roll back does not write there.
    ...(details?.M?.targetTable?.S === sourceTable.S && status.S === 'RUNNING' && { restoreIntoSource: 'true' }),
    ...(kind.S !== 'restore' && tablePrefix !== undefined && { tablePrefix: tablePrefix.S }),
  };
}

module.exports = { deploymentProblem, openRun, openRunLister, removalProblem };
