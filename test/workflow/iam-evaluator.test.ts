import { describe, expect, it } from 'vitest';
import {
  type Decision,
  evaluate,
  type Permissions,
  type PolicyDocument,
  type PolicyStatement,
} from '../support/iam-evaluator.ts';

const table = 'arn:aws:dynamodb:eu-west-1:123456789012:table/products';

function decisionOf(
  statements: readonly PolicyStatement[],
  request: {
    readonly action?: string;
    readonly resource?: string;
    readonly context?: Record<string, string | string[]>;
  } = {},
): Decision {
  return evaluate(
    { policies: [{ Statement: statements }] },
    { action: 'dynamodb:PutItem', resource: table, ...request },
  );
}

const allow = (more: Partial<PolicyStatement> = {}): PolicyStatement => ({
  Effect: 'Allow',
  Action: 'dynamodb:PutItem',
  Resource: table,
  ...more,
});

describe('the IAM evaluator', () => {
  it('denies what nothing allows', () => {
    expect(decisionOf([])).toBe('DENIED_IMPLICITLY');
    expect(decisionOf([allow({ Resource: `${table}2` })])).toBe('DENIED_IMPLICITLY');
    expect(decisionOf([allow({ Action: 'dynamodb:PutItems' })])).toBe('DENIED_IMPLICITLY');
  });

  it('allows by wildcard, actions without regard to case and resources with it', () => {
    expect(decisionOf([allow({ Action: ['s3:*', 'DynamoDB:put*'] })])).toBe('ALLOWED');
    expect(decisionOf([allow({ Resource: 'arn:aws:dynamodb:*:table/produc?s' })])).toBe('ALLOWED');
    expect(decisionOf([allow({ Resource: table.toUpperCase() })])).toBe('DENIED_IMPLICITLY');
  });

  it('takes every other character of a pattern literally', () => {
    expect(decisionOf([allow({ Resource: 'arn.aws.dynamodb.eu-west-1.123456789012.table/products' })])).toBe(
      'DENIED_IMPLICITLY',
    );
    expect(decisionOf([allow({ Resource: '.*' })])).toBe('DENIED_IMPLICITLY');
  });

  it('lets a Deny win wherever it stands', () => {
    const deny: PolicyStatement = { Effect: 'Deny', Action: '*', Resource: table };
    expect(decisionOf([allow(), deny])).toBe('DENIED_EXPLICITLY');
    expect(decisionOf([deny, allow()])).toBe('DENIED_EXPLICITLY');
  });

  it('denies by NotAction everything but the actions named', () => {
    const deny: PolicyStatement = { Effect: 'Deny', NotAction: ['dynamodb:Scan'], Resource: table };
    const all = allow({ Action: '*', Resource: '*' });
    expect(decisionOf([all, deny], { action: 'dynamodb:Scan' })).toBe('ALLOWED');
    expect(decisionOf([all, deny], { action: 'dynamodb:FutureWrite' })).toBe('DENIED_EXPLICITLY');
    expect(decisionOf([all, deny], { action: 'dynamodb:FutureWrite', resource: `${table}2` })).toBe(
      'ALLOWED',
    );
  });

  it('applies NotResource to every other resource', () => {
    const statement: PolicyStatement = { Effect: 'Allow', Action: 'dynamodb:PutItem', NotResource: table };
    expect(decisionOf([statement])).toBe('DENIED_IMPLICITLY');
    expect(decisionOf([statement], { resource: `${table}2` })).toBe('ALLOWED');
  });

  it('knows the account that owns a resource: the one in its ARN, for S3 the caller’s unless the request names another', () => {
    const account = '123456789012';
    const mine = {
      Statement: allow({
        Action: '*',
        Resource: '*',
        Condition: { StringEquals: { 'aws:ResourceAccount': account } },
      }),
    };
    const decide = (resource: string, context: Record<string, string> = {}) =>
      evaluate(
        { policies: [mine], principal: { role: `arn:aws:iam::${account}:role/any` } },
        { action: 's3:GetObject', resource, context },
      );
    expect(decide(table)).toBe('ALLOWED');
    expect(decide(table.replace(account, '999999999999'))).toBe('DENIED_IMPLICITLY');
    expect(decide('arn:aws:s3:::bucket/key')).toBe('ALLOWED');
    expect(decide('arn:aws:s3:::bucket/key', { 'aws:ResourceAccount': '999999999999' })).toBe(
      'DENIED_IMPLICITLY',
    );
    expect(
      evaluate({ policies: [mine] }, { action: 's3:GetObject', resource: 'arn:aws:s3:::bucket/key' }),
    ).toBe('DENIED_IMPLICITLY');
  });

  it('needs every condition of a statement, and any of a condition’s values', () => {
    const statement = allow({
      Condition: {
        StringEquals: { 'aws:ResourceTag/stage': ['dev', 'prod'] },
        StringLike: { 'aws:RequestTag/run': '?*' },
      },
    });
    expect(
      decisionOf([statement], { context: { 'aws:ResourceTag/stage': 'prod', 'aws:requesttag/run': 'r1' } }),
    ).toBe('ALLOWED');
    expect(
      decisionOf([statement], { context: { 'aws:ResourceTag/stage': 'prod', 'aws:RequestTag/run': '' } }),
    ).toBe('DENIED_IMPLICITLY');
    expect(decisionOf([statement], { context: { 'aws:ResourceTag/stage': 'prod' } })).toBe(
      'DENIED_IMPLICITLY',
    );
  });

  it('accepts a missing key with IfExists, and a wrong value never', () => {
    const statement = allow({ Condition: { StringLikeIfExists: { 's3:prefix': 'runs/*' } } });
    expect(decisionOf([statement])).toBe('ALLOWED');
    expect(decisionOf([statement], { context: { 's3:prefix': 'runs/a' } })).toBe('ALLOWED');
    expect(decisionOf([statement], { context: { 's3:prefix': '' } })).toBe('DENIED_IMPLICITLY');
  });

  it('looks at each key of an IfExists alone', () => {
    const statement = allow({
      Condition: { StringEqualsIfExists: { 'aws:ResourceTag/a': '1', 'aws:ResourceTag/b': '2' } },
    });
    const decide = (context: Record<string, string>) => decisionOf([statement], { context });
    expect(decide({})).toBe('ALLOWED');
    expect(decide({ 'aws:ResourceTag/b': '2', 'aws:ResourceTag/c': '3' })).toBe('ALLOWED');
    expect(decide({ 'aws:ResourceTag/b': '3' })).toBe('DENIED_IMPLICITLY');
    expect(decide({ 'aws:ResourceTag/a': '1', 'aws:ResourceTag/b': '1' })).toBe('DENIED_IMPLICITLY');
  });

  it('checks every value with ForAllValues, and accepts none', () => {
    const statement = allow({ Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } } });
    expect(decisionOf([statement], { context: { 'aws:TagKeys': ['a'] } })).toBe('ALLOWED');
    expect(decisionOf([statement], { context: { 'aws:TagKeys': ['a', 'c'] } })).toBe('DENIED_IMPLICITLY');
    expect(decisionOf([statement])).toBe('ALLOWED');
  });

  it('knows Null and Bool', () => {
    const noHeader = allow({ Condition: { Null: { 's3:if-none-match': 'true' } } });
    expect(decisionOf([noHeader])).toBe('ALLOWED');
    expect(decisionOf([noHeader], { context: { 's3:if-none-match': '*' } })).toBe('DENIED_IMPLICITLY');
    const insecure = allow({ Condition: { Bool: { 'aws:SecureTransport': false } } });
    expect(decisionOf([insecure], { context: { 'aws:SecureTransport': 'false' } })).toBe('ALLOWED');
    expect(decisionOf([insecure], { context: { 'aws:SecureTransport': 'true' } })).toBe('DENIED_IMPLICITLY');
  });

  it('needs the boundary’s consent as well as the policy’s', () => {
    const request = { action: 'dynamodb:PutItem', resource: table };
    const policies = [{ Statement: [allow()] }];
    const everything: PolicyStatement = { Effect: 'Allow', Action: '*', Resource: '*' };
    const noWrites: PolicyStatement = { Effect: 'Deny', NotAction: 'dynamodb:Scan', Resource: table };
    const decide = (boundary: readonly PolicyStatement[]) =>
      evaluate({ policies, boundary: { Statement: boundary } }, request);
    expect(decide([everything])).toBe('ALLOWED');
    expect(decide([])).toBe('DENIED_IMPLICITLY');
    expect(decide([everything, noWrites])).toBe('DENIED_EXPLICITLY');
    expect(evaluate({ policies: [], boundary: { Statement: everything } }, request)).toBe(
      'DENIED_IMPLICITLY',
    );
  });

  it('refuses what it does not know instead of guessing', () => {
    expect(() => decisionOf([allow({ Condition: { NumericLessThan: { x: '1' } } })])).toThrow(
      'NumericLessThan',
    );
    expect(() => decisionOf([{ ...allow(), Principal: '*' }])).toThrow('Principal');
    expect(() => decisionOf([{ ...allow(), NotPrincipal: '*' } as PolicyStatement])).toThrow('NotPrincipal');
  });
});

describe('a resource policy', () => {
  const role = 'arn:aws:iam::123456789012:role/writer';
  const session = 'arn:aws:sts::123456789012:assumed-role/writer/one';
  const writing = { action: 'dynamodb:PutItem', resource: table };
  const none: PolicyDocument = { Statement: [] };
  const says = (statement: Partial<PolicyStatement>): PolicyDocument => ({
    Statement: [
      { Effect: 'Allow', Principal: { AWS: role }, Action: 'dynamodb:*', Resource: table, ...statement },
    ],
  });
  const decide = (permissions: Partial<Permissions>, resourcePolicy?: PolicyDocument) =>
    evaluate({ policies: [], principal: { role, session }, ...permissions }, { ...writing, resourcePolicy });

  it('that allows a role makes its own policies unnecessary, but not its boundary and its session’s policy', () => {
    expect(decide({}, says({}))).toBe('ALLOWED');
    expect(decide({ boundary: none }, says({}))).toBe('DENIED_IMPLICITLY');
    expect(decide({ sessionPolicy: none }, says({}))).toBe('DENIED_IMPLICITLY');
  });

  it('that allows a session itself is past boundary and session policy, but not past a Deny', () => {
    const toSession = says({ Principal: { AWS: session } });
    expect(decide({ boundary: none, sessionPolicy: none }, toSession)).toBe('ALLOWED');
    const deny: PolicyDocument = { Statement: { Effect: 'Deny', Action: '*', Resource: '*' } };
    expect(decide({ boundary: deny }, toSession)).toBe('DENIED_EXPLICITLY');
  });

  it.each(['123456789012', 'arn:aws:iam::123456789012:root'])(
    'that allows the account, as %s, leaves it to the role’s own policies',
    (account) => {
      const toAccount = says({ Principal: { AWS: account } });
      expect(decide({}, toAccount)).toBe('DENIED_IMPLICITLY');
      expect(decide({ policies: [{ Statement: allow() }] }, toAccount)).toBe('ALLOWED');
    },
  );

  it('means nobody else', () => {
    expect(decide({}, says({ Principal: { AWS: 'arn:aws:iam::123456789012:role/other' } }))).toBe(
      'DENIED_IMPLICITLY',
    );
    expect(decide({}, says({ Principal: { Service: 'events.amazonaws.com' } }))).toBe('DENIED_IMPLICITLY');
  });

  it('needs to know who calls, and knows no other kind of principal', () => {
    expect(() => evaluate({ policies: [] }, { ...writing, resourcePolicy: says({}) })).toThrow('principal');
    expect(() => decide({}, says({ Principal: { Federated: 'x' } }))).toThrow('Federated');
  });

  it('closes a table to everyone but those whose role carries a tag, administrators included', () => {
    const closed = says({
      Effect: 'Deny',
      Principal: '*',
      Action: ['dynamodb:PutItem', 'dynamodb:DeleteItem'],
      Condition: { StringNotEquals: { 'aws:PrincipalTag/migration:writer': 'products-migration-prod' } },
    });
    const policies = [{ Statement: allow({ Action: '*', Resource: '*' }) }];
    const as = (tags: Record<string, string>) => decide({ policies, principal: { role, tags } }, closed);
    expect(as({ 'migration:writer': 'products-migration-prod' })).toBe('ALLOWED');
    expect(as({ 'migration:writer': 'products-migration-dev' })).toBe('DENIED_EXPLICITLY');
    expect(as({})).toBe('DENIED_EXPLICITLY');
    const read = evaluate(
      { policies, principal: { role } },
      { action: 'dynamodb:Scan', resource: table, resourcePolicy: closed },
    );
    expect(read).toBe('ALLOWED');
  });

  it('is all that a service of AWS has, with what it says of its source', () => {
    const call = {
      action: 'lambda:InvokeFunction',
      resource: 'arn:aws:lambda:eu-west-1:123456789012:function:f',
    };
    const policy = says({
      Principal: { Service: 'events.amazonaws.com' },
      Action: call.action,
      Resource: call.resource,
      Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:events:*:123456789012:rule/night*' } },
    });
    const may = (service: string, source: string) =>
      evaluate(
        { policies: [], principal: { service } },
        { ...call, resourcePolicy: policy, context: { 'aws:SourceArn': source } },
      );
    expect(may('events.amazonaws.com', 'arn:aws:events:eu-west-1:123456789012:rule/nightly')).toBe('ALLOWED');
    expect(may('events.amazonaws.com', 'arn:aws:events:eu-west-1:123456789012:rule/daily')).toBe(
      'DENIED_IMPLICITLY',
    );
    expect(may('s3.amazonaws.com', 'arn:aws:events:eu-west-1:123456789012:rule/nightly')).toBe(
      'DENIED_IMPLICITLY',
    );
  });
});

describe('a session policy', () => {
  it('takes away from what the role may, and adds nothing', () => {
    const request = { action: 'dynamodb:PutItem', resource: table };
    const sessionPolicy = { Statement: allow({ Action: 'dynamodb:*', Resource: '*' }) };
    const policies = [{ Statement: allow() }];
    expect(evaluate({ policies, sessionPolicy }, request)).toBe('ALLOWED');
    expect(evaluate({ policies, sessionPolicy }, { ...request, action: 'dynamodb:Scan' })).toBe(
      'DENIED_IMPLICITLY',
    );
    expect(evaluate({ policies, sessionPolicy: { Statement: [] } }, request)).toBe('DENIED_IMPLICITLY');
  });
});

describe('conditions', () => {
  it('compare ARNs part by part, so that a star reaches over no colon', () => {
    const statement = allow({ Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:events:*:rule/x' } } });
    const decide = (source: string) => decisionOf([statement], { context: { 'aws:SourceArn': source } });
    expect(decide('arn:aws:events:eu-west-1:123456789012:rule/x')).toBe('DENIED_IMPLICITLY');
  });

  it('that are negated hold for every other value, and when there is none', () => {
    const statement = allow({ Condition: { StringNotEquals: { 'aws:PrincipalTag/a': ['1', '2'] } } });
    const decide = (context: Record<string, string | string[]>) => decisionOf([statement], { context });
    expect(decide({})).toBe('ALLOWED');
    expect(decide({ 'aws:PrincipalTag/a': '3' })).toBe('ALLOWED');
    expect(decide({ 'aws:PrincipalTag/a': '2' })).toBe('DENIED_IMPLICITLY');
  });
});
