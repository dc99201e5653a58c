import { deployWith } from '../deploy-with.cjs';
import { SourceTableNotFoundError } from '../errors.ts';
import type { Runtime } from '../runtime.ts';

/** For a run that has created nothing yet. */
export function missingSourceError({
  config,
  accountId,
}: Pick<Runtime, 'config' | 'accountId'>): SourceTableNotFoundError {
  return new SourceTableNotFoundError(
    `There is no table ${config.sourceTable} in account ${accountId}, region ${config.region}. Nothing was created. If the table has another name, ${deployWith('sourceTable', '<name>')}. If it is in another region, deploy there, with --region <region>.`,
  );
}
