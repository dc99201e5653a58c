import { migration } from '../support/project-migration.ts';
import type { Permissions } from '../support/iam-evaluator.ts';
import { permissionsByFunction } from '../support/iam-proof.ts';
import { type CompiledVariant, compileVariant, type Template, variants } from './template-variants.ts';

/** What two deployments are called, by the variant of the template. */
export const names = {
  asItComes: { stage: 'dev', region: 'ap-southeast-2', sourceTable: migration.source.name, tablePrefix: '' },
  everythingElse: {
    stage: 'prod',
    region: 'us-east-1',
    sourceTable: 'legacy.products',
    tablePrefix: 'shop-',
  },
};
export type VariantName = keyof typeof names;
export const variantNames = Object.keys(names) as VariantName[];

const compiled = new Map<VariantName, CompiledVariant>();

/** To be awaited before the first test. */
export async function compileVariants(): Promise<void> {
  for (const name of variantNames) compiled.set(name, await compileVariant(variants[name]));
}

export function templateOf(name: VariantName): Template {
  const found = compiled.get(name);
  if (found === undefined) throw new Error(`The variant ${name} was not compiled.`);
  return found.resolved;
}

/** Every function's key and what its role allows. */
export const rolesOf = (name: VariantName): (readonly [string, Permissions])[] => [
  ...permissionsByFunction(templateOf(name), names[name].stage),
];
