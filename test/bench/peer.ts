import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { itemTable } from '../../functions/shared/aws/item-table.ts';
import { openScan, pagesOf, wholeTable } from '../../functions/shared/copy/scan.ts';
import { itemDigest } from '../../functions/shared/items/digest.ts';
import { keyIdentity, type TableKey } from '../../functions/shared/items/item-key.ts';
import { OperatorError } from '../../workflow/cli/operator-error.ts';
import type { Sample } from './measurement.ts';
import { UNMEASURED } from './whole-run.ts';
import { type BenchWorld, sourceTable } from './world.ts';

const TARGET_TABLE = 'peer';
const KEY: TableKey = [{ name: 'id', type: 'S' }];

/** What a peer needs of the world. */
export interface PeerWorld extends Pick<BenchWorld, 'engineUrl' | 'dynamo' | 'createTable' | 'clean'> {
  readonly aws: Pick<BenchWorld['aws'], 'region'>;
}

/**
 * Times a command that copies the source into an empty table with the same key. Item by item the copy must be the source.
 *
 * @throws OperatorError naming the exit code, or how many items are lost, changed or invented
 */
export async function copyByPeer(world: PeerWorld, command: string): Promise<Sample> {
  await world.createTable(TARGET_TABLE, 'products');
  try {
    return await timeCopy(world, command);
  } finally {
    await world.clean();
  }
}

async function timeCopy(world: PeerWorld, command: string): Promise<Sample> {
  const startedAt = performance.now();
  const code = await runCommand(command, environmentOf(world));
  const seconds = (performance.now() - startedAt) / 1_000;
  if (code !== 0)
    throw new OperatorError(`The peer (${command}) ended with ${code ?? 'a signal'} instead of 0.`);
  const items = await compare(world.dynamo, command);
  return { ...UNMEASURED, items, seconds };
}

/** Its own names, and those that every SDK and the AWS CLI read. Nothing of this machine's credentials. */
function environmentOf({ engineUrl, aws }: PeerWorld): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return {
    PATH,
    HOME,
    BENCH_ENDPOINT: engineUrl,
    BENCH_SOURCE_TABLE: sourceTable,
    BENCH_TARGET_TABLE: TARGET_TABLE,
    AWS_ENDPOINT_URL_DYNAMODB: engineUrl,
    AWS_REGION: aws.region,
    AWS_DEFAULT_REGION: aws.region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
}

/** What the command prints goes to standard error: standard output has the JSON lines. */
async function runCommand(command: string, env: NodeJS.ProcessEnv): Promise<number | null> {
  const child = spawn(command, { shell: true, env, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.pipe(process.stderr, { end: false });
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

async function compare(dynamo: DynamoDBClient, command: string): Promise<number> {
  const [source, target] = [await digestsOf(dynamo, sourceTable), await digestsOf(dynamo, TARGET_TABLE)];
  const keys = [...source.keys()];
  const lost = keys.filter((key) => !target.has(key)).length;
  const changed = keys.filter((key) => target.has(key) && target.get(key) !== source.get(key)).length;
  const invented = [...target.keys()].filter((key) => !source.has(key)).length;
  if (lost + changed + invented === 0) return target.size;
  throw new OperatorError(
    `The peer (${command}) did not copy the table: of ${source.size} items it lost ${lost} and changed ${changed}, and ${invented} are there that the source has not.`,
  );
}

async function digestsOf(dynamo: DynamoDBClient, tableName: string): Promise<ReadonlyMap<string, string>> {
  const scan = openScan({ items: itemTable(dynamo), retry: (attempt) => attempt() }, wholeTable(tableName));
  const digests = new Map<string, string>();
  for await (const page of pagesOf(scan))
    for (const item of page) digests.set(keyIdentity(item, KEY), itemDigest(item));
  return digests;
}
