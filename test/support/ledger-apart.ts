import { startDynoxide } from '../../workflow/local/dynamodb/dynoxide.ts';
import { createEngineClient } from '../../workflow/local/gateway/engine-client.ts';
import { type EngineFront, startEngineFront } from './engine-front.ts';

/**
 * Serves the ledger's table from the packaged engine and every other one from the given engine, for engines without
 * transactions. Everything except the ledger is then tested on them.
 */
export async function startLedgerApart(dynamodbUrl: string): Promise<EngineFront> {
  const packaged = await startDynoxide();
  const ledger = createEngineClient('engine', packaged.url);
  const others = createEngineClient('engine', dynamodbUrl);
  return startEngineFront(
    (request) => (isOfLedger(request.body) ? ledger : others).send(request),
    async () => {
      for (const engine of [ledger, others]) engine.close();
      await packaged.stop();
    },
  );
}

/** No request on another table contains the names of the ledger's table and index. */
function isOfLedger(body: Buffer): boolean {
  return /"TableName":"[^"]*-ledger"|"[^"]*-ledger":[[{]/.test(body.toString());
}
