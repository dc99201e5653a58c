import { afterEach, describe, expect, it } from 'vitest';
import { beginMigration } from '../../../functions/begin-run/begin-run.ts';
import { runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { findLockOf } from '../../../functions/shared/ledger/lock.ts';
import { readRun, type Run, type RunParameters } from '../../../functions/shared/ledger/run.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
import { transition } from '../../../functions/shared/ledger/transition.ts';
import { indexesTo, SINGLE_PLAN } from '../../../functions/shared/runs/cut-work.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import type { Plan } from '../../../functions/shared/state.ts';
import { type Bench, products } from '../files/backup-bench.ts';
import { sealedBench } from '../files/sealed-bench.ts';
import { migrateBench } from '../migrate/migrate-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

async function end({ runId }: Run, to: 'PLANNED' | 'HELD'): Promise<Run> {
  const { ledger } = bench.runtime;
  const run = await readRun(ledger, runId);
  const facts = { finishedAt: new Date().toISOString() };
  const lock = to === 'HELD' ? 'keep' : 'release';
  return (await transition(ledger, { run, to, lock, writer: `end:${runId}`, facts })) as Run;
}

/** A dry run that has come to its end, with this plan. */
async function planned(plan: Partial<Plan>, more: Partial<RunParameters> = {}): Promise<Run> {
  const parameters = {
    dryRun: true,
    onFailure: 'rollback',
    maxQuarantined: 0,
    onExisting: 'keep',
    maxConcurrency: 40,
    ...more,
  } as const;
  const made = await sealedBench(products(3), { run: { parameters } });
  bench = made.bench;
  const { ledger } = bench.runtime;
  await updateIf(ledger, runKey('run-1'), { set: { plan: { ...made.run.plan, ...plan } } });
  return end(made.run, 'PLANNED');
}

/** Lets the dry run have counted these items. */
async function counted(rehearsal: object): Promise<void> {
  const { writeUnits: _ofThree, ...known } = { ...(await resumed()).rehearsal };
  const set = { rehearsal: { ...known, ...rehearsal } };
  await updateIf(bench.runtime.ledger, runKey('run-1'), { set });
}

/** What BeginRun answers an execution that resumes the run, where TestConnection has found these caps for a new one. */
function resume(fresh: Partial<Plan>, input: object = {}, runtime: Runtime = bench.runtime) {
  return beginMigration(runtime, {
    machine: 'migrate',
    input: { resume: 'run-1', ...input },
    execution: { id: 'arn:aws:resumer', name: 'resumer', startTime: '2026-02-01T00:00:00.000Z' },
    tested: { plan: { ...SINGLE_PLAN, ...fresh } },
  });
}

const resumed = () => readRun(bench.runtime.ledger, 'run-1');

describe('the plan of a resumed run', () => {
  it('does not fit the history of an INLINE Map where it was cut for DISTRIBUTED ones: nothing is changed, and mapMode is named', async () => {
    const cut = { segments: indexesTo(800), shards: indexesTo(800), workers: 20 };
    const run = await planned(cut);
    await expect(resume({})).rejects.toMatchObject({
      name: 'RunTooLongForInlineError',
      message: expect.stringMatching(
        /800 iterations in each Map[^]*Nothing was changed[^]*--param mapMode=DISTRIBUTED[^]*\nnpm run migrate -- --stage test --resume run-1\n/,
      ),
    });
    const now = await resumed();
    expect(now).toMatchObject({ status: 'PLANNED', plan: run.plan });
    expect(await findLockOf(bench.runtime.ledger, now)).toBeUndefined();

    const config = { ...bench.runtime.config, mapMode: 'DISTRIBUTED' } as const;
    const { run: begun } = await resume({}, {}, { ...bench.runtime, config });
    expect(begun).toMatchObject({ outcome: 'RESUMED', workers: 20, segments: indexesTo(800) });
  });

  it('takes lower caps, and the workers for them, where a table in use has less to spare than when it was planned', async () => {
    await planned({ workers: 20, readUnitsPerSecond: 0, writeUnitsPerSecond: 900 });
    const { run } = await resume({ readUnitsPerSecond: 50, writeUnitsPerSecond: 100 });
    expect(run).toMatchObject({ outcome: 'RESUMED', workers: 2 });
    const { plan, warnings } = await resumed();
    expect(plan).toMatchObject({ workers: 2, readUnitsPerSecond: 50, writeUnitsPerSecond: 100 });
    expect(warnings.join(' ')).toContain(
      'reads capped at 50 units a second, writes capped at 100 units a second',
    );
  });

  it('is refused where the lower caps make it too long for its history', async () => {
    await planned({ workers: 20, estimatedProducts: 10_000_000, estimatedBytes: 1e10 });
    await counted({ metadata: 10_000_000, variants: 40_000_000, targetBytes: 3e10, writeUnits: 5e7 });
    await expect(resume({ writeUnitsPerSecond: 0.5 })).rejects.toThrow('Nothing was changed');
    expect(await resumed()).toMatchObject({ status: 'PLANNED' });
  });

  it('is refused where the items that the dry run has counted make it too long for its history', async () => {
    const cut = { workers: 20, segments: indexesTo(20), shards: indexesTo(20) };
    await planned({ ...cut, estimatedProducts: 1_000_000, estimatedBytes: 1e9 });
    const caps = { writeUnitsPerSecond: 500 };
    await counted({ metadata: 1_000_000, variants: 90_000_000, targetBytes: 4e10, writeUnits: 9.1e7 });
    await expect(resume(caps)).rejects.toMatchObject({ name: 'RunTooLongForInlineError' });
    expect(await resumed()).toMatchObject({ status: 'PLANNED' });
    await counted({ metadata: 1_000_000, variants: 4_000_000, targetBytes: 3e9, writeUnits: 5e6 });
    expect(await resume(caps)).toMatchObject({ run: { outcome: 'RESUMED' } });
  });

  it('is refused, and not used up, where an execution would not last as long', async () => {
    const cut = { estimatedProducts: 1_000_000, estimatedBytes: 1e9, writeUnitsPerSecond: 1 };
    await planned(cut, { writeUnitsPerSecond: 1 });
    await counted({ metadata: 1_000_000, variants: 4_000_000, targetBytes: 3e9 });
    const config = { ...bench.runtime.config, mapMode: 'DISTRIBUTED' } as const;
    await expect(resume({}, {}, { ...bench.runtime, config })).rejects.toMatchObject({
      name: 'RunTooLongError',
      message: expect.stringMatching(
        /"resume": run run-1 would take about \d+ days at the present caps, and an execution ends after 7 days\. Nothing was changed\.[^]*\nnpm run migrate -- --stage test --dry-run\n[^]*held when its time is up[^]* --dry-run --write-units-per-second 1 --on-failure hold\n/,
      ) as string,
    });
    expect(await resumed()).toMatchObject({ status: 'PLANNED' });
  });

  it('is judged by the units that its items take, as SealBackup judges it', async () => {
    const cut = { estimatedProducts: 1_000_000, estimatedBytes: 1e9, writeUnitsPerSecond: 10 };
    await planned(cut, { writeUnitsPerSecond: 10 });
    const sizes = { metadata: 1_000_000, variants: 4_000_000, targetBytes: 5e9 };
    await counted({ ...sizes, writeUnits: 10_000_000 });
    const config = { ...bench.runtime.config, mapMode: 'DISTRIBUTED' } as const;
    const distributed = { ...bench.runtime, config };
    await expect(resume({}, {}, distributed)).rejects.toMatchObject({ name: 'RunTooLongError' });
    await counted({ ...sizes, writeUnits: 5_000_000 });
    expect(await resume({}, {}, distributed)).toMatchObject({ run: { outcome: 'RESUMED' } });
  });

  it('knows the mode and the keys of the execution that works on it, and no events that another mode has counted', async () => {
    await planned({ mapEvents: 900 });
    const present = {
      mapMode: 'DISTRIBUTED',
      sourceKmsKeyArn: 'arn:source',
      targetKmsKeyArn: 'arn:target',
    } as const;
    await resume({}, {}, { ...bench.runtime, config: { ...bench.runtime.config, ...present } });
    const { settings, plan } = await resumed();
    expect(settings).toMatchObject(present);
    expect(plan).not.toHaveProperty('mapEvents');
  });

  it('keeps its caps where they are lower than those of a new run', async () => {
    const run = await planned({ workers: 1, readUnitsPerSecond: 5, writeUnitsPerSecond: 6 });
    await resume({ readUnitsPerSecond: 0, writeUnitsPerSecond: 7 });
    const { plan, warnings } = await resumed();
    expect(plan).toEqual({ ...run.plan, mapEvents: expect.any(Number) });
    expect(warnings).toEqual([]);
  });

  it('keeps a cap that the run was asked for, whatever a table has to spare', async () => {
    await planned({ writeUnitsPerSecond: 500 }, { writeUnitsPerSecond: 500 });
    await resume({ writeUnitsPerSecond: 7 });
    expect((await resumed()).plan.writeUnitsPerSecond).toBe(500);
  });

  it('takes a lower cap that is typed with the resumption, and says of a higher one that it made no difference', async () => {
    await planned({ readUnitsPerSecond: 10, writeUnitsPerSecond: 500 });
    await resume(
      { readUnitsPerSecond: 20, writeUnitsPerSecond: 7 },
      { readUnitsPerSecond: 20, writeUnitsPerSecond: 7 },
    );
    const { plan, warnings } = await resumed();
    expect(plan).toMatchObject({ readUnitsPerSecond: 10, writeUnitsPerSecond: 7 });
    expect(warnings.join(' ')).toMatch(/so readUnitsPerSecond made no difference/);
  });

  it('is not capped by what the run’s own new table has, which nobody else uses', async () => {
    const made = await migrateBench({ products: products(1), plan: { writeUnitsPerSecond: 0 } });
    bench = made;
    await end(made.run, 'HELD');
    await resume({ writeUnitsPerSecond: 1 });
    expect((await resumed()).plan.writeUnitsPerSecond).toBe(0);
  });
});
