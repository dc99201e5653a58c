import { migration } from '../support/project-migration.ts';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { acceptedFindings, accepts } from './accepted-findings.ts';
import { createdBefore } from './dependencies.ts';
import { type Finding, guardFindings, validateFindings } from './findings.ts';
import { practiceFindings } from './practice-rules.ts';
import {
  accountId,
  type CompiledVariant,
  compileVariant,
  type Resource,
  resourcesOf,
  variants,
} from './template-variants.ts';

const compiled: CompiledVariant[] = [];

beforeAll(async () => {
  for (const variant of Object.values(variants)) compiled.push(await compileVariant(variant));
});

function variantOf(name: keyof typeof variants): CompiledVariant {
  const found = compiled.find(({ variant }) => variant.name === name);
  if (found === undefined) throw new Error(`The variant ${name} was not compiled.`);
  return found;
}

function resourceOf(name: keyof typeof variants, id: string): Resource {
  const resource = variantOf(name).resolved.Resources[id];
  if (resource === undefined) throw new Error(`${name} has no resource ${id}.`);
  return resource;
}

const idsOf = ({ resolved }: CompiledVariant, type: string): string[] =>
  resourcesOf(resolved, type).map(([id]) => id);

describe('what AWS’s and others’ rules find in the template', () => {
  const found: Finding[] = [];

  // What is deployed again after a removal is the same without its storage: one tool is enough for it.
  const tools = {
    asItComes: [validateFindings, guardFindings],
    everythingElse: [validateFindings, guardFindings],
    adopting: [validateFindings],
  };

  it.each(Object.keys(variants) as (keyof typeof variants)[])('is explained, deployed %s', async (name) => {
    const one = variantOf(name);
    const byTool = await Promise.all(tools[name].map((find) => find(one)));
    const findings = [...byTool.flat(), ...practiceFindings(one.resolved)];
    expect(findings.length).toBeGreaterThan(0);
    found.push(...findings);
    const unexplained = findings.filter(
      (finding) => !acceptedFindings.some((accepted) => accepts(accepted, finding)),
    );
    expect(unexplained).toEqual([]);
  });

  it('includes everything that is explained', () => {
    const stale = acceptedFindings.filter((accepted) => !found.some((finding) => accepts(accepted, finding)));
    expect(stale).toEqual([]);
  });
});

describe('the stack', () => {
  it('gives every function its own role, and every role the boundary', () => {
    for (const one of compiled) {
      const functions = resourcesOf(one.resolved, 'AWS::Lambda::Function');
      const roles = functions.map(([, { Properties }]) => String(Properties['Role']).split('/').at(-1));
      expect(new Set(roles).size).toBe(functions.length);
      for (const [, { Properties }] of resourcesOf(one.resolved, 'AWS::IAM::Role'))
        expect(Properties['PermissionsBoundary']).toMatch(/:policy\/(Function|Restore)Boundary$/);
      expect(idsOf(one, 'AWS::IAM::Role')).not.toContain('IamRoleLambdaExecution');
    }
  });

  it('leaves the source’s Denies off restoreFromBackup alone, and only where that is asked for', () => {
    const boundariesOf = (name: keyof typeof variants) =>
      resourcesOf(variantOf(name).resolved, 'AWS::IAM::Role').flatMap(([id, { Properties }]) =>
        String(Properties['PermissionsBoundary']).endsWith('RestoreBoundary') ? [id] : [],
      );
    expect(boundariesOf('asItComes')).toEqual([]);
    expect(idsOf(variantOf('asItComes'), 'AWS::IAM::ManagedPolicy')).toEqual(['FunctionBoundary']);
    expect(boundariesOf('everythingElse')).toEqual(['RestoreFromBackupRole']);
  });

  it('names nothing that is global to an account without its region', () => {
    for (const { resolved, variant } of compiled) {
      const properties = Object.values(resolved.Resources).map(({ Properties }) => Properties ?? {});
      expect(properties.filter((one) => 'RoleName' in one || 'ManagedPolicyName' in one)).toEqual([]);
      for (const [, { Properties }] of resourcesOf(resolved, 'AWS::CloudWatch::Dashboard'))
        expect(Properties['DashboardName']).toContain(variant.region);
      for (const [, { Properties }] of resourcesOf(resolved, 'AWS::S3::Bucket'))
        expect(Properties['BucketName'] ?? variant.region).toContain(variant.region);
    }
  });

  it('keeps every name within its limit for the longest stage and region', () => {
    const stage = 'a'.repeat(16);
    const { resolved } = variantOf('asItComes');
    for (const [, { Properties }] of resourcesOf(resolved, 'AWS::Lambda::Function'))
      expect(String(Properties['FunctionName']).replace('-dev-', `-${stage}-`).length).toBeLessThanOrEqual(
        64,
      );
    expect(`products-migration-${stage}-${accountId}-ap-southeast-2`.length).toBeLessThanOrEqual(63);
  });

  it('names bucket, ledger, machines and functions as the operator’s commands expect', () => {
    const { resolved } = variantOf('asItComes');
    expect(resolved.Resources['BackupBucket']?.Properties['BucketName']).toBe(
      `products-migration-dev-${accountId}-ap-southeast-2`,
    );
    expect(resolved.Resources['Ledger']?.Properties['TableName']).toBe('products-migration-dev-ledger');
    expect(
      resourcesOf(resolved, 'AWS::StepFunctions::StateMachine').map(
        ([, { Properties }]) => Properties['StateMachineName'],
      ),
    ).toEqual([
      'products-migration-dev-migrate',
      'products-migration-dev-restore',
      'products-migration-dev-rollback',
      'products-migration-dev-sync',
    ]);
  });

  it('reserves no concurrency, which would fail the deployment when the quota is small', () => {
    for (const { template } of compiled)
      expect(JSON.stringify(template)).not.toContain('ReservedConcurrentExecutions');
  });

  it('gives a function literal strings only, so that sls invoke local works', () => {
    const environments = compiled.flatMap(({ template }) =>
      resourcesOf(template, 'AWS::Lambda::Function').map(
        ([, { Properties }]) => Properties['Environment'].Variables as Record<string, unknown>,
      ),
    );
    const values = environments.flatMap((variables) => Object.values(variables));
    expect(values.length).toBeGreaterThan(0);
    expect(values.filter((value) => typeof value !== 'string')).toEqual([]);
  });

  it('logs errors of the machines without execution data, and keeps every log for a limited time', () => {
    for (const { resolved } of compiled) {
      for (const [, { Properties }] of resourcesOf(resolved, 'AWS::StepFunctions::StateMachine')) {
        expect(Properties['LoggingConfiguration']).toMatchObject({
          Level: 'ERROR',
          IncludeExecutionData: false,
        });
        expect(Properties['TracingConfiguration']).toEqual({ Enabled: true });
      }
      const logGroups = resourcesOf(resolved, 'AWS::Logs::LogGroup');
      // Each function's, and each of the four machines'.
      expect(logGroups.length).toBe(resourcesOf(resolved, 'AWS::Lambda::Function').length + 4);
      expect(logGroups.filter(([, { Properties }]) => Properties['RetentionInDays'] !== 365)).toEqual([]);
    }
  });
});

describe('a later deployment', () => {
  it('leaves running executions their machine, their functions and their code', () => {
    for (const { template } of compiled) {
      const versions = resourcesOf(template, 'AWS::Lambda::Version');
      expect(versions.length).toBe(resourcesOf(template, 'AWS::Lambda::Function').length);
      expect(versions.filter(([, { DeletionPolicy }]) => DeletionPolicy !== 'Retain')).toEqual([]);
    }
  });

  it('with another map mode changes machines and functions, and replaces nothing that stores', async () => {
    const parameters = { mapMode: 'DISTRIBUTED' };
    const other = await compileVariant({ ...variants.asItComes, name: 'distributed', parameters });
    const before = variantOf('asItComes').resolved.Resources;
    const after = other.resolved.Resources;
    const ids = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    // The packages' folder in the deployment bucket carries the time.
    const text = (resource: Resource | undefined) =>
      JSON.stringify(resource)?.replaceAll(/serverless\/products-migration\/dev\/[^/]+\//g, '');
    const changed = ids.filter((id) => text(before[id]) !== text(after[id]));
    const types = new Set(changed.map((id) => (after[id] ?? before[id])?.Type ?? ''));
    expect([...types].toSorted()).toEqual([
      'AWS::IAM::Role',
      'AWS::Lambda::Function',
      'AWS::Lambda::Version',
      'AWS::StepFunctions::StateMachine',
    ]);
  });

  it('stays within IAM’s limit of characters in a role’s own policies', () => {
    const lengths = compiled.flatMap(({ resolved }) =>
      resourcesOf(resolved, 'AWS::IAM::Role').map(
        ([, { Properties }]) => JSON.stringify(Properties['Policies']).length,
      ),
    );
    expect(Math.max(...lengths)).toBeLessThan(10_240);
  });
});

describe('what must not be lost', () => {
  const stored = ['BackupBucket', 'BackupBucketPolicy', 'Ledger'];

  it('outlives the stack, and is cleared away when the deployment that creates it fails', () => {
    for (const id of stored)
      expect(resourceOf('asItComes', id)).toMatchObject({
        DeletionPolicy: 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
      });
  });

  // The framework's bucket stands before the rest is deployed. A version's logical id is made of its code and cannot
  // be named here; publishing one fails only with its function, which does come before.
  const afterTheLedger =
    /^(ServerlessDeploymentBucket\w*|(RecoverRun|SyncProducts|VerifyBackup)LambdaVersion\w+)$/;

  it.each(['asItComes', 'everythingElse'] as const)(
    'comes after everything that a first deployment can fail at, because it could not be removed then, deployed %s',
    (name) => {
      const one = variantOf(name);
      const before = createdBefore(one, 'Ledger');
      const later = Object.keys(one.resolved.Resources).filter((id) => id !== 'Ledger' && !before.has(id));
      expect(later.filter((id) => !afterTheLedger.test(id))).toEqual([]);
      const undeletable = Object.entries(one.resolved.Resources).filter(
        ([, { Properties }]) => Properties?.['DeletionProtectionEnabled'] === true,
      );
      expect(undeletable.map(([id]) => id)).toEqual(['Ledger']);
    },
  );

  it('does not make the template a circle', () => {
    for (const one of compiled)
      expect(Object.keys(one.resolved.Resources).filter((id) => createdBefore(one, id).has(id))).toEqual([]);
  });

  it('is used by name, and not declared, where an earlier deployment left it', () => {
    const { resolved } = variantOf('adopting');
    expect(stored.filter((id) => id in resolved.Resources)).toEqual([]);
    expect(resolved.Outputs['BackupBucketName']?.Value).toBe(
      `products-migration-dev-${accountId}-ap-southeast-2`,
    );
    expect(resolved.Outputs['LedgerTableName']?.Value).toBe('products-migration-dev-ledger');
  });

  it('lies in a private, versioned, encrypted bucket of one owner', () => {
    expect(resourceOf('asItComes', 'BackupBucket').Properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    });
    const [rule] = resourceOf('everythingElse', 'BackupBucket').Properties['BucketEncryption']
      .ServerSideEncryptionConfiguration;
    expect(rule.ServerSideEncryptionByDefault).toEqual({
      SSEAlgorithm: 'aws:kms',
      KMSMasterKeyID: variants.everythingElse.parameters.kmsKeyArn,
    });
  });

  it('expires only as what has been overwritten, never as what is current', () => {
    const { Rules } = resourceOf('asItComes', 'BackupBucket').Properties['LifecycleConfiguration'];
    const keys = Rules.flatMap((rule: object) => Object.keys(rule));
    expect(new Set(keys)).toEqual(
      new Set(['Id', 'Status', 'NoncurrentVersionExpiration', 'AbortIncompleteMultipartUpload']),
    );
  });

  it('is told in a ledger with recovery, encryption and deletion protection', () => {
    expect(resourceOf('asItComes', 'Ledger').Properties).toMatchObject({
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
      SSESpecification: { SSEEnabled: true },
    });
    expect(resourceOf('everythingElse', 'Ledger').Properties['SSESpecification'].KMSMasterKeyId).toBe(
      variants.everythingElse.parameters.kmsKeyArn,
    );
  });
});

describe('recovery', () => {
  it('is called when migrate, restore or sync ends without success, and never for rollback', () => {
    const { Properties } = resourceOf('asItComes', 'ExecutionEndedRule');
    const machine = (name: string) =>
      `arn:aws:states:ap-southeast-2:${accountId}:stateMachine:products-migration-dev-${name}`;
    expect(Properties['EventPattern']).toEqual({
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: {
        status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        stateMachineArn: [machine('migrate'), machine('restore'), machine('sync')],
      },
    });
  });

  it('is called every 15 minutes as well, and may be called by these two rules only', () => {
    expect(resourceOf('asItComes', 'RecoveryScheduleRule').Properties['ScheduleExpression']).toBe(
      'rate(15 minutes)',
    );
    const callers = resourcesOf(variantOf('asItComes').resolved, 'AWS::Lambda::Permission').map(
      ([, { Properties }]) => [Properties['SourceArn'], Object.keys(Properties).toSorted()],
    );
    // A SourceAccount would keep EventBridge from calling the function: its calls carry none.
    const properties = ['Action', 'FunctionName', 'Principal', 'SourceArn'];
    expect(callers).toEqual([
      ['ExecutionEndedRule.Arn', properties],
      ['RecoveryScheduleRule.Arn', properties],
    ]);
  });

  it('leaves what it cannot deal with in a queue, at which an alarm looks', () => {
    const queue = `arn:aws:sqs:ap-southeast-2:${accountId}:products-migration-dev-unrecovered`;
    expect(
      resourceOf('asItComes', 'RecoverRunFailures').Properties['DestinationConfig'].OnFailure.Destination,
    ).toBe(queue);
    for (const rule of ['ExecutionEndedRule', 'RecoveryScheduleRule'])
      expect(resourceOf('asItComes', rule).Properties['Targets'][0].DeadLetterConfig.Arn).toBe(queue);
    expect(resourceOf('asItComes', 'UnrecoveredAlarm').Properties['AlarmActions']).toEqual([
      `arn:aws:sns:ap-southeast-2:${accountId}:products-migration-dev-notifications`,
    ]);
  });
});

describe('alarms', () => {
  it('ring for every bad end that nobody chose, and when an event is lost, and stand on the dashboard', () => {
    const alarms = resourcesOf(variantOf('asItComes').resolved, 'AWS::CloudWatch::Alarm');
    const watched = alarms.map(([, { Properties }]) => [
      Properties['MetricName'],
      String(Properties['Dimensions']?.[0].Value ?? Properties['Namespace'])
        .split(':products-migration-dev-')
        .at(-1),
    ]);
    expect(watched).toEqual([
      ['ExecutionsFailed', 'migrate'],
      ['ExecutionsTimedOut', 'migrate'],
      ['ExecutionsFailed', 'restore'],
      ['ExecutionsTimedOut', 'restore'],
      ['ExecutionsFailed', 'sync'],
      ['ExecutionsTimedOut', 'sync'],
      ['ExecutionsFailed', 'rollback'],
      ['ExecutionsTimedOut', 'rollback'],
      ['ExecutionsAborted', 'rollback'],
      ['Errors', 'products-migration-dev-recoverRun'],
      ['TablesStillClosed', 'products-migration-dev'],
      ['NumberOfMessagesSent', 'UnrecoveredQueue.QueueName'],
      ['InvocationsFailedToBeSentToDlq', 'ExecutionEndedRule'],
      ['InvocationsFailedToBeSentToDlq', 'RecoveryScheduleRule'],
      ['NumberOfMessagesSent', 'SyncFailuresQueue.QueueName'],
      ['SyncGaps', 'products-migration-dev'],
      ['IteratorAge', 'products-migration-dev-syncProducts'],
      ['Errors', 'products-migration-dev-syncProducts'],
      ['Throttles', 'products-migration-dev-syncProducts'],
      ['LateChanges', 'products-migration-dev'],
      ['SyncsWithoutCompare', 'products-migration-dev'],
    ]);
    const { DashboardBody } = resourceOf('asItComes', 'Dashboard').Properties;
    const shown = [...String(DashboardBody).matchAll(/"(\w+Alarm)\.Arn"/g)].map(([, id]) => id);
    expect(shown).toEqual(alarms.map(([id]) => id));
  });
});

describe('the alarms on what recoverRun logs', () => {
  const filters = () =>
    resourcesOf(variantOf('asItComes').resolved, 'AWS::Logs::MetricFilter').filter(
      ([, { Properties }]) => Properties['LogGroupName'] === 'RecoverRunLogGroup',
    );
  const lines = {
    TablesClosedMetric: 'functions/shared/runs/finish-opening.ts',
    SyncGapsMetric: 'functions/shared/runs/failed-batches.ts',
    SyncWithoutCompareMetric: 'functions/recover-run/recover-syncs.ts',
  };

  it('count the very lines that recoverRun writes', async () => {
    expect(filters().map(([id]) => id)).toEqual(expect.arrayContaining(Object.keys(lines)));
    expect(filters()).toHaveLength(Object.keys(lines).length);
    for (const [id, { Properties }] of filters()) {
      const [, message = ''] = /^\{ \$\.message = "(.+)" \}$/.exec(String(Properties['FilterPattern'])) ?? [];
      const file = Object.entries(lines).find(([key]) => key === id)?.[1] ?? '';
      const code = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
      expect(code).toContain(`logger.error('${message}'`);
    }
  });

  it('watch each of the metrics that are made of those lines', () => {
    const watched = resourcesOf(variantOf('asItComes').resolved, 'AWS::CloudWatch::Alarm').map(
      ([, { Properties }]) => `${Properties['Namespace']} ${Properties['MetricName']}`,
    );
    const made = filters().map(([, { Properties }]) => {
      const [{ MetricNamespace, MetricName }] = Properties['MetricTransformations'];
      return `${MetricNamespace} ${MetricName}`;
    });
    expect(made.filter((metric) => !watched.includes(metric))).toEqual([]);
  });
});

describe('the alarm on gaps', () => {
  it('counts those that recoverRun finds and those that syncProducts notices, both logged as errors', async () => {
    const made = resourcesOf(variantOf('asItComes').resolved, 'AWS::Logs::MetricFilter').flatMap(
      ([, { Properties }]) =>
        Properties['MetricTransformations'][0].MetricName === 'SyncGaps'
          ? [[Properties['LogGroupName'], /"(.+)"/.exec(String(Properties['FilterPattern']))?.[1]]]
          : [],
    );
    expect(made).toEqual([
      ['RecoverRunLogGroup', 'A sync is not delivered all changes'],
      ['SyncProductsLogGroup', 'Changes may have been missed'],
    ]);
    const code = await readFile(
      new URL('../../functions/sync-products/set-aside.ts', import.meta.url),
      'utf8',
    );
    expect(code).toContain("logger.error('Changes may have been missed'");
  });
});

describe('the metrics of a sync', () => {
  const filters = ([id, { Properties }]: ReturnType<typeof resourcesOf>[number]) =>
    ({ id, pattern: String(Properties['FilterPattern']), properties: Properties }) as const;

  it('are made of the very lines that syncProducts writes, and of fields that they have', async () => {
    const of = (name: string) =>
      readFile(new URL(`../../functions/sync-products/${name}`, import.meta.url), 'utf8');
    const code = (await Promise.all(['save-followed.ts', 'set-aside.ts'].map(of))).join('\n');
    const own = resourcesOf(variantOf('asItComes').resolved, 'AWS::Logs::MetricFilter')
      .map(filters)
      .filter(({ properties }) => properties['LogGroupName'] === 'SyncProductsLogGroup');
    expect(own.map(({ id }) => id)).toEqual([
      'SyncRecordsMetric',
      'SyncLagMetric',
      'SyncRepairedMetric',
      'SyncConflictsMetric',
      'SyncPendingMetric',
      'LateChangesMetric',
      'SyncGapsNoticedMetric',
    ]);
    for (const { pattern, properties } of own) {
      const [, message = ''] = /"(.+)"/.exec(pattern) ?? [];
      expect(code).toMatch(new RegExp(`logger\\.(info|error)\\('${message}'`));
      const field = String(properties['MetricTransformations'][0].MetricValue).replace('$.', '');
      expect(['1', 'records', 'maxLagMillis', 'repaired', 'conflicts', 'pending']).toContain(field);
    }
  });
});

describe('an alarm', () => {
  it('goes off again once nothing new has happened, so that it rings for the next event', () => {
    const alarms = resourcesOf(variantOf('asItComes').resolved, 'AWS::CloudWatch::Alarm');
    // Sums of what happened in a few minutes; a level, such as the messages in a queue, would stay for days.
    // The age of the records falls as soon as the target catches up.
    const stay = alarms.filter(
      ([id, { Properties }]) =>
        (Properties['Statistic'] !== 'Sum' && id !== 'SyncBehindAlarm') ||
        Properties['Period'] > 900 ||
        Properties['TreatMissingData'] !== 'notBreaching' ||
        String(Properties['MetricName']).startsWith('Approximate'),
    );
    expect(stay.map(([id]) => id)).toEqual([]);
  });
});

describe('a command in a text of the stack', () => {
  it.each([
    ['asItComes', '--stage dev'],
    ['everythingElse', '--stage prod --region us-east-1'],
  ] as const)('leads to the stage where it is deployed, %s', (name, words) => {
    const texts = JSON.stringify(variantOf(name).template);
    const commands = texts.match(/npm run [a-z-]+ -- --stage [a-z0-9-]+(?: --region [a-z0-9-]+)?/g) ?? [];
    expect(commands).not.toEqual([]);
    for (const command of commands) expect(command.replace(/^.*? -- /, '')).toBe(words);
  });
});

describe('a deployment', () => {
  /** What the plugin logs after it. */
  function warningsWith(notifyEmail: string): readonly string[] {
    const DeploymentChecks = createRequire(import.meta.url)(
      '../../workflow/resources/deployment-checks.cjs',
    ) as new (
      serverless: object,
      options: object,
      utils: { readonly log: { readonly warning: (text: string) => void } },
    ) => { readonly hooks: Readonly<Record<string, () => void>> };
    const service = {
      service: 'products-migration',
      provider: { stage: 'prod', region: 'eu-west-1' },
      custom: { parameters: { notifyEmail } },
    };
    const warnings: string[] = [];
    const log = { warning: (text: string) => void warnings.push(text) };
    new DeploymentChecks({ service }, {}, { log }).hooks['after:deploy:deploy']?.();
    return warnings;
  }

  it('warns that its alarms notify nobody where no address is given, and says what to do', () => {
    expect(warningsWith('')).toEqual([
      'Nobody is notified when an alarm rings or a run ends, because the parameter notifyEmail is empty. To be notified, deploy again with --param notifyEmail=<address> and all other parameters of this stage, or subscribe to the topic products-migration-prod-notifications.',
    ]);
    expect(warningsWith('ops@example.com')).toEqual([]);
  });
});

describe('a deployment that cannot work', () => {
  const { embeddedStageProblems, problemsOf, settingClashes, unknownParameters } = createRequire(
    import.meta.url,
  )('../../workflow/resources/parameter-problems.cjs') as {
    problemsOf: (deployment: {
      readonly service: string;
      readonly stage: string;
      readonly region: string;
      readonly parameters: Readonly<Record<string, string>>;
      readonly targets: readonly string[];
    }) => string[];
    embeddedStageProblems: (stage: string) => string[];
    settingClashes: (settings: readonly string[], parameters: readonly string[]) => string[];
    unknownParameters: (names: readonly string[], known: readonly string[]) => string[];
  };
  const targets = ['cart', 'orders', 'returns', 'products-enhanced'];
  const good = {
    tablePrefix: '',
    sourceTable: 'products',
    mapMode: 'INLINE',
    maxConcurrency: '20',
    notifyEmail: '',
    defaultStockQuantity: '50',
    kmsKeyArn: '',
    sourceKmsKeyArn: '',
    targetKmsKeyArn: '',
    restoreIntoSource: 'false',
    tagConditions: 'true',
    closeNewTables: 'true',
    trustSourceAccount: 'false',
    adoptStorage: 'false',
    fenceWaitSeconds: '30',
    intentWaitSeconds: '60',
    closeWaitSeconds: '300',
  };
  const problemsWith = (changes: Partial<typeof good>, stage = 'dev'): string[] =>
    problemsOf({
      service: 'products-migration',
      stage,
      region: 'eu-west-1',
      parameters: { ...good, ...changes },
      targets,
    });

  it('is refused with a sentence for each mistake', () => {
    expect(problemsWith({})).toEqual([]);
    expect(problemsWith({}, 'Dev')).toEqual([expect.stringContaining('Stage "Dev"')]);
    expect(problemsWith({ mapMode: 'inline', maxConcurrency: '0' })).toEqual([
      'Parameter mapMode is "inline"; it must be INLINE or DISTRIBUTED.',
      'Parameter maxConcurrency is "0"; it must be a whole number from 1 to 1000.',
    ]);
    expect(problemsWith({ maxConcurrency: '1001' })).toHaveLength(1);
    for (const [setting, usual] of Object.entries(migration.settings).filter(
      ([, one]) => typeof one === 'number',
    ))
      expect(problemsWith({ [setting]: `0${String(usual)}` })).toHaveLength(1);
    expect(problemsWith({ restoreIntoSource: 'yes' })).toHaveLength(1);
  });

  it('is refused with these sentences also where other files are chosen by the parameter', async () => {
    const parameters = { mapMode: 'distributed', adoptStorage: 'TRUE' };
    const error = await compileVariant({ ...variants.asItComes, name: 'mistyped', parameters }).catch(
      ({ stdout = '', stderr = '' }: { readonly stdout?: string; readonly stderr?: string }) =>
        stdout + stderr,
    );
    expect(error).toContain('Parameter mapMode is "distributed"; it must be INLINE or DISTRIBUTED.');
    expect(error).toContain('Parameter adoptStorage is "TRUE"; it must be true or false.');
  });

  it('is refused with a parameter that nothing reads, and told the nearest name', () => {
    const known = Object.keys(good);
    expect(unknownParameters(known, known)).toEqual([]);
    expect(unknownParameters(['tablePrefx', 'tableprefix', 'mapmode', 'tablePrefx'], known)).toEqual([
      'There is no parameter tablePrefx. Did you mean tablePrefix?',
      'There is no parameter tableprefix. Did you mean tablePrefix?',
      'There is no parameter mapmode. Did you mean mapMode?',
    ]);
    expect(unknownParameters(['colour'], known)).toEqual([
      `There is no parameter colour. The parameters are: ${known.join(', ')}`,
    ]);
  });

  it('is refused with a setting of the migration that is called as a parameter, and would have its value', () => {
    expect(settingClashes(['maxConcurrency', 'defaultStockQuantity'], ['maxConcurrency', 'mapMode'])).toEqual(
      [
        "The migration's setting maxConcurrency is also a parameter of the project: give the setting another name.",
      ],
    );
  });

  it('is refused when the source would be one of the new tables', () => {
    expect(problemsWith({ sourceTable: 'cart' })).toEqual([expect.stringContaining('never be a target')]);
    expect(problemsWith({ tablePrefix: 'x-', sourceTable: 'x-products-enhanced' })).toHaveLength(1);
    expect(problemsWith({ tablePrefix: 'x-', sourceTable: 'cart' })).toEqual([]);
  });

  it('is refused when the source, or a new table, would be the ledger', () => {
    const refusal = [
      expect.stringContaining('Table products-migration-dev-ledger is the ledger of this stage'),
    ];
    expect(problemsWith({ sourceTable: 'products-migration-dev-ledger' })).toEqual(refusal);
    const deployment = { service: 'products-migration', stage: 'dev', region: 'eu-west-1' };
    const parameters = { ...good, tablePrefix: 'products-migration-dev-' };
    expect(problemsOf({ ...deployment, parameters, targets: ['ledger'] })).toEqual(refusal);
  });

  it('is refused on AWS as the stage of the embedded one, which no command would find there', () => {
    expect(embeddedStageProblems('local')).toEqual([
      expect.stringContaining(
        'Stage local is the embedded AWS, which npm run local deploys. Nothing was deployed.',
      ),
    ]);
    expect(embeddedStageProblems('prod')).toEqual([]);
  });

  it('is refused with waits that are too long, or too short for workers to have stopped', () => {
    expect(problemsWith({ fenceWaitSeconds: '840', intentWaitSeconds: '840' })).toEqual([]);
    expect(problemsWith({ fenceWaitSeconds: '30', intentWaitSeconds: '0' })).toEqual([]);
    expect(problemsWith({ fenceWaitSeconds: '29', intentWaitSeconds: '841' })).toEqual([
      'Parameter fenceWaitSeconds is "29"; it must be a whole number of seconds, 30 to 840.',
      'Parameter intentWaitSeconds is "841"; it must be a whole number of seconds, 0 to 840.',
    ]);
    expect(problemsWith({ fenceWaitSeconds: '999' })).toHaveLength(1);
    expect(problemsWith({ fenceWaitSeconds: '6' }, 'local')).toEqual([]);
    expect(problemsWith({ fenceWaitSeconds: '-1' }, 'local')).toHaveLength(1);
  });

  it('is refused with a key of another region, or an alias', () => {
    const keyIn = (region: string) => `arn:aws:kms:${region}:123456789012:key/mrk-0123`;
    const parameters = ['kmsKeyArn', 'sourceKmsKeyArn', 'targetKmsKeyArn'];
    const allIn = (region: string) => Object.fromEntries(parameters.map((name) => [name, keyIn(region)]));
    expect(problemsWith(allIn('eu-west-1'))).toEqual([]);
    expect(problemsWith(allIn('us-east-1'))).toEqual(
      parameters.map(
        (name) =>
          `Parameter ${name} is "${keyIn('us-east-1')}"; it must be the ARN of a key (not of an alias) in eu-west-1, or empty.`,
      ),
    );
    expect(problemsWith({ kmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:alias/shop' })).toHaveLength(1);
  });
});
