import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  listBackups,
  newestBackup,
  noteVerification,
  readBackup,
} from '../../../functions/shared/files/backup-catalog.ts';
import { backupLayout, dataFileKey } from '../../../functions/shared/files/layout.ts';
import { verifyBackup } from '../../../functions/shared/files/verify.ts';
import { verifyOne } from '../../../functions/verify-backup/verify-backup.ts';
import { type Bench, longTurn, products } from './backup-bench.ts';
import { memoryObjects, type MemoryObjects } from './memory-objects.ts';
import { sealedBench } from './sealed-bench.ts';

let bench: Bench;
let backupId: string;

beforeAll(async () => {
  const sealed = await sealedBench(products(900), {
    plan: { segments: [0, 1], shards: [0, 1], itemsPerFile: 50 },
  });
  bench = sealed.bench;
  backupId = sealed.sealed.backupId;
});
afterAll(() => bench.stop());

/** The sealed backup, to be damaged. */
function copy(): MemoryObjects {
  const objects = memoryObjects();
  for (const [key, body] of bench.objects.bodies) objects.bodies.set(key, Buffer.from(body));
  return objects;
}

const someFile = (): string => dataFileKey(backupId, { segment: 1, sequence: 2 });
const bodyOf = (objects: MemoryObjects, key: string): Buffer => objects.bodies.get(key) ?? Buffer.from('');
const md5 = (text: string): string => createHash('md5').update(text).digest('base64');

function flipByte(objects: MemoryObjects, key: string, at: number): void {
  objects.bodies.set(
    key,
    Buffer.from(bodyOf(objects, key).map((byte, index) => (index === at ? byte ^ 4 : byte))),
  );
}

function edit(objects: MemoryObjects, key: string, change: (text: string) => string): void {
  objects.bodies.set(key, Buffer.from(change(bodyOf(objects, key).toString())));
}

interface Damage {
  readonly what: string;
  readonly damage: (objects: MemoryObjects) => void;
  readonly kind: string;
  readonly object: () => string;
}

const layout = () => backupLayout(backupId);

const damages: readonly Damage[] = [
  {
    what: 'a flipped byte',
    damage: (objects) => flipByte(objects, someFile(), 99),
    kind: 'ChangedBytes',
    object: someFile,
  },
  {
    what: 'a truncated gzip',
    damage: (objects) => objects.bodies.set(someFile(), bodyOf(objects, someFile()).subarray(0, -9)),
    kind: 'TruncatedFile',
    object: someFile,
  },
  {
    what: 'another file of the same name',
    damage: (objects) =>
      objects.bodies.set(someFile(), gzipSync('{"Item":{"id":{"S":"other"}}}\n'.repeat(99_999))),
    kind: 'ChangedBytes',
    object: someFile,
  },
  {
    what: 'a missing file',
    damage: (objects) => objects.bodies.delete(someFile()),
    kind: 'MissingFile',
    object: someFile,
  },
  {
    what: 'an extra file',
    damage: (objects) => objects.bodies.set(`${layout().dataPrefix}9-9.json.gz`, Buffer.from('')),
    kind: 'ExtraFile',
    object: () => `${layout().dataPrefix}9-9.json.gz`,
  },
  {
    what: 'an edited list of files',
    damage: (objects) =>
      edit(objects, layout().manifestFiles, (text) => text.replace('"itemCount":50', '"itemCount":49')),
    kind: 'EditedManifest',
    object: () => layout().manifestFiles,
  },
  {
    what: 'an edited list of files with a checksum to match',
    damage: (objects) => {
      edit(objects, layout().manifestFiles, (text) => text.replace('"itemCount":50', '"itemCount":49'));
      objects.bodies.set(
        layout().manifestFilesMd5,
        Buffer.from(md5(bodyOf(objects, layout().manifestFiles).toString())),
      );
    },
    kind: 'ManifestsDisagree',
    object: () => layout().manifestFiles,
  },
  {
    what: 'an edited summary',
    damage: (objects) =>
      edit(objects, layout().manifestSummary, (text) => text.replace('"itemCount":900', '"itemCount":901')),
    kind: 'EditedManifest',
    object: () => layout().manifestSummary,
  },
  {
    what: 'an edited table description',
    damage: (objects) =>
      edit(objects, layout().migrationManifest, (text) => text.replace('PAY_PER_REQUEST', 'PROVISIONED')),
    kind: 'EditedManifest',
    object: () => layout().migrationManifest,
  },
  {
    what: 'no checksum beside the list of files',
    damage: (objects) => objects.bodies.delete(layout().manifestFilesMd5),
    kind: 'MissingManifest',
    object: () => layout().manifestFilesMd5,
  },
  {
    what: 'no manifest of ours',
    damage: (objects) => objects.bodies.delete(layout().migrationManifest),
    kind: 'MissingManifest',
    object: () => layout().migrationManifest,
  },
  {
    what: 'no summary',
    damage: (objects) => objects.bodies.delete(layout().manifestSummary),
    kind: 'NotSealed',
    object: () => layout().manifestSummary,
  },
];

describe('verifyBackup', () => {
  it('finds nothing wrong with a sound backup', async () => {
    expect(await verifyBackup(copy(), { backupId })).toMatchObject({ items: 900, findings: [] });
  });
  it.each(damages)('names $what for what it is', async ({ damage, kind, object }) => {
    const objects = copy();
    damage(objects);
    const { findings } = await verifyBackup(objects, { backupId });
    expect(findings.map((finding) => [finding.kind, finding.object])).toEqual([[kind, object()]]);
    expect(findings[0]?.sentence).toContain(object());
  });
  it('lists every damage, not only the first', async () => {
    const objects = copy();
    flipByte(objects, someFile(), 50);
    objects.bodies.delete(dataFileKey(backupId, { segment: 0, sequence: 1 }));
    const { findings } = await verifyBackup(objects, { backupId });
    expect(findings.map(({ kind }) => kind)).toEqual(['MissingFile', 'ChangedBytes']);
  });
  it('does not miss the marker that may be deleted', async () => {
    const objects = copy();
    objects.bodies.delete(layout().started);
    expect((await verifyBackup(objects, { backupId })).findings).toEqual([]);
  });
  it('does not know a backup that is not there', async () => {
    await expect(verifyBackup(copy(), { backupId: '00000000000001-00000000' })).rejects.toMatchObject({
      name: 'BackupNotFoundError',
    });
    await expect(verifyBackup(copy(), { backupId: '../secrets' })).rejects.toMatchObject({
      name: 'BackupNotFoundError',
    });
  });
});

describe('the function verifyBackup', () => {
  it('takes the newest backup, and notes beside it what it found', async () => {
    const answer = await verifyOne(bench.runtime, {}, longTurn());
    expect(answer).toMatchObject({ backupId, sound: true, done: true, findingCount: 0 });
    expect((await listBackups(bench.objects)).backups[0]?.verification).toMatchObject({ findings: 0 });
  });
});

describe('the catalogue', () => {
  it('lists sealed backups, newest first, and no others', async () => {
    const objects = copy();
    const older = '00000000000001-00000000';
    const unsealed = '99999999999999-00000000';
    for (const [key, body] of bench.objects.bodies)
      if (key.includes(backupId)) {
        objects.bodies.set(key.replace(backupId, older), body);
        if (!key.endsWith('manifest-summary.json')) objects.bodies.set(key.replace(backupId, unsealed), body);
      }
    await noteVerification(objects, { backupId: older, findingCount: 3 }, 0);
    const { backups: listed } = await listBackups(objects);
    expect(listed.map((backup) => backup.backupId)).toEqual([backupId, older]);
    expect(listed[1]).toMatchObject({
      items: 900,
      tableName: 'products',
      takenAt: '1970-01-01T00:00:00.001Z',
      verification: { findings: 3 },
    });
    expect(await newestBackup(objects, 'products')).toBe(backupId);
    await expect(newestBackup(objects, 'other')).rejects.toMatchObject({ name: 'BackupNotFoundError' });
  });
  it('takes no older backup in place of one whose summary somebody has damaged', async () => {
    const objects = copy();
    for (const [key, body] of bench.objects.bodies)
      objects.bodies.set(key.replace(backupId, '00000000000001-00000000'), body);
    edit(objects, layout().manifestSummary, () => '');
    await expect(newestBackup(objects, 'products')).rejects.toMatchObject({
      name: 'BackupDamagedError',
      message: expect.stringContaining(layout().manifestSummary),
    });
    expect(await listBackups(objects)).toMatchObject({
      backups: [{ backupId: '00000000000001-00000000', items: 900 }],
      damaged: [expect.stringContaining(layout().manifestSummary)],
    });
  });
  it('gives out no manifest of a damaged backup', async () => {
    expect((await readBackup(copy(), backupId)).itemCount).toBe(900);
    const objects = copy();
    objects.bodies.delete(someFile());
    await expect(readBackup(objects, backupId)).rejects.toMatchObject({
      name: 'BackupDamagedError',
      message: expect.stringContaining(someFile()),
    });
    await expect(readBackup(objects, '00000000000001-00000000')).rejects.toMatchObject({
      name: 'BackupNotFoundError',
    });
  });
});
