import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { eventually } from '../../support/embedded.ts';
import { type FaultShop, openFaultShop } from '../../support/fault-shop.ts';
import type { EngineFront } from '../../support/engine-front.ts';
import { startLesserEngine, type TagsInCreateTable } from '../../support/lesser-engine.ts';
import { secretProducts } from '../../support/secret-products.ts';

const products = secretProducts(6);
const targets = ['cart', 'orders', 'products-enhanced', 'returns'];
const withoutTags = /^This endpoint has no tags, so only the ledger says that (.*) are the run's/;

describe.each(['ignored', 'refused'] as const satisfies readonly TagsInCreateTable[])(
  'an engine without tags and ids of tables, where CreateTable with tags is %s',
  (tagsInCreateTable) => {
    let engine: EngineFront;
    let shop: FaultShop;
    beforeAll(async () => {
      engine = await startLesserEngine(tagsInCreateTable);
      shop = await openFaultShop({ dynamodbUrl: engine.url });
    });
    beforeEach(() => shop.reset(products));
    afterAll(async () => {
      await shop.stop();
      await engine.stop();
    });

    const breakMigration = (): void =>
      void shop.aws.faults.add({
        operation: 'BatchWriteItem',
        table: 'products-enhanced',
        kind: 'error',
        code: 'AccessDeniedException',
        message: 'on purpose',
      });
    const reportOf = async (runId: string): Promise<Report> =>
      JSON.parse(await shop.objectText(`runs/${runId}/report.json`)) as Report;
    const outcomes = ({ tables }: Report) =>
      Object.fromEntries(tables.map(({ name, outcome }) => [name, outcome]));
    const all = (outcome: string) => Object.fromEntries(targets.map((name) => [name, outcome]));
    const table = (TableName: string) => ({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['PK', 'SK'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'PK', KeyType: 'HASH' },
        { AttributeName: 'SK', KeyType: 'RANGE' },
      ],
    });

    it('migrates, with one warning for all tables', async () => {
      const report = await shop.migrate();
      expect(outcomes(report)).toEqual(all('CREATED'));
      expect(report.verification).toMatchObject({ missing: 0, different: 0, extra: 0 });
      const warnings = (report.warnings ?? []).filter((warning) => withoutTags.test(warning));
      expect(warnings.map((warning) => withoutTags.exec(warning)?.[1])).toEqual([targets.join(', ')]);
    });

    it('has exactly what the run created rolled back, by the ledger and the time of creation', async () => {
      await shop.dynamo.call('CreateTable', table('cart'));
      breakMigration();
      const { status, name = '' } = await shop.run('migrate', {});
      expect(status).toBe('FAILED');
      expect(outcomes(await reportOf(name))).toEqual({ ...all('DELETED'), cart: 'EXISTED' });
      expect((await shop.dynamo.tableNames()).toSorted()).toEqual(
        ['cart', 'products', shop.aws.ledgerTable].toSorted(),
      );
    });

    it('has a table recognized whose answer was lost', async () => {
      shop.aws.faults.add({ operation: 'CreateTable', table: 'orders', nth: 1, kind: 'answerLost' });
      const report = await shop.migrate();
      expect(outcomes(report)).toEqual(all('CREATED'));
    });

    it('has a table kept that somebody else created in the place of the run’s', async () => {
      const arn = await shop.begin({ onFailure: 'hold' }, 'held');
      breakMigration();
      await shop.endOf(arn);
      await shop.dynamo.call('DeleteTable', { TableName: 'cart' });
      // The packaged engine says the time of creation in whole seconds.
      const second = Math.floor(Date.now() / 1000);
      await eventually(() => (Date.now() / 1000 >= second + 1 ? true : undefined));
      await shop.dynamo.call('CreateTable', table('cart'));
      await shop.run('rollback', { runId: 'held' });
      const { tables } = await reportOf('held');
      expect(tables.find(({ name }) => name === 'cart')?.remark).toBe(
        'somebody has replaced it by another table',
      );
      expect((await shop.dynamo.tableNames()).filter((name) => targets.includes(name))).toEqual(['cart']);
    });
  },
);
