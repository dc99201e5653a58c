import { beforeAll, describe, expect, it } from 'vitest';
import { backupLayout, RUN_LAYOUT, RUNS_PAGE, verificationKey } from '../../functions/shared/files/layout.ts';
import { evaluate, type IamRequest, type PolicyDocument } from '../support/iam-evaluator.ts';
import { Arns, permissionsOf } from '../support/iam-proof.ts';
import { functionPolicy, serviceMay } from '../support/iam-services.ts';
import { resourcesOf, type Template } from './template-variants.ts';
import { compileVariants, names, templateOf, variantNames } from './iam-variants.ts';

beforeAll(compileVariants);

/** The policy document of a resource of the template as it comes. */
function policyIn(id: string): PolicyDocument {
  const properties = templateOf('asItComes').Resources[id]?.Properties;
  const document = (properties?.['PolicyDocument'] ?? properties?.['AssumeRolePolicyDocument']) as
    | PolicyDocument
    | undefined;
  if (document === undefined) throw new Error(`${id} has no policy.`);
  return document;
}

/** A trust policy names no resource: it is the role's own. */
function asTrust({ Statement }: PolicyDocument): PolicyDocument {
  return { Statement: [Statement].flat().map((statement) => ({ ...statement, Resource: '*' })) };
}

describe('a service of AWS', () => {
  const { region, stage } = names.asItComes;
  const name = (suffix: string) => `products-migration-${stage}-${suffix}`;
  const ruleArn = (rule: string) => `arn:aws:events:${region}:123456789012:rule/${rule}`;
  /** GetAtt of a rule's ARN stays its logical id when variants are compiled; here it is the ARN that it stands for. */
  const withArns = (document: PolicyDocument): PolicyDocument =>
    JSON.parse(
      JSON.stringify(document)
        .replaceAll('ExecutionEndedRule.Arn', ruleArn(name('execution-ended')))
        .replaceAll('RecoveryScheduleRule.Arn', ruleArn(name('recovery'))),
    ) as PolicyDocument;
  const recoverRun = `arn:aws:lambda:${region}:123456789012:function:${name('recoverRun')}`;
  const queue = `arn:aws:sqs:${region}:123456789012:${name('unrecovered')}`;
  const rules = [name('execution-ended'), name('recovery')];
  const others = [name('recovery-2'), 'anything'];

  /** Rules for which EventBridge may do something; it tells their ARN, and no account. */
  const rulesThatMay = (action: string, resource: string, resourcePolicy: PolicyDocument) =>
    [...rules, ...others].filter((rule) => {
      const context = { 'aws:SourceArn': ruleArn(rule), 'aws:SecureTransport': 'true' };
      return serviceMay('events.amazonaws.com', { action, resource, resourcePolicy, context });
    });

  it('EventBridge, may call recoverRun for the two rules, and no other function', () => {
    const policy = withArns(functionPolicy(templateOf('asItComes')));
    expect(rulesThatMay('lambda:InvokeFunction', recoverRun, policy)).toEqual(rules);
    const rollBack = recoverRun.replace('recoverRun', 'rollBack');
    expect(rulesThatMay('lambda:InvokeFunction', rollBack, policy)).toEqual([]);
    expect(rulesThatMay('lambda:UpdateFunctionCode', recoverRun, policy)).toEqual([]);
  });

  it('EventBridge, could not call it if the permission asked for a source account', () => {
    const faulty = JSON.parse(JSON.stringify(templateOf('asItComes'))) as Template;
    for (const [, { Properties }] of resourcesOf(faulty, 'AWS::Lambda::Permission'))
      Properties['SourceAccount'] = '123456789012';
    expect(rulesThatMay('lambda:InvokeFunction', recoverRun, withArns(functionPolicy(faulty)))).toEqual([]);
  });

  it('EventBridge, may put what recoverRun could not deal with into the queue, for the two rules', () => {
    const policy = withArns(policyIn('UnrecoveredQueuePolicy'));
    expect(rulesThatMay('sqs:SendMessage', queue, policy)).toEqual(rules);
    expect(rulesThatMay('sqs:PurgeQueue', queue, policy)).toEqual([]);
  });

  it('CloudWatch, may publish this account’s alarms, and no other’s', () => {
    const topic = `arn:aws:sns:${region}:123456789012:${name('notifications')}`;
    const resourcePolicy = policyIn('NotificationTopicPolicy');
    const may = (account: string) =>
      serviceMay('cloudwatch.amazonaws.com', {
        action: 'sns:Publish',
        resource: topic,
        resourcePolicy,
        context: { 'aws:SourceAccount': account, 'aws:SecureTransport': 'true' },
      });
    expect([may('123456789012'), may('999999999999')]).toEqual([true, false]);
  });

  it('Lambda, may take on a function’s role whether or not it says whose function it is', () => {
    const assume = { action: 'sts:AssumeRole', resource: 'the role' };
    const resourcePolicy = asTrust(policyIn('RecoverRunRole'));
    for (const context of [{}, { 'aws:SourceAccount': '123456789012' }])
      expect(serviceMay('lambda.amazonaws.com', { ...assume, resourcePolicy, context })).toBe(true);
    expect(serviceMay('ec2.amazonaws.com', { ...assume, resourcePolicy })).toBe(false);
  });
});

describe('the bucket’s own policy', () => {
  const arns = new Arns(names.asItComes);
  const object = `${arns.bucket}/${backupLayout('01767322800000-0123abcd').manifestSummary}`;
  const undo = `${arns.bucket}/${RUN_LAYOUT.undoPrefix('run-1')}0-0-0.jsonl`;
  const rewritten = [
    RUN_LAYOUT.report('run-1'),
    RUN_LAYOUT.page('run-1'),
    RUNS_PAGE,
    RUN_LAYOUT.quarantine('run-1', '0-0'),
    verificationKey('b'),
  ];

  /** For an administrator, who is allowed everything. */
  function decide(request: IamRequest) {
    const everything: PolicyDocument = { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };
    const principal = { role: 'arn:aws:iam::123456789012:role/admin' };
    const resourcePolicy = policyIn('BackupBucketPolicy');
    return evaluate({ policies: [everything], principal }, { ...request, resourcePolicy });
  }

  const creation = { 's3:ObjectCreationOperation': 'true', 'aws:SecureTransport': 'true' };

  it('refuses to overwrite an object of a backup, or items that a run replaced, for everybody', () => {
    for (const resource of [object, undo]) {
      const put = { action: 's3:PutObject', resource };
      expect(decide({ ...put, context: creation })).toBe('DENIED_EXPLICITLY');
      expect(decide({ ...put, context: { ...creation, 's3:if-none-match': '*' } })).toBe('ALLOWED');
    }
  });

  it('refuses to delete anything, for everybody', () => {
    for (const resource of [object, undo, ...rewritten.map((key) => `${arns.bucket}/${key}`)])
      for (const action of ['s3:DeleteObject', 's3:DeleteObjectVersion'])
        expect(decide({ action, resource, context: creation })).toBe('DENIED_EXPLICITLY');
  });

  it('lets a report be written again', () => {
    for (const key of rewritten)
      expect(decide({ action: 's3:PutObject', resource: `${arns.bucket}/${key}`, context: creation })).toBe(
        'ALLOWED',
      );
  });

  it('refuses everything without TLS', () => {
    const context = { 'aws:SecureTransport': 'false' };
    expect(decide({ action: 's3:GetObject', resource: object, context })).toBe('DENIED_EXPLICITLY');
  });
});

describe('trust', () => {
  it('is given to one service in each role: Step Functions for this account only, Lambda so when it is deployed so', () => {
    const ofThisAccount = { 'aws:SourceAccount': '123456789012' };
    const lambdaCondition = { asItComes: undefined, everythingElse: ofThisAccount, adopting: undefined };
    for (const variant of variantNames)
      for (const [id, { Properties }] of resourcesOf(templateOf(variant), 'AWS::IAM::Role')) {
        const { Statement } = Properties['AssumeRolePolicyDocument'] as {
          Statement: { Principal: object; Condition?: Record<string, object> }[];
        };
        const isMachine = id.endsWith('MachineRole');
        const service = isMachine ? 'states.amazonaws.com' : 'lambda.amazonaws.com';
        expect(Statement).toHaveLength(1);
        expect(Statement[0]?.Principal).toEqual({ Service: service });
        expect(Statement[0]?.Condition?.['StringEquals']).toEqual(
          isMachine ? ofThisAccount : lambdaCondition[variant],
        );
      }
  });
});

describe.each(variantNames)('the role of a machine, deployed %s,', (variant) => {
  const arns = new Arns(names[variant]);
  const roleIdOf = {
    migrate: 'MigrateMachineRole',
    restore: 'RestoreMachineRole',
    rollback: 'RollbackMachineRole',
    sync: 'SyncMachineRole',
  };
  const machines = ['migrate', 'restore', 'rollback', 'sync'] as const;

  /** Machines that may take the role on, of those asked about. */
  function takers(machine: (typeof machines)[number], sources: readonly string[]): string[] {
    const role = templateOf(variant).Resources[roleIdOf[machine]];
    const resourcePolicy = asTrust(role?.Properties['AssumeRolePolicyDocument'] as PolicyDocument);
    return sources.filter((source) => {
      const context = { 'aws:SourceAccount': '123456789012', 'aws:SourceArn': source };
      const request = { action: 'sts:AssumeRole', resource: 'the role', resourcePolicy, context };
      return serviceMay('states.amazonaws.com', request);
    });
  }

  it('is taken on by that machine and the iterations of its Maps, and by no other stage’s', () => {
    for (const machine of machines) {
      const arn = arns.machine(machine);
      const iterations = `${arn}/CopyProducts`;
      const own = machine === 'rollback' ? [arn] : [arn, iterations];
      const others = machines.filter((one) => one !== machine).map((one) => arns.machine(one));
      const otherStage = arn.replace(`-${machine}`, `-2-${machine}`);
      expect(takers(machine, [arn, iterations, ...others, otherStage, `${arn}-2`])).toEqual(own);
    }
  });

  it('may call its functions, deliver its log and send traces, within the boundary', () => {
    for (const machine of machines) {
      const permissions = permissionsOf(templateOf(variant), roleIdOf[machine]);
      const decide = (action: string, resource: string) => evaluate(permissions, { action, resource });
      const rollBack = `arn:aws:lambda:${names[variant].region}:123456789012:function:products-migration-${names[variant].stage}-rollBack:7`;
      expect(permissions.boundary).toBeDefined();
      expect(decide('lambda:InvokeFunction', rollBack)).toBe('ALLOWED');
      expect(decide('lambda:UpdateFunctionCode', rollBack)).toBe('DENIED_IMPLICITLY');
      for (const action of ['logs:CreateLogDelivery', 'logs:PutResourcePolicy', 'xray:PutTraceSegments'])
        expect(decide(action, '*')).toBe('ALLOWED');
      expect(decide('dynamodb:PutItem', arns.source)).toBe('DENIED_EXPLICITLY');
    }
  });

  it('may start and follow iterations of its own Maps where they are DISTRIBUTED', () => {
    const expected = variant === 'everythingElse' ? 'ALLOWED' : 'DENIED_IMPLICITLY';
    for (const machine of ['migrate', 'restore', 'sync'] as const) {
      const permissions = permissionsOf(templateOf(variant), roleIdOf[machine]);
      const decide = (action: string, resource: string) => evaluate(permissions, { action, resource });
      const iteration = arns.execution(machine).replace(':run-1', '/CopyProducts:0123');
      expect(decide('states:StartExecution', arns.machine(machine))).toBe(expected);
      expect(decide('states:DescribeExecution', iteration)).toBe(expected);
      expect(decide('states:StopExecution', iteration)).toBe(expected);
      expect(decide('states:RedriveExecution', iteration)).toBe(expected);
      expect(decide('states:StartExecution', arns.machine('rollback'))).toBe('DENIED_IMPLICITLY');
    }
  });
});
