import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machinesOf, statesOf } from './machine-states.ts';
import { compileVariant, type Variant } from './template-variants.ts';

const keyOf = (partition: string, region: string) =>
  `arn:${partition}:kms:${region}:123456789012:key/11111111-1111-1111-1111-111111111111`;

const govCloud: Variant = {
  name: 'govCloud',
  stage: 'gov',
  region: 'us-gov-west-1',
  partition: { name: 'aws-us-gov', domain: 'amazonaws.com' },
  parameters: { mapMode: 'DISTRIBUTED', kmsKeyArn: keyOf('aws-us-gov', 'us-gov-west-1') },
};
const china: Variant = {
  name: 'china',
  stage: 'china',
  region: 'cn-north-1',
  partition: { name: 'aws-cn', domain: 'amazonaws.com.cn' },
  parameters: {
    kmsKeyArn: keyOf('aws-cn', 'cn-north-1'),
    sourceKmsKeyArn: keyOf('aws-cn', 'cn-north-1'),
    restoreIntoSource: 'true',
    trustSourceAccount: 'true',
  },
};

/** Every string of a value, at any depth; a machine's definition counts as its own strings. */
function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

describe.each([govCloud, china])('the template, deployed to $region,', (variant) => {
  const { region, partition = { name: '', domain: '' } } = variant;

  it('names no other partition, before CloudFormation and after', async () => {
    const { template, resolved } = await compileVariant(variant);
    expect(stringsIn(template).filter((text) => text.includes('arn:aws:'))).toEqual([]);
    const arns = stringsIn(resolved).flatMap((text) => text.match(/arn:[^:"]*:/g) ?? []);
    expect(arns.length).toBeGreaterThan(100);
    expect(arns.filter((arn) => arn !== `arn:${partition.name}:`)).toEqual([]);
  });

  it('calls functions through lambda:invoke of its own partition', async () => {
    const machines = machinesOf(await compileVariant(variant));
    const resources = [...machines.values()]
      .flatMap((machine) => statesOf(machine))
      .flatMap(({ state }) => state.Resource ?? []);
    expect(machines.size).toBe(4);
    expect([...new Set(resources)]).toEqual([`arn:${partition.name}:states:::lambda:invoke`]);
  });

  it('lets keys be used through the services of its own domain', async () => {
    const { resolved } = await compileVariant(variant);
    const text = JSON.stringify(resolved);
    const services = new Set(
      [...text.matchAll(/"((?:dynamodb|s3)\.[^"]*amazonaws[^"]*)"/g)].map(([, name]) => name),
    );
    expect(services).toEqual(
      new Set([`dynamodb.${region}.${partition.domain}`, `s3.${region}.${partition.domain}`]),
    );
  });
});

describe('the code', () => {
  it('writes the partition of no ARN down', () => {
    const root = resolve(import.meta.dirname, '../..');
    const files = ['functions', 'workflow/cli'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(folder, name)),
    );
    expect(files.length).toBeGreaterThan(200);
    // prove works on what is compiled for the embedded AWS, and turns its ARNs into the region's.
    const others = files.filter((file) => !file.startsWith('workflow/cli/prove/'));
    expect(others.filter((file) => readFileSync(join(root, file), 'utf8').includes('arn:aws'))).toEqual([]);
  });
});
