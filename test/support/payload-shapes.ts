import type { PayloadShape } from './bad-payloads.ts';

const executionArn =
  'arn:aws:states:ap-southeast-2:123456789012:execution:products-migration-local-migrate:nobody';
/** An execution that never existed. */
export const execution = { id: executionArn, name: 'nobody', startTime: '2026-01-01T00:00:00.000Z' };
const worker = { runId: 'no-such-run', executionArn, shard: 0 };
const runStep = { runId: 'no-such-run', executionArn };
/** A plan as TestConnection would make it. */
export const plan = {
  segments: [0],
  shards: [0],
  workers: 1,
  itemsPerFile: 4_000,
  readUnitsPerSecond: 0,
  writeUnitsPerSecond: 0,
  estimatedProducts: 8,
  estimatedBytes: 1_000,
  estimate: { seconds: 1, dollars: 0 },
  warnings: [],
};

/** As Lambda's event source mapping sends it. */
const changeRecord = {
  eventID: '7de3041dd709b024af6f29e4fa13d34c',
  eventName: 'REMOVE',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'ap-southeast-2',
  eventSourceARN:
    'arn:aws:dynamodb:ap-southeast-2:123456789012:table/products/stream/2026-01-01T00:00:00.000',
  dynamodb: {
    ApproximateCreationDateTime: 1_767_225_600,
    Keys: { id: { S: '1' } },
    SequenceNumber: '4421584500000000017450439091',
    SizeBytes: 59,
    StreamViewType: 'KEYS_ONLY',
  },
};

const ofWorker: PayloadShape = {
  payload: worker,
  fields: { runId: 'runId', executionArn: 'arn', shard: 'index' },
  isStrict: true,
};
const ofRunStep: PayloadShape = {
  payload: runStep,
  fields: { runId: 'runId', executionArn: 'arn' },
  isStrict: true,
};
const executionFields = {
  'execution.id': 'arn',
  'execution.name': 'name',
  'execution.startTime': 'time',
} as const;
const planFields = { 'tested.plan.workers': 'count', 'tested.plan.segments': 'choice' } as const;

/** Every function, and the payloads that the workflow sends to it. */
export const shapes: Readonly<Record<string, readonly PayloadShape[]>> = {
  testConnection: [{ payload: { input: {}, execution }, fields: { input: 'object', ...executionFields } }],
  beginRun: [
    {
      payload: { machine: 'migrate', input: {}, execution, tested: { plan } },
      fields: { machine: 'choice', input: 'object', ...executionFields, tested: 'object', ...planFields },
    },
  ],
  backupProducts: [ofWorker],
  transformProducts: [ofWorker],
  sealBackup: [ofRunStep],
  createCartTable: [ofRunStep],
  createOrdersTable: [ofRunStep],
  createReturnsTable: [ofRunStep],
  createProductsEnhancedTable: [ofRunStep],
  migrateProductsEnhanced: [ofWorker],
  bulkLoad: [ofRunStep],
  verifyMigration: [
    {
      payload: { action: 'scan', worker },
      fields: { action: 'choice', worker: 'object', 'worker.runId': 'runId', 'worker.shard': 'index' },
    },
    { payload: { action: 'judge', run: runStep }, fields: { run: 'object', 'run.runId': 'runId' } },
  ],
  completeRun: [ofRunStep],
  rollBack: [
    {
      payload: { machine: 'rollback', execution, input: { runId: 'no-such-run' } },
      fields: { machine: 'choice', execution: 'object', input: 'object', 'input.runId': 'runId' },
    },
    {
      payload: { machine: 'recover', execution, runId: 'no-such-run' },
      fields: { execution: 'object', 'execution.id': 'arn', runId: 'runId' },
    },
  ],
  recordFailure: [
    {
      payload: { state: 'BackupProducts', iteration: { ...worker, failure: { Error: 'x', Cause: 'y' } } },
      fields: { state: 'runId', 'iteration.runId': 'runId', 'iteration.executionArn': 'arn' },
    },
  ],
  restoreFromBackup: [
    {
      payload: { action: 'prepare', execution, input: { backupId: '00000000000001-00000000' } },
      fields: { action: 'choice', input: 'object', ...executionFields },
      optional: { 'input.backupId': 'backupId', 'input.targetTable': 'table' },
    },
    { payload: { action: 'restore', worker }, fields: { worker: 'object', 'worker.runId': 'runId' } },
    { payload: { action: 'create', run: runStep }, fields: { run: 'object', 'run.runId': 'runId' } },
  ],
  compareAll: [
    {
      payload: { action: 'source', worker },
      fields: { action: 'choice', worker: 'object', 'worker.runId': 'runId', 'worker.shard': 'index' },
    },
    { payload: { action: 'judge', run: runStep }, fields: { run: 'object', 'run.runId': 'runId' } },
  ],
  controlSync: [
    {
      payload: { action: 'startMapping', run: runStep },
      fields: { action: 'choice', run: 'object', 'run.runId': 'runId', 'run.executionArn': 'arn' },
    },
    {
      payload: { action: 'drain', run: runStep, since: execution.startTime },
      fields: { 'run.runId': 'runId', since: 'time' },
    },
  ],
  syncProducts: [
    {
      payload: { Records: [changeRecord] },
      fields: {
        'Records.0.eventSourceARN': 'arn',
        'Records.0.dynamodb': 'object',
        'Records.0.dynamodb.Keys': 'object',
      },
    },
  ],
  verifyBackup: [
    {
      payload: { backupId: '00000000000001-00000000' },
      fields: {},
      optional: { backupId: 'backupId' },
      isStrict: true,
    },
  ],
};
