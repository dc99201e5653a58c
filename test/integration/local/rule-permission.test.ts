import { describe, expect, it } from 'vitest';
import {
  readDeployment,
  type LambdaPermission,
  type RuleSpec,
} from '../../../workflow/local/deploy/read-deployment.ts';
import { createEventBus, type EventBusParts } from '../../../workflow/local/services/event-bus.ts';
import { packaged } from '../../support/packaged.ts';

const account = 'ap-southeast-2:123456789012';
const functionArn = `arn:aws:lambda:${account}:function:settle`;

const rule: RuleSpec = {
  name: 'nightly',
  arn: `arn:aws:events:${account}:rule/nightly`,
  eventPattern: undefined,
  scheduleExpression: 'rate(1 day)',
  targets: [{ arn: functionArn, input: '{}' }],
};

const permission: LambdaPermission = {
  id: 'MayCall',
  action: 'lambda:InvokeFunction',
  functionName: functionArn,
  principal: 'events.amazonaws.com',
  sourceArn: rule.arn,
  otherConditions: [],
};

/** What one tick of a bus's schedules calls, and what it says of the calls that it may not make. */
async function tick(parts: Pick<EventBusParts, 'rules' | 'permissions'>) {
  const called: string[] = [];
  const bus = createEventBus({ ...parts, callTarget: async (arn) => void called.push(arn) });
  await bus.tickSchedule();
  bus.stop();
  return { called, refusals: bus.refusals };
}

describe('a rule of the embedded EventBridge', () => {
  it.each([
    ['its own ARN', {}],
    ['a pattern that its ARN matches', { sourceArn: 'arn:aws:events:*:123456789012:rule/night*' }],
    ['no ARN at all', { sourceArn: undefined }],
    ['the function by its name', { functionName: 'settle' }],
    ['the function by its account and name', { functionName: '123456789012:function:settle' }],
    ['every action of Lambda', { action: 'lambda:*' }],
  ])('calls its function when a permission names %s', async (_, change) => {
    const outcome = await tick({ rules: [rule], permissions: [{ ...permission, ...change }] });
    expect(outcome).toEqual({ called: [functionArn], refusals: [] });
  });

  it.each<[string, readonly Partial<LambdaPermission>[], string]>([
    ['there is no permission', [], 'the function has no permission for anyone'],
    [
      'the permission asks for a source account, which EventBridge does not send',
      [{ otherConditions: ['SourceAccount'] }],
      'MayCall asks for SourceAccount, which EventBridge does not send',
    ],
    [
      'the permission is for another rule',
      [{ sourceArn: `${rule.arn}-too` }],
      `MayCall is for ${rule.arn}-too`,
    ],
    [
      'a wildcard would have to reach over the parts of an ARN',
      [{ sourceArn: 'arn:aws:events:*:rule/nightly' }],
      'MayCall is for arn:aws:events:*:rule/nightly',
    ],
    [
      'the permission is for another service',
      [{ principal: 's3.amazonaws.com' }],
      'MayCall is for s3.amazonaws.com',
    ],
    [
      'the permission is for another action',
      [{ action: 'lambda:GetFunction' }],
      'MayCall allows lambda:GetFunction only',
    ],
    [
      'the permission is on one version of the function',
      [{ functionName: `${functionArn}:7` }],
      'the function has no permission for anyone',
    ],
    [
      'none of several permissions fits',
      [{ principal: 's3.amazonaws.com' }, { otherConditions: ['SourceAccount'] }],
      'MayCall is for s3.amazonaws.com, MayCall asks for SourceAccount, which EventBridge does not send',
    ],
  ])('does not call its function where %s, and says why', async (_, changes, reason) => {
    const permissions = changes.map((change) => ({ ...permission, ...change }));
    expect(await tick({ rules: [rule], permissions })).toEqual({
      called: [],
      refusals: [`EventBridge may not call ${functionArn} for rule nightly: ${reason}.`],
    });
  });
});

describe('the rules of the packaged service', () => {
  it('may call every function that they name', async () => {
    const { rules, permissions } = await readDeployment(await packaged());
    const targets = rules.flatMap((one) => one.targets.map(({ arn }) => arn.split(':').at(-1)));
    expect(targets).toEqual(['products-migration-local-recoverRun', 'products-migration-local-recoverRun']);
    const scheduled = rules.map((one) => ({ ...one, scheduleExpression: 'rate(15 minutes)' }));
    const { called, refusals } = await tick({ rules: scheduled, permissions });
    expect(refusals).toEqual([]);
    expect(called).toHaveLength(2);
  });
});
