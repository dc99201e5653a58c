import { describe, expect, it } from 'vitest';
import { chooseWriteEngine, type EngineFacts } from '../../../functions/shared/cost/write-engine.ts';

const cheaperBulk: EngineFacts = {
  asked: 'auto',
  obstacles: [],
  unknown: [],
  batch: { seconds: 100, dollars: 2 },
  bulk: { seconds: 200, dollars: 1 },
};

describe('the choice of the write engine', () => {
  it('takes the engine that the input names, even if the other one costs less', () => {
    expect(chooseWriteEngine({ ...cheaperBulk, asked: 'batch' }).engine).toBe('batch');
    expect(chooseWriteEngine({ ...cheaperBulk, asked: 'bulk', unknown: ['the price'] }).engine).toBe('bulk');
  });

  it('takes bulk put under auto where everything is known and it costs less', () => {
    expect(chooseWriteEngine(cheaperBulk)).toEqual({ engine: 'bulk', why: 'bulk put costs less' });
  });

  it('takes batch under auto where bulk put costs more', () => {
    const facts = { ...cheaperBulk, bulk: { seconds: 1, dollars: 3 } };
    expect(chooseWriteEngine(facts)).toEqual({ engine: 'batch', why: 'bulk put costs more' });
  });

  it('takes the quicker engine under auto where both cost as much', () => {
    const bulk = (seconds: number | undefined) =>
      chooseWriteEngine({ ...cheaperBulk, bulk: { seconds, dollars: 2 } }).engine;
    expect([bulk(99), bulk(100), bulk(undefined)]).toEqual(['bulk', 'batch', 'batch']);
  });

  it('takes batch under auto where anything about bulk put is unknown, and names it', () => {
    const facts = { ...cheaperBulk, unknown: ['the price', 'the IAM actions'] };
    expect(chooseWriteEngine(facts)).toEqual({
      engine: 'batch',
      why: 'nothing states the price, the IAM actions of bulk put',
    });
  });

  it('takes batch under auto where bulk put cannot do the run', () => {
    const { engine, why } = chooseWriteEngine({ ...cheaperBulk, obstacles: ['products is a global table'] });
    expect(engine).toBe('batch');
    expect(why).toContain('products is a global table');
  });

  it('never counts an unknown cost as nothing', () => {
    const facts = { ...cheaperBulk, bulk: { seconds: 1, dollars: undefined } };
    expect(chooseWriteEngine(facts).engine).toBe('batch');
  });
});
