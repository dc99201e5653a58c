import { migration } from '#migration/index.ts';
import * as z from 'zod';
import { tableName } from '../../../functions/shared/migration/table-spec.ts';
import type { OperatorContext } from '../context.ts';
import { functionName } from '../../../functions/shared/names.ts';
import { deployedVariables } from '../deployed-variables.ts';
import { EMBEDDED_STAGE } from '../../../functions/shared/stage-words.cjs';
import { type Command, commandsOf, stepText } from '../../../functions/shared/commands.ts';
import { REFUSED } from '../exit-codes.ts';
import { OperatorError } from '../operator-error.ts';

/** What the smoke test needs to know of a deployment, as its functions are told it. */
export interface SmokeSettings {
  readonly sourceTable: string;
  /** Names of the four targets, prefix included. */
  readonly targets: readonly string[];
  /** The target that products go into. */
  readonly catalogue: string;
  /** Pieces, where a product says nothing of its stock. */
  readonly defaultStockQuantity: string;
}

const environmentSchema = z.object({
  STAGE: z.string(),
  SOURCE_TABLE: z.string().min(3),
  TABLE_PREFIX: z.string(),
  SETTINGS: z
    .string()
    .transform((text) => JSON.parse(text) as unknown)
    .pipe(z.object({ defaultStockQuantity: z.string() })),
});

/**
 * Asks the deployed function, so that the tables which are looked at are the ones that a run would use.
 *
 * @throws OperatorError where the deployment works on the shop's own tables, or is none of this service.
 */
export async function readSettings(context: OperatorContext): Promise<SmokeSettings> {
  const parsed = environmentSchema.safeParse(await deployedVariables(context));
  if (!parsed.success)
    throw new OperatorError(
      `The function ${functionName(context, 'testConnection')} does not say which tables it works on.`,
      REFUSED,
      stepText(['Deploy this version first, with all parameters of the stage', commandsOf(context).deploy()]),
    );
  const { SOURCE_TABLE: sourceTable, TABLE_PREFIX: prefix } = parsed.data;
  refuseShop(context, sourceTable, prefix);
  return {
    sourceTable,
    targets: migration.targets.map((spec) => tableName(spec, prefix)),
    catalogue: migration.filled.map((spec) => tableName(spec, prefix))[0] ?? '',
    defaultStockQuantity: parsed.data.SETTINGS.defaultStockQuantity,
  };
}

/** A shop's own deployment is never tried on, even while its tables are not there yet. */
function refuseShop(context: OperatorContext, sourceTable: string, prefix: string): void {
  const { stage } = context;
  if (stage === EMBEDDED_STAGE || sourceTable !== migration.source.name || prefix !== '') return;
  throw new OperatorError(
    `Stage ${stage} works on the table ${migration.source.name} itself, so it is not tried out.`,
    REFUSED,
    stepText(['Deploy a stage of its own for the smoke test', deploySmoke(context)]),
  );
}

const deploySmoke = (context: OperatorContext): Command =>
  commandsOf({ ...context, stage: 'smoke' }).deploy({
    sourceTable: `smoke-${migration.source.name}`,
    tablePrefix: 'smoke-',
  });
