import type { Command } from 'commander';
import { migration } from '#migration/index.ts';
import { flagOf } from '../../functions/shared/commands.ts';
import { anyNumber, wholeNumber } from './command.ts';
import { WRONG_USAGE } from './exit-codes.ts';
import { OperatorError } from './operator-error.ts';

/** The input of `migrate` as options: kebab-case of its fields. */
export interface MigrateOptions {
  readonly dryRun?: boolean;
  readonly onFailure?: string;
  readonly resume?: string;
  readonly maxQuarantined?: number;
  readonly onExisting?: string;
  readonly maxConcurrency?: number;
  readonly readUnitsPerSecond?: number;
  readonly writeUnitsPerSecond?: number;
  readonly maxCost?: number;
  readonly writeEngine?: string;
  readonly allowEmpty?: boolean;
  readonly keepClosed?: boolean;
  readonly confirm?: string;
  readonly note?: string;
  /** JSON, instead of all the others. */
  readonly executionInput?: string;
}

/** Adds an option for every field of the input of `migrate`. */
export function addMigrateOptions(command: Command): Command {
  return command
    .option('--dry-run', `back up and transform every ${migration.nouns.item}, but create and write no table`)
    .option('--on-failure <what>', '"rollback" (default) or "hold"')
    .option('--resume <runId>', 'go on with a held run, or apply a planned one')
    .option(
      '--max-quarantined <count>',
      `fail beyond this many bad ${migration.nouns.items} (default 0)`,
      wholeNumber,
    )
    .option('--on-existing <what>', 'existing target items: "keep" (default) or "replace"')
    .option('--max-concurrency <workers>', 'workers at once (default: 20, or as deployed)', wholeNumber)
    .option('--read-units-per-second <units>', 'cap on reading, over all workers', anyNumber)
    .option('--write-units-per-second <units>', 'cap on writing, over all workers', anyNumber)
    .option(
      '--max-cost <dollars>',
      'refuse a run that is estimated at more, or whose cost is unknown',
      anyNumber,
    )
    .option('--write-engine <engine>', 'what fills the tables: "batch" (default), "bulk" or "auto"')
    .option('--allow-empty', 'migrate an empty source table, too')
    .option('--keep-closed', 'keep new tables closed until a sync has switched to them')
    .option('--confirm <sync>', 'for tables that the shop has switched to: the id of that sync')
    .option('--note <text>', 'free text for the report')
    .option('--execution-input <json>', 'the execution input as JSON, instead of the options above');
}

/**
 * The execution's input. Values are passed on as they were given. The workflow judges them, so that the answer is the same
 * in the console and in every command.
 *
 * @throws OperatorError for an `--execution-input` that is no JSON, or that is given together with options for single
 *   fields: dropping `--dry-run` silently would migrate.
 */
export function migrateInput(options: MigrateOptions): unknown {
  const given = inputFields.filter((field) => options[field] !== undefined);
  if (options.executionInput === undefined)
    return Object.fromEntries(given.map((field) => [field, options[field]]));
  if (given.length === 0) return parseInput(options.executionInput);
  throw new OperatorError(
    `--execution-input is the whole input, so ${given.map(flagOf).join(', ')} cannot be given as well. Put everything into the JSON, or leave --execution-input out.`,
    WRONG_USAGE,
  );
}

const inputFields = [
  'dryRun',
  'onFailure',
  'resume',
  'maxQuarantined',
  'onExisting',
  'maxConcurrency',
  'readUnitsPerSecond',
  'writeUnitsPerSecond',
  'maxCost',
  'writeEngine',
  'allowEmpty',
  'keepClosed',
  'confirm',
  'note',
] as const satisfies readonly (keyof MigrateOptions)[];

function parseInput(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new OperatorError(
      `--execution-input is not JSON (${String(error)}). Quote it for the shell, for example: --execution-input '{"dryRun": true}'`,
      WRONG_USAGE,
    );
  }
}
