import type { LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { BackupNotFoundError } from '../../../functions/shared/errors.ts';
import { backupLayout } from '../../../functions/shared/files/layout.ts';
import { chosenBackup, onBackup } from '../../../workflow/cli/chosen-backup.ts';
import { memoryObjects } from '../files/memory-objects.ts';

const OLDER = '01772366400000-0a1b2c3d';
const NEWER = '01772366500000-0a1b2c3d';

/** A stage whose functions read the table `legacy`, with these backups in its bucket. */
function stageWith(tables: Readonly<Record<string, string>>, answer: () => Promise<unknown> = readsLegacy) {
  const objects = memoryObjects();
  for (const [backupId, table] of Object.entries(tables)) {
    const summary = {
      version: '2020-06-30',
      exportTime: '2026-03-01T12:00:00.000Z',
      s3Bucket: 'bucket',
      manifestFilesS3Key: 'key',
      outputFormat: 'DYNAMODB_JSON',
      tableArn: `arn:aws:dynamodb:eu-west-1:123456789012:table/${table}`,
      itemCount: 1,
      billedSizeBytes: 1,
    };
    objects.bodies.set(backupLayout(backupId).manifestSummary, Buffer.from(JSON.stringify(summary)));
  }
  const lambda = { send: answer } as unknown as LambdaClient;
  return { service: 'products-migration', stage: 'prod', region: 'eu-west-1', lambda, objects };
}

const readsLegacy = () => Promise.resolve({ Environment: { Variables: { SOURCE_TABLE: 'legacy' } } });
const failsAs = (name: string) => () => Promise.reject(Object.assign(new Error('No.'), { name }));
const LIST = '\nList the backups:\nnpm run backups -- --stage prod --region eu-west-1';

describe('the backup that is verified', () => {
  it('is the newest of the table that the stage reads', async () => {
    expect(await chosenBackup(stageWith({ [OLDER]: 'legacy', [NEWER]: 'products' }), {})).toBe(OLDER);
  });

  it.each(['ResourceNotFoundException', 'AccessDeniedException'])(
    "is the newest of the migration's own source, where the stage cannot be asked: %s",
    async (name) => {
      const stage = stageWith({ [OLDER]: 'products', [NEWER]: 'legacy' }, failsAs(name));
      expect(await chosenBackup(stage, {})).toBe(OLDER);
    },
  );

  it('is the one that was named, or the newest of the table that was named', async () => {
    const stage = stageWith({ [OLDER]: 'products', [NEWER]: 'legacy' }, failsAs('NetworkingError'));
    expect(await chosenBackup(stage, { table: 'products' })).toBe(OLDER);
    expect(await chosenBackup(stage, { backup: 'b' })).toBe('b');
    await expect(chosenBackup(stage, {})).rejects.toThrow('No.');
  });

  it('is asked for by table where only other tables have one', async () => {
    const stage = stageWith({ [OLDER]: 'products', [NEWER]: 'archive' });
    await expect(chosenBackup(stage, {})).rejects.toThrow(
      `Stage prod has no sealed backup of table legacy. It has backups of: archive, products. Name one of these with --table, or a backup with --backup.${LIST}`,
    );
  });

  it('is none where the bucket has none', async () => {
    await expect(chosenBackup(stageWith({}), {})).rejects.toThrow(BackupNotFoundError);
  });
});

describe('a backup that is not there', () => {
  const missing = () => Promise.reject(new BackupNotFoundError('There is no backup b in this bucket.'));

  it('was mistyped where it was named, so the others are listed and none is made', async () => {
    await expect(onBackup(stageWith({}), { backup: 'b' }, missing)).rejects.toThrow(
      `There is no backup b in this bucket.${LIST}`,
    );
  });

  it('keeps its own error where none was named', async () => {
    await expect(onBackup(stageWith({}), {}, missing)).rejects.toThrow(BackupNotFoundError);
  });
});
