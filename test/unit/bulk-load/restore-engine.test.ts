import { expect, it } from 'vitest';
import { engineOf } from '../../../functions/restore-from-backup/restore-engine.ts';
import type { RestoreInput } from '../../../functions/restore-from-backup/restore-input.ts';

const size = {
  items: 12,
  bytes: 12_000,
  files: 1,
  indexes: 0,
  workers: 1,
  shards: 1,
  writeUnitsPerSecond: 0,
  region: 'ap-southeast-2',
} as const;

const bulk: RestoreInput = { backupId: 'b-1', writeEngine: 'bulk' };
const engineIn = (closeNewTables: boolean) =>
  engineOf({ stage: 'dev', region: 'ap-southeast-2', closeNewTables }, bulk, { size, target: undefined });

it('restores by bulk put into a table that is closed to others', () => {
  expect(engineIn(true).writeEngine).toMatchObject({ engine: 'bulk' });
});

it('refuses bulk put where new tables stay open, because its lines carry no condition', () => {
  expect(() => engineIn(false)).toThrow(/closeNewTables=false.*would be replaced.*Nothing was created/);
});
