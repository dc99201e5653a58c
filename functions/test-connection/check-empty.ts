import { deployWith } from '../shared/deploy-with.cjs';
import { commandsOf, stepText } from '../shared/commands.ts';
import type { Config } from '../shared/env.ts';
import { SourceTableEmptyError } from '../shared/errors.ts';
import { askedInput } from '../shared/runs/again-input.ts';
import type { MigrateInput } from '../shared/runs/migrate-input.ts';
import { type Check, warning } from './check.ts';

/** The first page of the source. */
interface FirstPage {
  readonly items: number;
  /** There is no second one. */
  readonly isWhole: boolean;
}

/**
 * Nothing if the source holds a product, or if the run is a resumed one. Otherwise a warning in a list of checks, and
 * the error of the run unless the input allows an empty source.
 */
export function checkEmpty(
  config: Pick<Config, 'sourceTable' | 'stage' | 'region'>,
  { items, isWhole }: FirstPage,
  input: MigrateInput,
): readonly Check[] {
  const { allowEmpty, resume } = input;
  const { sourceTable } = config;
  if (items > 0 || !isWhole || resume !== undefined) return [];
  const what = `items of ${sourceTable}`;
  if (allowEmpty) return [warning(what, `Table ${sourceTable} is empty, so there is nothing to migrate.`)];
  const message = `Table ${sourceTable} is empty, so a run would migrate nothing. Nothing was created. Check that it is the right table, region and account, and fill it. If another table is meant, ${deployWith('sourceTable', '<name>')}.`;
  const migrateAll = commandsOf(config).migrate({ ...askedInput(input), allowEmpty: true });
  const step = stepText(['If it is meant to be empty', migrateAll]);
  return [{ ...warning(what, message), error: new SourceTableEmptyError(message, step) }];
}
