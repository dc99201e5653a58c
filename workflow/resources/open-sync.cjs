'use strict';

const { DynamoDBClient, GetItemCommand } = require('@aws-sdk/client-dynamodb');
const { stageWords } = require('../../functions/shared/stage-words.cjs');

/** Statuses of a sync that keeps no lock any more. */
const ENDED = ['SWITCHED', 'CANCELLED'];

/**
 * Why a stage must not be removed now, as a sentence. Without the service nothing would follow the source any more, and
 * the sync's event source mapping would stay.
 *
 * @param read gives the attributes of a ledger item in DynamoDB JSON, strongly consistent, or undefined
 * @returns {Promise<string | undefined>}
 */
async function removalProblem({ service, stage, region, sourceTable }, read) {
  const ledger = `${service}-${stage}-ledger`;
  try {
    const lock = await read(ledger, { PK: { S: `LOCK#${sourceTable}` }, SK: { S: 'LOCK' } });
    const run = lock && (await read(ledger, { PK: { S: `RUN#${lock.runId.S}` }, SK: { S: 'RUN' } }));
    return run?.kind?.S === 'sync' && !ENDED.includes(run.status.S) ? openSync(run, { sourceTable, words: stageWords({ stage, region }) }) : undefined;
  } catch (error) {
    // A stage that was never deployed completely has no ledger, and so no sync.
    return error.name === 'ResourceNotFoundException' ? undefined : unknownSync(error, { service, stage, ledger });
  }
}

const openSync = ({ runId, status }, { sourceTable, words }) =>
  `Sync ${runId.S} of table ${sourceTable} is open (${status.S}). Nothing was removed: without this service no change of ${sourceTable} would reach the target any more. ` +
  `Cut over with npm run cutover -- ${words} --dry-run, or end the sync with npm run sync -- ${words} --cancel. Then remove the stage again.`;

const unknownSync = (error, { service, stage, ledger }) =>
  `The ledger ${ledger} could not be read (${error.name}: ${error.message}), so a sync may be open. Nothing was removed. Allow dynamodb:GetItem on it, then remove the stage again. ` +
  `If you know that no sync is open, delete the stack ${service}-${stage} in the CloudFormation console.`;

/** Reads items with the credentials and the region of a Serverless provider. */
function ledgerReader(provider) {
  const client = provider.getAwsSdkV3Config().then((config) => new DynamoDBClient(config));
  return async (TableName, Key) => {
    const { Item } = await (await client).send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    return Item;
  };
}

module.exports = { ledgerReader, removalProblem };
