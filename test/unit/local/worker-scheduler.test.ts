import { describe, expect, it } from 'vitest';
import type { FunctionSpec } from '../../../workflow/local/deploy/read-deployment.ts';
import type { FunctionWorker } from '../../../workflow/local/lambda/function-worker.ts';
import { createWorkerScheduler } from '../../../workflow/local/lambda/worker-scheduler.ts';

/** A scheduler over workers that are threads only by name. */
function scheduled(limits = { busy: 2, idle: 4 }) {
  const started: string[] = [];
  const start = ({ name }: FunctionSpec): FunctionWorker => {
    started.push(name);
    const number = started.length;
    const parts = {
      spec: specOf(name),
      code: { modulePath: '', exportName: '', compiledPath: '' },
      endpoint: '',
    };
    let dead = false;
    return {
      number,
      functionName: name,
      parts,
      loaded: Promise.resolve(),
      get dead() {
        return dead;
      },
      onOutput: () => undefined,
      invoke: () => Promise.resolve({ payload: 'null', error: undefined }),
      terminate: async () => void (dead = true),
    };
  };
  return { scheduler: createWorkerScheduler(start, limits), started };
}

const specOf = (name: string) => ({ name }) as FunctionSpec;

describe('a function that is loaded before it is called', () => {
  it('has a worker that its first call takes', async () => {
    const { scheduler, started } = scheduled();
    const prepared = scheduler.prepare(specOf('a'), 1);
    expect(await scheduler.acquire(specOf('a'))).toBe(prepared);
    expect(started).toEqual(['a']);
  });

  it('gets no more workers than it was to have, whether they are idle or at work', async () => {
    const { scheduler, started } = scheduled();
    await scheduler.acquire(specOf('a'));
    expect(scheduler.prepare(specOf('a'), 1)).toBeUndefined();
    scheduler.prepare(specOf('a'), 2);
    expect(scheduler.prepare(specOf('a'), 2)).toBeUndefined();
    expect(started).toEqual(['a', 'a']);
  });

  it('gets another worker where the first one has died', async () => {
    const { scheduler, started } = scheduled();
    await scheduler.prepare(specOf('a'), 1)?.terminate();
    expect(scheduler.prepare(specOf('a'), 1)).toBeDefined();
    expect(started).toEqual(['a', 'a']);
  });

  it('takes no place from calls, and nothing is loaded once everything stops', async () => {
    const { scheduler, started } = scheduled({ busy: 1, idle: 4 });
    scheduler.prepare(specOf('a'), 1);
    await scheduler.acquire(specOf('b'));
    scheduler.close();
    expect(scheduler.prepare(specOf('c'), 1)).toBeUndefined();
    expect(started).toEqual(['a', 'b']);
  });
});
