import { build } from 'esbuild';

/** What a call works on, as far as the code alone tells. */
export type CallTarget = 'ledger' | 'runs index' | 'tables' | 'objects' | 'account';

/** An IAM action that a function's code can ask for. */
export interface CodeCall {
  readonly target: CallTarget;
  /** `service:Operation` */
  readonly action: string;
}

/** Commands of the document client, which only the ledger is used with. */
const ledgerActions: Readonly<Record<string, string>> = {
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  Query: 'Query',
  BatchGet: 'BatchGetItem',
};

/** Parts of a transaction, each of which IAM asks about. */
export const transactionActions: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};

/** Methods of the items' data plane, as every stage sees it. */
const itemActions: Readonly<Record<string, string>> = {
  scanPage: 'Scan',
  batchGet: 'BatchGetItem',
  batchPut: 'BatchWriteItem',
  putIf: 'PutItem',
  deleteIf: 'DeleteItem',
};

/** Methods of the object store. `putOnce` reads the existing object if its answer was lost. */
const objectActions: Readonly<Record<string, readonly string[]>> = {
  putOnce: ['s3:PutObject', 's3:GetObject'],
  put: ['s3:PutObject'],
  replace: ['s3:PutObject'],
  // Without ListBucket, S3 answers a missing object with 403, as if it were forbidden.
  get: ['s3:GetObject', 's3:ListBucket'],
  list: ['s3:ListBucket'],
  listFolders: ['s3:ListBucket'],
};

/** Methods of the event source mappings. `ensure` looks first whether there is one. */
const mappingActions: Readonly<Record<string, readonly string[]>> = {
  ensure: ['lambda:CreateEventSourceMapping', 'lambda:ListEventSourceMappings'],
  list: ['lambda:ListEventSourceMappings'],
  find: ['lambda:ListEventSourceMappings'],
  get: ['lambda:GetEventSourceMapping'],
  delete: ['lambda:DeleteEventSourceMapping'],
};

/** Commands that the code uses directly. */
const otherActions: Readonly<Record<string, CodeCall>> = {
  StartBulkPutItems: { target: 'tables', action: 'dynamodb:StartBulkPutItems' },
  DescribeBulkOperation: { target: 'tables', action: 'dynamodb:DescribeBulkOperation' },
  CancelBulkOperation: { target: 'tables', action: 'dynamodb:CancelBulkOperation' },
  ListBulkOperations: { target: 'account', action: 'dynamodb:ListBulkOperations' },
  ListBackups: { target: 'account', action: 'dynamodb:ListBackups' },
  HeadBucket: { target: 'objects', action: 's3:ListBucket' },
  DescribeExecution: { target: 'account', action: 'states:DescribeExecution' },
  StartExecution: { target: 'account', action: 'states:StartExecution' },
  GetAccountSettings: { target: 'account', action: 'lambda:GetAccountSettings' },
  GetQueueAttributes: { target: 'account', action: 'sqs:GetQueueAttributes' },
  GetQueueUrl: { target: 'account', action: 'sqs:GetQueueUrl' },
  Publish: { target: 'account', action: 'sns:Publish' },
};

const tableCommands = new Set([
  'CreateBackup',
  'CreateTable',
  'DeleteResourcePolicy',
  'DeleteTable',
  'DescribeBackup',
  'DescribeContinuousBackups',
  'DescribeTable',
  'DescribeTimeToLive',
  'GetResourcePolicy',
  'ListTagsOfResource',
  'PutResourcePolicy',
  'TagResource',
  'UpdateContinuousBackups',
  'UpdateTable',
  'UpdateTimeToLive',
]);

/** Commands of the adapters of objects and mappings. Which of them are used is seen from the methods. */
const adapterCommands = new Set([
  'GetObject',
  'PutObject',
  'ListObjectsV2',
  'CreateEventSourceMapping',
  'DeleteEventSourceMapping',
  'GetEventSourceMapping',
]);
/** Needs no permission. */
const unguarded = new Set(['GetCallerIdentity']);

function commandCalls(name: string): readonly CodeCall[] {
  if (adapterCommands.has(name) || unguarded.has(name) || name === 'TransactWrite') return [];
  const ledger = ledgerActions[name];
  if (ledger !== undefined) return [{ target: 'ledger', action: `dynamodb:${ledger}` }];
  if (tableCommands.has(name)) {
    // For tags in CreateTable IAM also checks TagResource, and for a policy PutResourcePolicy.
    const names = name === 'CreateTable' ? ['CreateTable', 'TagResource', 'PutResourcePolicy'] : [name];
    return names.map((one) => ({ target: 'tables', action: `dynamodb:${one}` }));
  }
  const other = otherActions[name];
  if (other === undefined) throw new Error(`${name} is a command that the IAM proof does not know.`);
  return [other];
}

const namesIn = (code: string, pattern: RegExp): readonly string[] => [
  ...new Set([...code.matchAll(pattern)].map(([, name = '']) => name)),
];

function codeCalls(code: string): readonly CodeCall[] {
  const commands = namesIn(code, /\bnew ([A-Za-z0-9]+?)Command\d*\(/g).filter((name) => name !== '');
  const parts = commands.includes('TransactWrite')
    ? namesIn(code, /\b(Put|Update|Delete|ConditionCheck): \{/g)
    : [];
  const items = namesIn(code, /\bitems\d*\.(scanPage|batchGet|batchPut|putIf|deleteIf)\(/g);
  // Wire operations that a stage sends itself.
  const updates = namesIn(code, /sendWire\d*\([^,]+,\s*"(GetItem|UpdateItem|Query)"/g);
  const objects = namesIn(code, /\bobjects\d*\.(putOnce|put|replace|get|list|listFolders)\(/g);
  const mappings = namesIn(code, /\bmappings\d*\.(ensure|list|find|get|delete)\(/g);
  const lists = /\bIndexName: RUNS_INDEX/.test(code);
  // The document client's paginator. Only the ledger is read with it.
  const pages = /\bpaginateQuery\d*\(/.test(code);
  return [
    ...commands.flatMap(commandCalls),
    ...(pages ? [{ target: 'ledger' as const, action: 'dynamodb:Query' }] : []),
    ...(lists ? [{ target: 'runs index' as const, action: 'dynamodb:Query' }] : []),
    ...parts.map((part) => ({ target: 'ledger' as const, action: `dynamodb:${transactionActions[part]}` })),
    ...[...items.map((method) => itemActions[method]), ...updates].map((operation) => ({
      target: 'tables' as const,
      action: `dynamodb:${operation}`,
    })),
    ...objects
      .flatMap((method) => objectActions[method] ?? [])
      .map((action) => ({ target: 'objects' as const, action })),
    ...mappings
      .flatMap((method) => mappingActions[method] ?? [])
      .map((action) => ({ target: 'account' as const, action })),
  ];
}

/**
 * Every action that the code behind a handler can ask for. It reads the bundled code, so it sees only what the handler
 * reaches. This is an upper bound, and the request log of the integration tests is the lower one.
 *
 * @throws Error on an SDK command that is not known here.
 */
export async function callsInCode(handlerModule: string, exportName: string): Promise<readonly CodeCall[]> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { ${exportName} } from ${JSON.stringify(handlerModule)};`,
      resolveDir: process.cwd(),
    },
    bundle: true,
    write: false,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node24',
  });
  const calls = codeCalls(outputFiles[0]?.text ?? '');
  const seen = new Map(calls.map((call) => [`${call.target} ${call.action}`, call]));
  return [...seen.keys()].toSorted().flatMap((key) => seen.get(key) ?? []);
}
