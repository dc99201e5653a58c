import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { readRun, type Run, type Verification } from '../../../functions/shared/ledger/run.ts';
import { findShard, listShards, type Shard } from '../../../functions/shared/ledger/shard.ts';
import type { Runtime, Turn } from '../../../functions/shared/runtime.ts';
import type { JudgedDigests, Plan } from '../../../functions/shared/state.ts';
import { type WireItem, wireItem } from '../../../functions/shared/items/wire-item.ts';
import { compareShard } from '../../../functions/verify-migration/compare-shard.ts';
import { judgeDigests } from '../../../functions/verify-migration/judge-digests.ts';
import { scanSegment } from '../../../functions/verify-migration/scan-segment.ts';
import { drive, longTurn } from '../files/backup-bench.ts';
import { type MigrateBench, migrateBench, sizedProducts, targetKey } from '../migrate/migrate-bench.ts';

/** Who verifies, with what, and how much time it has. */
export interface Verifier {
  readonly run?: Run;
  readonly runtime?: Runtime;
  readonly turnOf?: () => Turn;
}

/** A migrated catalogue and the moves of its verification. */
export interface VerifyBench extends MigrateBench {
  /** As the Map does it: every segment, then the judgement. */
  verify(verifier?: Verifier): Promise<JudgedDigests>;
  /** Compares the first shard key by key. */
  compare(verifier?: Verifier): Promise<Shard | undefined>;
  verification(): Promise<Verification | undefined>;
  /** Keys that the Scans have noted, by kind, sorted. */
  samples(): Promise<Record<string, string[]>>;
  removeFrom(tableName: string, key: Record<string, { S: string }>): Promise<void>;
  targetItem(SK: string, id?: string): Promise<WireItem>;
  /** Scans in pages of so many items. */
  pagesOf(limit: number): Runtime;
  /** A runtime that notes the key of each object that it reads. */
  noting(keys: string[], runtime?: Runtime): Runtime;
}

export const threeSegments: Partial<Plan> = { segments: [0, 1, 2] };

/** Key of an item of the target, as the API takes it. */
export const wireKey = (SK: string, id = 'p-1') => ({ PK: { S: `PRODUCT#${id}` }, SK: { S: SK } });

/** The item with another attribute. */
export const changed = (item: WireItem): WireItem =>
  wireItem([...Object.entries(item), ['note', { S: 'changed' }]]);

/** Products that are migrated already; `existing`: into an existing target. */
export async function verifyBench(
  count: number,
  plan: Partial<Plan> = threeSegments,
  existing?: readonly WireItem[],
): Promise<VerifyBench> {
  const bench = await migrateBench({ products: sizedProducts(count), plan, ...(existing && { existing }) });
  await bench.migrate();
  const { runtime: usual } = bench;
  return {
    ...bench,
    async verify({ run = bench.run, runtime = usual, turnOf = longTurn } = {}) {
      const { runId, executionArn } = run;
      for (const shard of run.plan.segments) {
        await drive(
          (input, turn) => scanSegment(runtime, input, turn),
          { runId, executionArn, shard },
          turnOf,
        );
      }
      return judgeDigests(runtime, { runId, executionArn });
    },
    async compare({ run = bench.run, runtime = usual, turnOf = longTurn } = {}) {
      const { runId, executionArn } = run;
      await drive(
        (input, turn) => compareShard(runtime, input, turn),
        { runId, executionArn, shard: 0 },
        turnOf,
      );
      return findShard(usual.ledger, runId, 'CompareByKey', 0);
    },
    verification: async () => (await readRun(usual.ledger, bench.run.runId)).verification,
    async samples() {
      const shards = await listShards(usual.ledger, bench.run.runId, 'VerifyMigration');
      const entries = shards.flatMap(({ samples = {} }) => Object.entries(samples));
      const kinds = Map.groupBy(entries, ([kind]) => kind);
      return Object.fromEntries(
        [...kinds].map(([kind, found]) => [kind, found.flatMap(([, keys]) => keys).toSorted()]),
      );
    },
    async removeFrom(TableName, Key) {
      await usual.clients.dynamo.send(new DeleteItemCommand({ TableName, Key }));
    },
    targetItem: async (SK, id) => (await bench.target()).get(targetKey(SK, id)) ?? {},
    pagesOf: (limit) =>
      bench.withItems({ scanPage: (request) => usual.items.scanPage({ ...request, limit }) }),
    noting: (keys, runtime = usual) => ({
      ...runtime,
      objects: {
        ...runtime.objects,
        get(key, options) {
          keys.push(key);
          return runtime.objects.get(key, options);
        },
      },
    }),
  };
}
