import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { parse } from 'yaml';

/** How the Maps run: iterations inside the execution's own history, or as executions of their own. */
export type MapMode = 'INLINE' | 'DISTRIBUTED';

/** A state, as far as a run that succeeds needs it. */
export interface State {
  readonly Type: 'Pass' | 'Task' | 'Choice' | 'Wait' | 'Map' | 'Parallel' | 'Succeed' | 'Fail';
  readonly Next?: string;
  readonly End?: boolean;
  readonly Default?: string;
  readonly Choices?: readonly Rule[];
  readonly Parameters?: unknown;
  readonly Result?: unknown;
  readonly ResultSelector?: unknown;
  readonly ResultPath?: string | null;
  readonly OutputPath?: string;
  readonly ItemsPath?: string;
  readonly ItemSelector?: unknown;
  readonly MaxConcurrencyPath?: string;
  readonly ItemProcessor?: Scope & { readonly ProcessorConfig: { readonly Mode: MapMode } };
  readonly Branches?: readonly Scope[];
}

/** A condition of a Choice; these two kinds are all that the definition has. */
export interface Rule {
  readonly Variable: string;
  readonly StringEquals?: string;
  readonly BooleanEquals?: boolean;
  readonly Next: string;
}

/** States that belong together: the machine's own, a branch's, an iteration's. */
export interface Scope {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** A whole machine. */
export interface Definition extends Scope {
  readonly TimeoutSeconds: number;
}

const modeReference = '${file(workflow/map-modes.yml):${param:mapMode}}';
const require = createRequire(import.meta.url);

/** Functions by key and the machine, with what the migration's definition decides filled in. */
export const fromMigration = require('../resources/from-migration.cjs') as {
  readonly machine: (name: string) => unknown;
  readonly functions: Readonly<Record<string, { readonly timeout?: number; readonly memorySize?: number }>>;
};

function withMode(value: unknown, mode: unknown): unknown {
  if (value === modeReference) return mode;
  const intrinsic = intrinsicText(value);
  if (intrinsic !== undefined) return intrinsic;
  if (Array.isArray(value)) return value.map((element) => withMode(element, mode));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withMode(member, mode)]));
}

/** A function's ARN as `<key>.Arn`. */
function intrinsicText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { 'Fn::GetAtt': attribute, 'Fn::Sub': text } = value as {
    readonly 'Fn::GetAtt'?: readonly string[];
    readonly 'Fn::Sub'?: string;
  };
  return attribute?.join('.') ?? text?.replace('${AWS::Partition}', 'aws');
}

/**
 * The machine `migrate` as it is deployed with this `mapMode`, straight from its source; a function's ARN
 * is left as `<key>.Arn`.
 */
export async function readMigrate(mapMode: MapMode): Promise<Definition> {
  const text = await readFile(new URL('../map-modes.yml', import.meta.url), 'utf8');
  const modes = parse(text) as Record<MapMode, unknown>;
  return withMode(fromMigration.machine('migrate'), modes[mapMode]) as Definition;
}
