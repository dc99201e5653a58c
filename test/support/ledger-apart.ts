import { startDynoxide } from '../../workflow/local/dynamodb/dynoxide.ts';
import { createEngineClient } from '../../workflow/local/gateway/engine-client.ts';
import { type EngineFront, startEngineFront } from './engine-front.ts';

/**
 * Serves the ledger's table from the packaged engine and every other one from the given engine, for engines that have no
 * transactions: everything but the ledger is then tried on them.
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

/** The names of the ledger's table and index stand in no request on another table. */
function isOfLedger(body: Buffer): boolean {
  return /"TableName":"[^"]*-ledger"|"[^"]*-ledger":[[{]/.test(body.toString());
}
