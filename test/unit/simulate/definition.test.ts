import { describe, expect, it } from 'vitest';
import { machinesOf } from '../../workflow/machine-states.ts';
import { compileVariant, variants } from '../../workflow/template-variants.ts';
import { readMigrate } from '../../../workflow/simulate/definition.ts';

/** Function names differ between a source and a deployment, and packaging writes the query language out. */
function withoutNames(definition: unknown): unknown {
  const text = JSON.stringify(definition, (name, value: unknown) => {
    if (name === 'QueryLanguage') return undefined;
    return name === 'FunctionName' ? /(\w+)(\.Arn|:\d+)$/.exec(String(value))?.[1] : value;
  });
  return JSON.parse(text);
}

describe('readMigrate', () => {
  it.each([
    ['INLINE', variants.asItComes],
    ['DISTRIBUTED', variants.everythingElse],
  ] as const)('reads what is deployed with mapMode=%s', async (mode, variant) => {
    const deployed = machinesOf(await compileVariant(variant)).get('migrate');

    expect(withoutNames(await readMigrate(mode))).toEqual(withoutNames(deployed));
  });
});
