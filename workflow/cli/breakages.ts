import { migration } from '#migration/index.ts';
import type { KeyType } from '../../functions/shared/items/item-key.ts';
import { type WireItem, type WireValue, wireItem } from '../../functions/shared/items/wire-item.ts';
import type { Faults } from '../local/gateway/faults.ts';

/** Something to go wrong on purpose, in the embedded AWS only. */
export interface Breakage {
  /** What will happen, in a sentence. */
  readonly story: string;
  /** Why the run may succeed all the same, in a sentence. */
  readonly unbroken: string;
  /** A product that is put in with the others. */
  readonly product?: WireItem;
  /** Injects the faults. */
  readonly inject?: (faults: Faults) => void;
}

const KEY_VALUES: Readonly<Record<KeyType, WireValue>> = {
  S: { S: 'nothing-but-a-key' },
  N: { N: '0' },
  B: { B: 'AA==' },
};

function nothingButAKey(): WireItem {
  return wireItem(migration.source.key.map(({ name, type }) => [name, KEY_VALUES[type]]));
}

/** Begins inside the data: some batches are written before. */
const batchesBefore = 3;

function refusalOf(operation: string) {
  const message = `Not authorized to perform dynamodb:${operation} (on purpose, by --break migrate).`;
  const error = { kind: 'error', code: 'AccessDeniedException', status: 400, message } as const;
  return { service: 'dynamodb', operation, ...error } as const;
}

/** By what is said after `--break`. */
export const breakages: Readonly<Record<string, Breakage>> = {
  product: {
    story: `One ${migration.nouns.item} has nothing but its key, so the run fails before any table exists.`,
    unbroken: 'Here a source item can be migrated although it has nothing but its key.',
    product: nothingButAKey(),
  },
  backup: {
    story:
      'What the bucket gives back of the backup has one byte changed, so TransformProducts fails before any table exists.',
    unbroken: 'The run read no data file of its backup.',
    inject(faults) {
      const isData = /\/data\/.*\.json\.gz$/;
      faults.add({ service: 's3', operation: 'GetObject', key: isData, kind: 'bodyChanged' });
    },
  },
  migrate: {
    story: `DynamoDB refuses to write after the first ${batchesBefore} batches, so a run that needs more fails with its tables half filled.`,
    unbroken: `The first ${batchesBefore} batches are let through, and the run needed no more. Make more ${migration.nouns.items} with --products.`,
    inject(faults) {
      const table = migration.filled[0]?.name ?? '';
      const later = { nth: batchesBefore + 1, times: Number.POSITIVE_INFINITY };
      faults.add({ table, ...later, ...refusalOf('BatchWriteItem') });
      faults.add({ table, ...refusalOf('StartBulkPutItems') });
    },
  },
};
