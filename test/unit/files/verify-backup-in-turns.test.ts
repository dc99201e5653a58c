import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listBackups } from '../../../functions/shared/files/backup-catalog.ts';
import { backupLayout } from '../../../functions/shared/files/layout.ts';
import { parseMigrationManifest } from '../../../functions/shared/files/manifests.ts';
import { verifyOne, type VerifyBackupOutput } from '../../../functions/verify-backup/verify-backup.ts';
import { type Bench, longTurn, products } from './backup-bench.ts';
import { memoryObjects, type MemoryObjects } from './memory-objects.ts';
import { sealedBench } from './sealed-bench.ts';

let bench: Bench;
let backupId: string;
/** Keys of the data files, in the manifest's order. */
let files: readonly string[];

beforeAll(async () => {
  const { bench: made, sealed } = await sealedBench(products(900), {
    plan: { segments: [0, 1], shards: [0, 1], itemsPerFile: 50 },
  });
  bench = made;
  backupId = sealed.backupId;
  const text = bench.objects.bodies.get(backupLayout(backupId).migrationManifest)?.toString() ?? '';
  files = parseMigrationManifest(text)?.manifest.files.map(({ key }) => key) ?? [];
});
afterAll(() => bench.stop());

/** The sealed backup, to be damaged. */
function copy(): MemoryObjects {
  const objects = memoryObjects();
  for (const [key, body] of bench.objects.bodies) objects.bodies.set(key, Buffer.from(body));
  return objects;
}

/** Time for 12 of the 19 files. */
function firstTurn() {
  let remaining = 40_000;
  return { remainingMillis: () => (remaining -= 9_000), requestId: 'first' };
}

const READ_FIRST = 12;

const damageFile =
  (number: number) =>
  ({ bodies }: MemoryObjects): void =>
    void bodies.set(files[number] ?? '', Buffer.from('damaged'));
const deleteFile =
  (number: number) =>
  ({ bodies }: MemoryObjects): void =>
    void bodies.delete(files[number] ?? '');
const addFile = ({ bodies }: MemoryObjects): void =>
  void bodies.set(`${backupLayout(backupId).dataPrefix}9-9.json.gz`, Buffer.from(''));

function editManifest({ bodies }: MemoryObjects, change: (text: string) => string): void {
  const key = backupLayout(backupId).migrationManifest;
  bodies.set(key, Buffer.from(change(bodies.get(key)?.toString() ?? '')));
}

interface Meddling {
  readonly before?: (objects: MemoryObjects) => void;
  readonly between?: (objects: MemoryObjects) => void;
}

/** Verifies in two calls. @returns both answers, and the number of findings that the note beside the backup has */
async function verifyInTwo({ before, between }: Meddling): Promise<{
  readonly first: VerifyBackupOutput;
  readonly last: VerifyBackupOutput;
  readonly noted: number | undefined;
}> {
  const objects = copy();
  const runtime = { ...bench.runtime, objects };
  before?.(objects);
  const first = await verifyOne(runtime, {}, firstTurn());
  between?.(objects);
  const last = await verifyOne(runtime, first.next ?? {}, longTurn());
  const [listed] = (await listBackups(objects)).backups;
  return { first, last, noted: listed?.verification?.findings };
}

describe('verifyBackup in two calls', () => {
  it('finds nothing wrong with a sound backup', async () => {
    const { first, last, noted } = await verifyInTwo({});
    expect(first).toMatchObject({ done: false, sound: false, next: { fromFile: READ_FIRST } });
    expect(last).toMatchObject({ done: true, sound: true, files: 19, items: 900, findingCount: 0 });
    expect(noted).toBe(0);
  });

  it.each([
    ['a damaged file that the first call reads', { before: damageFile(0) }, 0],
    ['a damaged file that the second call reads', { before: damageFile(READ_FIRST) }, 1],
    ['a missing file that the first call should read', { before: deleteFile(0) }, 0],
    ['a missing file that the second call should read', { before: deleteFile(18) }, 1],
    ['a file that is deleted between the calls, before it is read', { between: deleteFile(18) }, 1],
    ['a file that is deleted between the calls, after it was read', { between: deleteFile(0) }, 1],
    [
      'a damaged file that is deleted between the calls',
      { before: damageFile(0), between: deleteFile(0) },
      0,
    ],
    ['an extra file', { before: addFile }, 1],
    ['an extra file that is added between the calls', { between: addFile }, 1],
  ] as const)('counts %s once', async (_, meddling, inCall) => {
    const { first, last, noted } = await verifyInTwo(meddling);
    expect([first, last].map(({ findings }) => findings.length)).toEqual(inCall === 0 ? [1, 0] : [0, 1]);
    expect(last).toMatchObject({ done: true, sound: false, findingCount: 1 });
    expect(noted).toBe(1);
  });

  it('reads the file where it has stopped, though an earlier one is deleted between the calls', async () => {
    const between = (objects: MemoryObjects): void => {
      deleteFile(0)(objects);
      damageFile(READ_FIRST)(objects);
    };
    const { last, noted } = await verifyInTwo({ between });
    expect(last.findings.map(({ object }) => object).toSorted()).toEqual([files[0], files[READ_FIRST]]);
    expect(noted).toBe(2);
  });

  it('names what is wrong with the manifests at the end', async () => {
    const { first, last, noted } = await verifyInTwo({
      before: (objects) => editManifest(objects, (text) => text.replace('PAY_PER_REQUEST', 'PROVISIONED')),
    });
    expect(first).toMatchObject({ done: false, findingCount: 0 });
    expect(last.findings.map(({ kind }) => kind)).toEqual(['EditedManifest']);
    expect(noted).toBe(1);
  });

  it('reads every file again when the list of files has changed between the calls', async () => {
    const [key = ''] = files;
    const text = copy().bodies.get(backupLayout(backupId).migrationManifest)?.toString() ?? '';
    const { last, noted } = await verifyInTwo({
      before: (objects) => editManifest(objects, (manifest) => manifest.replaceAll('"md5":"', '"md5":"x')),
      between: (objects) => {
        editManifest(objects, () => text);
        objects.bodies.set(key, Buffer.from('damaged'));
      },
    });
    expect(last.findings.map(({ object }) => object)).toEqual([key]);
    expect(noted).toBe(1);
  });

  it('is not sound when the manifest cannot be read any more', async () => {
    const { last, noted } = await verifyInTwo({
      between: ({ bodies }) => bodies.delete(backupLayout(backupId).migrationManifest),
    });
    expect(last).toMatchObject({ done: true, sound: false, files: 0, findingCount: 1 });
    expect(noted).toBe(1);
  });

  it('reads every file when the payload does not say which files were read', async () => {
    const objects = copy();
    damageFile(0)(objects);
    const runtime = { ...bench.runtime, objects };
    const answer = await verifyOne(runtime, { backupId, fromFile: READ_FIRST }, longTurn());
    expect(answer).toMatchObject({ done: true, sound: false, findingCount: 1 });
  });
});
