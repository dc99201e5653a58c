import { BULK_PUT, readingOf } from '../../functions/shared/cost/bulk-put.ts';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  backupLayout,
  dataFileKey,
  RUN_LAYOUT,
  RUNS_PAGE,
  targetFileKey,
  targetManifestKey,
  verificationKey,
} from '../../functions/shared/files/layout.ts';
import { ITEM_WRITING_ACTIONS, WRITER_TAG } from '../../functions/shared/aws/table-policy.ts';
import { migration } from '../support/project-migration.ts';
import { callsInCode, type CodeCall } from '../support/iam-calls.ts';
import {
  evaluate,
  type IamRequest,
  type Permissions,
  type PolicyDocument,
} from '../support/iam-evaluator.ts';
import { Arns, creationContext, ownTags } from '../support/iam-proof.ts';
import { resourcesOf } from './template-variants.ts';
import {
  compileVariants,
  names,
  rolesOf,
  templateOf,
  type VariantName,
  variantNames,
} from './iam-variants.ts';

beforeAll(compileVariants);

/** Everything that writes to a table today, and what AWS may add tomorrow. */
const writes = [
  'BatchWriteItem',
  'CreateBackup',
  'CreateTable',
  'CreateTableReplica',
  'DeleteItem',
  'DeleteResourcePolicy',
  'DeleteTable',
  'DeleteTableReplica',
  'DisableKinesisStreamingDestination',
  'EnableKinesisStreamingDestination',
  'ExportTableToPointInTime',
  'ImportTable',
  'PartiQLDelete',
  'PartiQLInsert',
  'PartiQLUpdate',
  'PutItem',
  'PutResourcePolicy',
  'RestoreTableFromBackup',
  'RestoreTableToPointInTime',
  'TagResource',
  'UntagResource',
  'UpdateContinuousBackups',
  'UpdateContributorInsights',
  'UpdateItem',
  'UpdateTable',
  'UpdateTableReplicaAutoScaling',
  'UpdateTimeToLive',
  'WriteOfTomorrow',
];
const reads = ['BatchGetItem', 'DescribeTable', 'GetItem', 'PartiQLSelect', 'Query', 'Scan'];
/** What only a sync reads of the source. */
const LIVE_READS = ['GetItem', 'GetResourcePolicy'];
const STREAM_READS = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];

/** Functions whose role decides differently from what is expected, with the action. */
function wrongDecisions(
  variant: VariantName,
  requests: readonly IamRequest[],
  isRight: (decision: ReturnType<typeof evaluate>, functionKey: string, request: IamRequest) => boolean,
): string[] {
  return rolesOf(variant).flatMap(([functionKey, permissions]) =>
    requests
      .filter((request) => !isRight(evaluate(permissions, request), functionKey, request))
      .map(({ action, resource }) => `${functionKey}: ${action} on ${resource}`),
  );
}

describe.each(variantNames)('no role, deployed %s,', (variant) => {
  const arns = new Arns(names[variant]);
  const own = ownTags(names[variant], 'ResourceTag');
  const mayFillUp = (functionKey: string, action: string) =>
    variant === 'everythingElse' && functionKey === 'restoreFromBackup' && action === 'dynamodb:PutItem';

  it('may write to the source table or to anything under it: its own policy denies it, not only the boundary', () => {
    const below = ['', '/index/any', '/stream/2026', '/backup/01', '/import/01', '/export/01'];
    const actions = [...writes.map((name) => `dynamodb:${name}`), 'backup:StartBackupJob'];
    const requests = actions.flatMap((action) =>
      below.map((suffix) => ({
        action,
        resource: `${arns.source}${suffix}`,
        context: own,
      })),
    );
    const isWrong = (functionKey: string, { policies }: Permissions, request: IamRequest) =>
      !mayFillUp(functionKey, request.action) && evaluate({ policies }, request) !== 'DENIED_EXPLICITLY';
    const wrong = rolesOf(variant).flatMap(([functionKey, permissions]) =>
      requests
        .filter((request) => isWrong(functionKey, permissions, request))
        .map(({ action, resource }) => `${functionKey}: ${action} on ${resource}`),
    );
    expect(wrong).toEqual([]);
  });

  it('leaves a read of the source open that it does not need', () => {
    const more = ['DescribeTimeToLive', 'DescribeContinuousBackups', 'ListTagsOfResource'];
    const operations = [...reads, ...LIVE_READS, ...STREAM_READS, ...more];
    const requests = [
      ...operations.map((name) => ({ action: `dynamodb:${name}`, resource: arns.source })),
      ...[...LIVE_READS, ...STREAM_READS].map((name) => ({
        action: `dynamodb:${name}`,
        resource: `${arns.source}/stream/2026`,
      })),
    ];
    const undecided = rolesOf(variant).flatMap(([functionKey, { policies }]) =>
      requests
        .filter((request) => evaluate({ policies }, request) === 'DENIED_IMPLICITLY')
        .map(({ action, resource }) => `${functionKey}: ${action} on ${resource}`),
    );
    expect(undecided).toEqual([]);
  });

  it('may read another table, write to it or delete it', () => {
    const others = [
      'customers',
      'products-migration-other-ledger',
      `${names[variant].tablePrefix}cart2`,
      'cart-x',
    ];
    const requests = [...writes, ...reads, 'ListTagsOfResource'].flatMap((name) =>
      others.map((other) => ({ action: `dynamodb:${name}`, resource: arns.table(other), context: own })),
    );
    expect(wrongDecisions(variant, requests, (decision) => decision !== 'ALLOWED')).toEqual([]);
  });

  it('may delete, empty or change the ledger as a table', () => {
    const operations = [
      'DeleteTable',
      'UpdateTable',
      'Scan',
      'BatchWriteItem',
      'UpdateContinuousBackups',
      'UpdateTimeToLive',
    ];
    const requests = operations.map((name) => ({
      action: `dynamodb:${name}`,
      resource: arns.ledger,
      context: own,
    }));
    expect(wrongDecisions(variant, requests, (decision) => decision !== 'ALLOWED')).toEqual([]);
  });

  it('may delete from the backup bucket or change it', () => {
    const object = `${arns.bucket}/AWSDynamoDB/01767322800000-0123abcd/data/0-0.json.gz`;
    const requests = [
      ...[
        'DeleteObject',
        'DeleteObjectVersion',
        'PutObjectTagging',
        'PutObjectRetention',
        'RestoreObject',
      ].flatMap((name) =>
        [object, `${arns.bucket}/runs/run-1/report.json`].map((resource) => ({
          action: `s3:${name}`,
          resource,
        })),
      ),
      ...[
        'DeleteBucket',
        'DeleteBucketPolicy',
        'PutBucketPolicy',
        'PutLifecycleConfiguration',
        'PutBucketVersioning',
      ].map((name) => ({ action: `s3:${name}`, resource: arns.bucket })),
    ];
    expect(wrongDecisions(variant, requests, (decision) => decision === 'DENIED_EXPLICITLY')).toEqual([]);
  });

  it('may reach another bucket, another function, another machine or an identity', () => {
    const requests = [
      { action: 's3:GetObject', resource: 'arn:aws:s3:::somebody-elses/AWSDynamoDB/x' },
      { action: 's3:PutObject', resource: 'arn:aws:s3:::somebody-elses/runs/x' },
      { action: 's3:PutObject', resource: `${arns.bucket}/elsewhere/x` },
      { action: 's3:ListAllMyBuckets', resource: '*' },
      { action: 'states:StartExecution', resource: arns.machine('migrate') },
      { action: 'states:StopExecution', resource: arns.execution('migrate') },
      {
        action: 'states:DescribeExecution',
        resource: arns.execution('migrate').replace('-migrate:', '-other:'),
      },
      {
        action: 'lambda:InvokeFunction',
        resource: `arn:aws:lambda:${names[variant].region}:123456789012:function:any`,
      },
      {
        action: 'lambda:UpdateFunctionCode',
        resource: `arn:aws:lambda:${names[variant].region}:123456789012:function:any`,
      },
      { action: 'iam:PassRole', resource: 'arn:aws:iam::123456789012:role/any' },
      { action: 'iam:PutRolePolicy', resource: 'arn:aws:iam::123456789012:role/any' },
      { action: 'sts:AssumeRole', resource: 'arn:aws:iam::123456789012:role/any' },
      { action: 'sns:Publish', resource: `arn:aws:sns:${names[variant].region}:123456789012:any` },
      {
        action: 'kms:ScheduleKeyDeletion',
        resource: `arn:aws:kms:${names[variant].region}:123456789012:key/any`,
      },
      { action: 'kms:Decrypt', resource: `arn:aws:kms:${names[variant].region}:123456789012:key/any` },
    ];
    expect(wrongDecisions(variant, requests, (decision) => decision !== 'ALLOWED')).toEqual([]);
  });
});

describe('the boundary', () => {
  const everything: PolicyDocument = { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };

  it.each(variantNames)(
    'keeps the source read-only and the backups, whatever a role allows, deployed %s',
    (variant) => {
      const arns = new Arns(names[variant]);
      const boundary = templateOf(variant).Resources['FunctionBoundary']?.Properties[
        'PolicyDocument'
      ] as PolicyDocument;
      const decide = (action: string, resource: string) =>
        evaluate({ policies: [everything], boundary }, { action, resource });
      for (const name of writes) expect(decide(`dynamodb:${name}`, arns.source)).toBe('DENIED_EXPLICITLY');
      expect(decide('s3:DeleteObject', `${arns.bucket}/AWSDynamoDB/x`)).toBe('DENIED_EXPLICITLY');
      expect(decide('dynamodb:Scan', arns.source)).toBe('ALLOWED');
      expect(decide('dynamodb:PutItem', `${arns.source}-restored-1`)).toBe('ALLOWED');
    },
  );

  it.each(variantNames)(
    'lets nobody use a bucket of another account, whatever a role allows, deployed %s',
    (variant) => {
      const { bucket } = new Arns(names[variant]);
      const calls = [
        { action: 's3:ListBucket', resource: bucket },
        { action: 's3:GetObject', resource: `${bucket}/AWSDynamoDB/x` },
        { action: 's3:PutObject', resource: `${bucket}/AWSDynamoDB/x` },
      ];
      const owned = (account: string): IamRequest['context'] => ({ 'aws:ResourceAccount': account });
      for (const [, { boundary, ...role }] of rolesOf(variant)) {
        const decisions = (context: IamRequest['context'] = {}) =>
          calls.map((call) => evaluate({ ...role, policies: [everything], boundary }, { ...call, context }));
        expect(decisions(owned('123456789012'))).toEqual(calls.map(() => 'ALLOWED'));
        expect(decisions(owned('999999999999'))).toEqual(calls.map(() => 'DENIED_EXPLICITLY'));
      }
    },
  );

  it.each(variantNames)(
    'leaves open what some role reads of the source and of what is below it, and nothing more, deployed %s',
    (variant) => {
      const { source } = new Arns(names[variant]);
      const more = ['DescribeContinuousBackups', 'DescribeTimeToLive', 'ListTagsOfResource'];
      const places = [source, `${source}/stream/2026`];
      const requests = [...reads, ...LIVE_READS, ...STREAM_READS, ...more].flatMap((name) => {
        // Actions of streams know no indexes and no backups.
        const below = STREAM_READS.includes(name) ? [] : [`${source}/index/any`, `${source}/backup/01`];
        return [...places, ...below].map((resource) => ({ action: `dynamodb:${name}`, resource }));
      });
      const openTo = ({ policies, boundary }: Permissions): string[] =>
        requests
          .filter((request) => evaluate({ policies, boundary }, request) === 'ALLOWED')
          .map(({ action, resource }) => `${action} on ${resource}`);
      for (const boundaryId of ['FunctionBoundary', 'RestoreBoundary']) {
        const boundary = templateOf(variant).Resources[boundaryId]?.Properties[
          'PolicyDocument'
        ] as PolicyDocument;
        if (boundary === undefined) continue;
        const within = rolesOf(variant).filter(
          ([, role]) => JSON.stringify(role.boundary) === JSON.stringify(boundary),
        );
        expect(new Set(within.flatMap(([, role]) => openTo(role)))).toEqual(
          new Set(openTo({ policies: [everything], boundary })),
        );
      }
    },
  );

  it('lets a restore into the source put items, where that is deployed, and nothing more', () => {
    const arns = new Arns(names.everythingElse);
    const restore = new Map(rolesOf('everythingElse')).get('restoreFromBackup');
    const allowed = [...writes, ...reads].filter(
      (name) =>
        restore !== undefined &&
        evaluate(restore, { action: `dynamodb:${name}`, resource: arns.source }) === 'ALLOWED',
    );
    expect(allowed).toEqual(['PutItem', 'BatchGetItem', 'DescribeTable']);
  });
});

describe('policies of tables', () => {
  const { asItComes } = names;
  const arns = new Arns(asItComes);
  const everything: PolicyDocument = { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
  const changes = ['dynamodb:PutResourcePolicy', 'dynamodb:DeleteResourcePolicy'];

  it.each(variantNames)('are put and deleted by nobody on source and ledger, deployed %s', (variant) => {
    const { source, ledger } = new Arns(names[variant]);
    for (const boundaryId of ['FunctionBoundary', 'RestoreBoundary']) {
      const boundary = templateOf(variant).Resources[boundaryId]?.Properties['PolicyDocument'] as
        | PolicyDocument
        | undefined;
      if (boundary === undefined) continue;
      for (const action of changes)
        for (const resource of [source, ledger])
          expect(evaluate({ policies: [everything], boundary }, { action, resource })).toBe(
            'DENIED_EXPLICITLY',
          );
    }
  });

  it('are put without a tag to ask for only where a role creates exactly that table', () => {
    const open = rolesOf('asItComes').flatMap(([functionKey, role]) =>
      [...arns.targets, arns.restored]
        .filter(
          (resource) => evaluate(role, { action: 'dynamodb:PutResourcePolicy', resource }) === 'ALLOWED',
        )
        .map((resource) => `${functionKey} ${resource}`),
    );
    expect(new Set(open)).toEqual(
      new Set([
        ...migration.targets.map(({ name, createdBy }) => `${createdBy} ${arns.table(name)}`),
        `restoreFromBackup ${arns.restored}`,
      ]),
    );
  });

  it('are taken off only by those that open tables, and only where they carry this stage’s tags', () => {
    const context = ownTags(asItComes, 'ResourceTag');
    const may = (own: IamRequest['context']) =>
      rolesOf('asItComes')
        .filter(([, role]) =>
          [...arns.targets, arns.restored].some(
            (resource) =>
              evaluate(role, { action: 'dynamodb:DeleteResourcePolicy', resource, context: own ?? {} }) ===
              'ALLOWED',
          ),
        )
        .map(([functionKey]) => functionKey);
    expect(may(context)).toEqual([
      'completeRun',
      'rollBack',
      'restoreFromBackup',
      'recoverRun',
      'controlSync',
    ]);
    expect(may({})).toEqual([]);
  });

  it.each(variantNames)(
    'let exactly the roles write that write items, by their tag, deployed %s',
    (variant) => {
      const { stage } = names[variant];
      const tagged = resourcesOf(templateOf(variant), 'AWS::IAM::Role').filter(([, { Properties }]) =>
        JSON.stringify(Properties['Tags'] ?? []).includes('migration:writer'),
      );
      const migratingRole = `${migration.migratedBy.charAt(0).toUpperCase()}${migration.migratedBy.slice(1)}Role`;
      const tagging = [
        'BulkLoadRole',
        'CompareAllRole',
        migratingRole,
        'RestoreFromBackupRole',
        'RollBackRole',
        'SyncProductsRole',
      ];
      expect(tagged.map(([id]) => id).toSorted()).toEqual(tagging.toSorted());
      for (const [, { Properties }] of tagged)
        expect(Properties['Tags']).toEqual([{ Key: WRITER_TAG, Value: `products-migration-${stage}` }]);
      const writers = rolesOf(variant)
        .filter(([, role]) =>
          ITEM_WRITING_ACTIONS.some((action) =>
            [...new Arns(names[variant]).targets, new Arns(names[variant]).restored].some(
              (resource) => evaluate(role, { action, resource }) === 'ALLOWED',
            ),
          ),
        )
        .map(([functionKey]) => functionKey);
      expect(writers.toSorted()).toEqual(
        [
          'bulkLoad',
          'compareAll',
          migration.migratedBy,
          'restoreFromBackup',
          'rollBack',
          'syncProducts',
        ].toSorted(),
      );
    },
  );
});

describe('tables that a role may create or delete', () => {
  const { asItComes } = names;
  const arns = new Arns(asItComes);
  const creators: Readonly<Record<string, readonly string[]>> = {
    ...Object.fromEntries(migration.targets.map(({ name, createdBy }) => [createdBy, [arns.table(name)]])),
    [migration.migratedBy]: arns.filled,
    restoreFromBackup: [arns.restored],
  };
  const all = [...arns.targets, arns.restored];

  function allowedTables(functionKey: string, action: string, context: IamRequest['context'] = {}): string[] {
    const permissions = new Map(rolesOf('asItComes')).get(functionKey);
    if (permissions === undefined) throw new Error(`There is no function ${functionKey}.`);
    return all.filter((resource) => evaluate(permissions, { action, resource, context }) === 'ALLOWED');
  }

  it('are its own, and only with this stage’s three tags', () => {
    for (const [functionKey] of rolesOf('asItComes')) {
      const expected = creators[functionKey] ?? [];
      const tags = creationContext(asItComes);
      expect(allowedTables(functionKey, 'dynamodb:CreateTable', tags)).toEqual(expected);
      expect(allowedTables(functionKey, 'dynamodb:CreateTable')).toEqual([]);
      const foreign = { ...tags, 'aws:RequestTag/migration:stage': 'prod' };
      expect(allowedTables(functionKey, 'dynamodb:CreateTable', foreign)).toEqual([]);
      const more = { ...tags, 'aws:TagKeys': ['migration:run', 'owner'] };
      expect(allowedTables(functionKey, 'dynamodb:CreateTable', more)).toEqual([]);
    }
  });

  it('are not given this stage’s tags where they carry another’s', () => {
    for (const [functionKey] of rolesOf('asItComes')) {
      const taggable = (existing: Record<string, string>) =>
        allowedTables(functionKey, 'dynamodb:TagResource', { ...creationContext(asItComes), ...existing });
      const ours = ownTags(asItComes, 'ResourceTag');
      const expected = creators[functionKey] ?? [];
      expect(taggable(ours)).toEqual(expected);
      expect(taggable({ ...ours, 'aws:ResourceTag/migration:stage': 'prod' })).toEqual([]);
      expect(taggable({ ...ours, 'aws:ResourceTag/migration:service': 'another' })).toEqual([]);
      expect(taggable({ 'aws:ResourceTag/migration:stage': 'prod' })).toEqual([]);
      // Neither a new table nor the shop's own carries such a tag; IAM sees no difference.
      expect(taggable({})).toEqual(expected);
      expect(taggable({ 'aws:ResourceTag/owner': 'shop' })).toEqual(expected);
    }
  });

  it('are backed up by a roll back only, the one that items are taken out of whatever its tags', () => {
    for (const [functionKey] of rolesOf('asItComes')) {
      const isRollBack = functionKey === 'rollBack';
      const ours = ownTags(asItComes, 'ResourceTag');
      expect(allowedTables(functionKey, 'dynamodb:CreateBackup', ours)).toEqual(isRollBack ? all : []);
      expect(allowedTables(functionKey, 'dynamodb:CreateBackup')).toEqual(isRollBack ? arns.filled : []);
    }
  });

  it('are deleted by rollBack alone, and only where they carry this stage’s tags', () => {
    for (const [functionKey] of rolesOf('asItComes')) {
      const expected = functionKey === 'rollBack' ? all : [];
      const ours = ownTags(asItComes, 'ResourceTag');
      expect(allowedTables(functionKey, 'dynamodb:DeleteTable', ours)).toEqual(expected);
      expect(allowedTables(functionKey, 'dynamodb:DeleteTable')).toEqual([]);
      const foreign = { ...ours, 'aws:ResourceTag/migration:stage': 'prod' };
      expect(allowedTables(functionKey, 'dynamodb:DeleteTable', foreign)).toEqual([]);
    }
  });

  it('have their time to live changed only where they carry this stage’s tags, by what creates them', () => {
    const expiring = migration.targets.filter(({ timeToLiveAttribute }) => timeToLiveAttribute !== undefined);
    for (const [functionKey] of rolesOf('asItComes')) {
      const own = expiring
        .filter(
          ({ name, createdBy }) =>
            createdBy === functionKey ||
            (functionKey === migration.migratedBy && arns.filled.includes(arns.table(name))),
        )
        .map(({ name }) => arns.table(name));
      const expected = functionKey === 'restoreFromBackup' ? [arns.restored] : own;
      const ours = ownTags(asItComes, 'ResourceTag');
      expect(allowedTables(functionKey, 'dynamodb:UpdateTimeToLive', ours)).toEqual(expected);
      expect(allowedTables(functionKey, 'dynamodb:UpdateTimeToLive')).toEqual([]);
      const foreign = { ...ours, 'aws:ResourceTag/migration:stage': 'prod' };
      expect(allowedTables(functionKey, 'dynamodb:UpdateTimeToLive', foreign)).toEqual([]);
    }
  });

  it('can be created without conditions on tags when an account cannot use them', () => {
    const other = new Arns(names.everythingElse);
    const role = new Map(rolesOf('everythingElse')).get(migration.targets[0]?.createdBy ?? '');
    if (role === undefined) throw new Error('No function creates the first table.');
    const decide = (resource = '') => evaluate(role, { action: 'dynamodb:CreateTable', resource });
    expect(decide(other.targets[0])).toBe('ALLOWED');
    expect(decide(other.targets[1])).toBe('DENIED_IMPLICITLY');
  });
});

describe('objects that a role may read or write', () => {
  const backupId = '01767322800000-0123abcd';
  const keys = {
    backup: dataFileKey(backupId, { segment: 0, sequence: 0 }),
    manifest: backupLayout(backupId).manifestSummary,
    ownManifest: backupLayout(backupId).migrationManifest,
    verification: verificationKey(backupId),
    report: RUN_LAYOUT.report('run-1'),
    page: RUN_LAYOUT.page('run-1'),
    runsPage: RUNS_PAGE,
    quarantine: RUN_LAYOUT.quarantine('run-1', '0-0'),
    target: targetFileKey({ runId: 'run-1', making: 1, table: migration.filled[0]?.name ?? '' }, '0-0', 0),
    targetManifest: targetManifestKey({ runId: 'run-1', making: 0, table: migration.filled[0]?.name ?? '' }),
    bulkReport: `${RUN_LAYOUT.bulkReport('run-1', migration.filled[0]?.name ?? '', 1)}AWSDynamoDB/01/manifest.json`,
    undo: `${RUN_LAYOUT.undoPrefix('run-1')}0-0-0.jsonl`,
    elsewhereOfTheRun: 'runs/run-1/another.json',
  };
  const wholeBackup = ['backup', 'manifest', 'ownManifest'];
  const pages = ['report', 'page', 'runsPage'];
  const expected: Readonly<Record<string, { readonly reads?: string[]; readonly writes?: string[] }>> = {
    backupProducts: { reads: wholeBackup, writes: [...wholeBackup, 'quarantine'] },
    transformProducts: { reads: [...wholeBackup, 'target'], writes: ['quarantine', 'target'] },
    sealBackup: {
      reads: [...wholeBackup, 'targetManifest'],
      writes: [...wholeBackup, 'targetManifest'],
    },
    [migration.migratedBy]: {
      reads: [...wholeBackup, 'verification', 'target', 'undo'],
      writes: ['quarantine', 'target', 'undo'],
    },
    bulkLoad: { reads: [...wholeBackup, 'target', 'bulkReport'], writes: ['bulkReport'] },
    verifyMigration: { reads: [...wholeBackup, 'target'] },
    completeRun: { reads: ['ownManifest', ...pages], writes: pages },
    rollBack: { reads: [...wholeBackup, ...pages, 'undo'], writes: pages },
    restoreFromBackup: { reads: [...wholeBackup, 'verification', ...pages], writes: pages },
    verifyBackup: { reads: [...wholeBackup, 'verification'], writes: ['verification'] },
    controlSync: { reads: pages, writes: pages },
  };

  it.each(variantNames)('are those that its function knows, by kind, deployed %s', (variant) => {
    const { bucket } = new Arns(names[variant]);
    for (const [functionKey, permissions] of rolesOf(variant)) {
      const allowed = (action: string): string[] =>
        Object.entries(keys)
          .filter(([, key]) => evaluate(permissions, { action, resource: `${bucket}/${key}` }) === 'ALLOWED')
          .map(([kind]) => kind);
      const { reads: readable = [], writes: writable = [] } = expected[functionKey] ?? {};
      expect([functionKey, allowed('s3:GetObject')]).toEqual([functionKey, readable]);
      expect([functionKey, allowed('s3:PutObject')]).toEqual([functionKey, writable]);
    }
  });
});

const NO_ACTIONS = { start: [], describe: [], cancel: [], list: [], readInput: [], writeReports: [] };

describe('bulk put', () => {
  const {
    start,
    describe: look,
    cancel,
    list,
    readInput,
    writeReports,
  } = readingOf(BULK_PUT.iam) ?? NO_ACTIONS;
  const arns = new Arns(names.asItComes);
  const actionsOn = (
    functionKey: string,
    resource: string,
    actions: readonly string[],
  ): readonly string[] => {
    const permissions = new Map(rolesOf('asItComes')).get(functionKey);
    if (permissions === undefined) throw new Error(`There is no function ${functionKey}.`);
    return actions.filter((action) => evaluate(permissions, { action, resource }) === 'ALLOWED');
  };

  it('is started, followed and found by bulkLoad, and ended by rollBack, with the actions that are known', () => {
    for (const table of [...arns.filled, arns.restored]) {
      const operation = `${table}/bulk-operation/01767322800000-0123abcd`;
      expect(actionsOn('bulkLoad', table, start)).toEqual(start);
      expect(actionsOn('bulkLoad', operation, look)).toEqual(look);
      expect(actionsOn('rollBack', operation, [...look, ...cancel])).toEqual([...look, ...cancel]);
      expect(actionsOn('rollBack', table, ['dynamodb:StartBulkPutItems'])).toEqual([]);
    }
    for (const functionKey of ['bulkLoad', 'rollBack'])
      expect(actionsOn(functionKey, '*', list)).toEqual(list);
    const objects = readInput.filter((action) => action !== 's3:ListBucket');
    const input = `${arns.bucket}/${targetFileKey({ runId: 'run-1', making: 0, table: 'products-enhanced' }, '0-0', 0)}`;
    expect(actionsOn('bulkLoad', input, objects)).toEqual(objects);
    expect(
      actionsOn('bulkLoad', `${arns.bucket}/${RUN_LAYOUT.bulkReport('run-1', 't', 1)}x`, writeReports),
    ).toEqual(writeReports);
  });

  it('is never started into the source or the ledger', () => {
    for (const [functionKey] of rolesOf('asItComes'))
      for (const table of [arns.source, arns.ledger])
        expect(actionsOn(functionKey, table, ['dynamodb:StartBulkPutItems'])).toEqual([]);
  });
});

describe('a star for a resource', () => {
  it('stands only beside actions that know no resources', () => {
    const starred = variantNames.flatMap((variant) =>
      resourcesOf(templateOf(variant), 'AWS::IAM::Role').flatMap(([, { Properties }]) =>
        (
          Properties['Policies'] as {
            PolicyDocument: { Statement: { Effect: string; Action: string | string[]; Resource: unknown }[] };
          }[]
        )
          .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
          .filter(({ Effect, Resource }) => Effect === 'Allow' && [Resource].flat().includes('*'))
          .flatMap(({ Action }) => Action),
      ),
    );
    expect(
      new Set(
        starred.filter(
          (action) => !/^(xray:(Put|Get)|logs:\w*(LogDeliver|ResourcePolic|LogGroups))/.test(action),
        ),
      ),
    ).toEqual(
      new Set([
        'lambda:GetAccountSettings',
        'dynamodb:ListBulkOperations',
        'dynamodb:ListBackups',
        'lambda:ListEventSourceMappings',
        // A mapping that is being created has no ARN yet. Which ones may be is the next test's.
        'lambda:CreateEventSourceMapping',
      ]),
    );
  });
});

/** Switching time to live on is one function for every table; not every table has an attribute for it. */
const noTimeToLive = ['tables dynamodb:DescribeTimeToLive', 'tables dynamodb:UpdateTimeToLive'];

/** Where the code behind a handler holds more than the function ever comes to. */
const neverReached: Readonly<Record<string, readonly string[]>> = {
  // What may become of a lock is one function. This one takes it,
  beginRun: ['ledger dynamodb:ConditionCheckItem'],
  // this one takes and releases it,
  backupProducts: ['ledger dynamodb:ConditionCheckItem'],
  // and this one releases it.
  completeRun: ['ledger dynamodb:ConditionCheckItem', 'ledger dynamodb:PutItem', ...noTimeToLive],
  recoverRun: noTimeToLive,
  ...Object.fromEntries(
    migration.targets
      .filter(({ timeToLiveAttribute }) => timeToLiveAttribute === undefined)
      .map(({ createdBy }) => [createdBy, noTimeToLive]),
  ),
  // A step called alone does not close its table.
  [migration.migratedBy]: [
    ...noTimeToLive,
    'tables dynamodb:GetResourcePolicy',
    'tables dynamodb:PutResourcePolicy',
  ],
};

/** What DynamoDB does with a function's permission. */
const usedByDynamoDb: Readonly<Record<string, readonly string[]>> = {
  // Bulk put writes items and its reports.
  bulkLoad: ['objects s3:PutObject', 'tables dynamodb:PutItem'],
};

describe('a role and its function’s code', () => {
  const described = (calls: readonly CodeCall[]): string[] =>
    calls.map(({ target, action }) => `${target} ${action}`);

  /** Actions that the framework, the runtime or the service behind an action needs, rather than the code. */
  const ofThePlatform =
    /^(logs|xray|kms):|^sqs:SendMessage$|^dynamodb:(DescribeStream|GetRecords|GetShardIterator|ListStreams)$/;

  function targetOf(resource: string): CodeCall['target'] {
    if (resource.endsWith('/index/RunsIndex')) return 'runs index';
    if (resource.endsWith('-ledger')) return 'ledger';
    if (resource.includes(':dynamodb:')) return 'tables';
    return resource.includes(':s3:') ? 'objects' : 'account';
  }

  function allowedBy({ policies }: Permissions): string[] {
    const statements = policies
      .flatMap(({ Statement }) => [Statement].flat())
      .filter(({ Effect }) => Effect === 'Allow');
    const pairs = statements.flatMap(({ Action = [], Resource = [] }) =>
      [Action]
        .flat()
        .flatMap((action) => [Resource].flat().map((resource) => `${targetOf(resource)} ${action}`)),
    );
    return [...new Set(pairs)].filter(
      (pair) => !ofThePlatform.test(pair.replace(/^(account|objects|tables) /, '')),
    );
  }

  function handlerOf(functionKey: string): readonly [string, string] {
    const lambda = resourcesOf(templateOf('asItComes'), 'AWS::Lambda::Function').find(([, { Properties }]) =>
      String(Properties['FunctionName']).endsWith(`-dev-${functionKey}`),
    );
    const [module = '', exportName = ''] = String(lambda?.[1].Properties['Handler']).split(/\.(?=\w+$)/);
    return [join(import.meta.dirname, '../..', `${module}.ts`), exportName];
  }

  it('agree: every action that the code can ask for is allowed, and no other', async () => {
    const disagreements: string[] = [];
    for (const [functionKey, permissions] of rolesOf('asItComes')) {
      const [module, exportName] = handlerOf(functionKey);
      const wanted = described(await callsInCode(module, exportName)).filter(
        (call) => !(neverReached[functionKey] ?? []).includes(call),
      );
      const allowed = allowedBy(permissions);
      disagreements.push(
        ...wanted.filter((call) => !allowed.includes(call)).map((call) => `${functionKey} lacks ${call}`),
        ...allowed
          .filter((call) => ![...wanted, ...(usedByDynamoDb[functionKey] ?? [])].includes(call))
          .map((call) => `${functionKey} never uses ${call}`),
      );
    }
    expect(disagreements).toEqual([]);
  });
});
