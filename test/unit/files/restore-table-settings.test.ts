import {
  type CreateTableCommandInput,
  DescribeTableCommand,
  ListTagsOfResourceCommand,
  type Tag,
  type TableDescription as DescribedTable,
} from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { restoredTable } from '../../../functions/restore-from-backup/restored-table.ts';
import { restoreSettings } from '../../../functions/restore-from-backup/restore-settings.ts';
import {
  readTableDescription,
  type TableDescription,
  tableDescriptionSchema,
} from '../../../functions/shared/aws/table-description.ts';
import { type Bench, productsTable, sourceTable, startBench } from './backup-bench.ts';

let bench: Bench;
afterEach(() => bench.stop());

const restored = 'products-restored-1';
const ownTags = {
  'migration:run': 'restore-1',
  'migration:service': 'products-migration',
  'migration:stage': 'test',
};

const string = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' as const });
const index = (attribute: string) => ({
  IndexName: `${attribute}-index`,
  KeySchema: [{ AttributeName: attribute, KeyType: 'HASH' as const }],
  Projection: { ProjectionType: 'ALL' as const },
});

/** Requests of the bench's client that are answered with something else, or looked at. */
type Change = (operation: string, input: object, output: object) => object;

function intercept(change: Change): void {
  const { dynamo } = bench.runtime.clients;
  dynamo.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      const operation = String(context['commandName']).replace(/Command$/, '');
      const output = change(operation, args.input, answer.output);
      return { ...answer, output: output as typeof answer.output };
    },
    { step: 'initialize', name: 'intercept' },
  );
}

/** What a backup of this source says, where DescribeTable shows more than the engine does. */
async function describedWith(
  table: Partial<CreateTableCommandInput>,
  more: (table: DescribedTable) => DescribedTable = (described) => described,
): Promise<TableDescription> {
  bench = await startBench();
  await bench.createTable({ ...productsTable, ...table });
  intercept((operation, _input, output) =>
    operation === 'DescribeTable'
      ? { ...output, Table: more((output as { Table: DescribedTable }).Table) }
      : output,
  );
  const { dynamo } = bench.runtime.clients;
  return readTableDescription({ dynamo, clock: Date }, sourceTable);
}

async function create(backedUp: TableDescription): Promise<string> {
  await bench.createTable(restoredTable(backedUp, restored).input(ownTags));
  return (await existing())?.TableArn ?? '';
}
const existing = async () =>
  (await bench.runtime.clients.dynamo.send(new DescribeTableCommand({ TableName: restored }))).Table;

const goOn = (): Promise<void> => Promise.resolve();

async function settle(backedUp: TableDescription, check = goOn): Promise<readonly string[]> {
  const tableArn = await create(backedUp);
  return restoreSettings(bench.runtime, { tableName: restored, tableArn, backedUp, expired: 0, check });
}

async function tagsOf(): Promise<ReadonlyMap<string, string>> {
  const ResourceArn = (await existing())?.TableArn;
  const { Tags = [] } = await bench.runtime.clients.dynamo.send(
    new ListTagsOfResourceCommand({ ResourceArn }),
  );
  return new Map(Tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

const numbered = (count: number): Tag[] =>
  Array.from({ length: count }, (_, number) => ({
    Key: `tag-${String(number).padStart(2, '0')}`,
    Value: 'x',
  }));

describe('a table whose source was losing an index while it was backed up', () => {
  const losing = (table: DescribedTable): DescribedTable => ({
    ...table,
    GlobalSecondaryIndexes: table.GlobalSecondaryIndexes?.map((one) =>
      one.IndexName === 'brand-index' ? { ...one, IndexStatus: 'DELETING' as const } : one,
    ),
  });
  const twoIndexes = {
    AttributeDefinitions: [string('id'), string('brand'), string('colour')],
    GlobalSecondaryIndexes: [index('brand'), index('colour')],
  };

  it('is restored with the index that stays, and with no attribute definition but the used ones', async () => {
    const backedUp = await describedWith(twoIndexes, losing);
    expect(backedUp.attributeDefinitions).toEqual([string('id'), string('colour')]);
    await create(backedUp);
    expect((await existing())?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName)).toEqual([
      'colour-index',
    ]);
  });

  it('is restored from a backup of an earlier version as well, which still lists the attribute', async () => {
    const backedUp = await describedWith(twoIndexes, losing);
    await create({ ...backedUp, attributeDefinitions: twoIndexes.AttributeDefinitions });
    expect((await existing())?.AttributeDefinitions).toEqual([string('id'), string('colour')]);
  });
});

describe('the settings of a restored table', () => {
  it('hold the table class', async () => {
    const backedUp = await describedWith({}, (table) => ({
      ...table,
      TableClassSummary: { TableClass: 'STANDARD_INFREQUENT_ACCESS' },
    }));
    expect(restoredTable(backedUp, restored).input({})).toMatchObject({
      TableClass: 'STANDARD_INFREQUENT_ACCESS',
    });
  });

  it('hold the maxima of on-demand capacity, of table and index, once the items are there', async () => {
    const maxima = { MaxReadRequestUnits: 40, MaxWriteRequestUnits: 20 };
    const backedUp = await describedWith(
      { AttributeDefinitions: [string('id'), string('brand')], GlobalSecondaryIndexes: [index('brand')] },
      (table) => ({
        ...table,
        OnDemandThroughput: maxima,
        GlobalSecondaryIndexes: table.GlobalSecondaryIndexes?.map((one) => ({
          ...one,
          OnDemandThroughput: { MaxReadRequestUnits: 10, MaxWriteRequestUnits: -1 },
        })),
      }),
    );
    const asked: object[] = [];
    const created = restoredTable(backedUp, restored).input(ownTags);
    expect(created.OnDemandThroughput).toBeUndefined();
    await create(backedUp);
    bench.runtime.clients.dynamo.middlewareStack.add(
      (next, context) => (args) => {
        if (context['commandName'] !== 'UpdateTableCommand') return next(args);
        asked.push(args.input);
        return Promise.resolve({ output: { $metadata: {} }, response: {} } as Awaited<
          ReturnType<typeof next>
        >);
      },
      { step: 'initialize', name: 'record' },
    );
    await restoreSettings(bench.runtime, {
      tableName: restored,
      tableArn: '',
      backedUp,
      expired: 0,
      check: goOn,
    });
    expect(asked).toEqual([
      { TableName: restored, OnDemandThroughput: maxima },
      {
        TableName: restored,
        GlobalSecondaryIndexUpdates: [
          { Update: { IndexName: 'brand-index', OnDemandThroughput: { MaxReadRequestUnits: 10 } } },
        ],
      },
    ]);
  });

  it('name what a restore does not bring back', async () => {
    const backedUp = await describedWith({}, (table) => ({
      ...table,
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
      SSEDescription: { Status: 'ENABLED', KMSMasterKeyArn: 'arn:aws:kms:key' },
      DeletionProtectionEnabled: true,
      Replicas: [{ RegionName: 'eu-west-1' }],
      WarmThroughput: { ReadUnitsPerSecond: 50_000, WriteUnitsPerSecond: 4_000 },
    }));
    const warnings = (await settle(backedUp)).join('\n');
    for (const setting of [
      'stream (NEW_IMAGE)',
      'encryption under arn:aws:kms:key',
      'deletion protection',
      'replicas in eu-west-1',
      'warm throughput (50000 read and 4000 write units a second)',
      'contributor insights',
      'auto scaling',
    ])
      expect(warnings).toContain(setting);
  });

  it('are AWS’s defaults for a backup of an earlier version, and the report says so', async () => {
    const { tableClass: _, otherSettings: _2, ...backedUp } = await describedWith({});
    const earlier = tableDescriptionSchema.parse(structuredClone(backedUp));
    expect((await settle(earlier)).join()).toContain('made by an earlier version');
  });
});

describe('the tags of a restored table', () => {
  it('are all of the source’s that fit beside the three of the restore, the rest is named', async () => {
    const backedUp = await describedWith({ Tags: numbered(50) });
    const warnings = await settle(backedUp);
    const tags = await tagsOf();
    expect(tags.size).toBe(50);
    expect(tags.get('tag-46')).toBe('x');
    expect(tags.get('migration:run')).toBe('restore-1');
    expect(warnings).toContain(
      `${restored}: these tags were not restored, because a table has at most 50 tags: tag-47, tag-48, tag-49.`,
    );
  });

  it('hold the shop’s own that begin with migration:, and never those of AWS or of another run', async () => {
    const backedUp = await describedWith({ Tags: [{ Key: 'migration:wave', Value: '2' }] });
    const more = [
      { Key: 'aws:cloudformation:stack-name', Value: 'shop' },
      { Key: 'migration:run', Value: 'earlier' },
    ];
    const warnings = await settle({ ...backedUp, tags: [...more, ...backedUp.tags] });
    expect(Object.fromEntries(await tagsOf())).toEqual({ ...ownTags, 'migration:wave': '2' });
    expect(warnings).toEqual(
      expect.arrayContaining([
        `${restored}: these tags were not restored, because only AWS can set them: aws:cloudformation:stack-name.`,
        `${restored}: these tags were not restored, because the restore sets its own values for them: migration:run.`,
      ]),
    );
  });

  it('are set one by one when DynamoDB refuses them together, so that one bad tag costs only itself', async () => {
    const backedUp = await describedWith({ Tags: numbered(3) });
    bench.runtime.clients.dynamo.middlewareStack.add(
      (next, context) => (args) => {
        const { Tags = [] } = args.input as { Tags?: Tag[] };
        if (context['commandName'] === 'TagResourceCommand' && Tags.some(({ Key }) => Key === 'tag-01'))
          throw Object.assign(new Error('not allowed'), { name: 'ValidationException' });
        return next(args);
      },
      { step: 'initialize', name: 'refuse' },
    );
    const warnings = await settle(backedUp);
    expect([...(await tagsOf()).keys()].toSorted()).toEqual([...Object.keys(ownTags), 'tag-00', 'tag-02']);
    expect(warnings).toContain(
      `${restored}: these tags were not restored, because DynamoDB refused them (ValidationException): tag-01.`,
    );
  });
});
