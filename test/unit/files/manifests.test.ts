import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backupIdFor, backupLayout, fileStem, isBackupId } from '../../../functions/shared/files/layout.ts';
import {
  type ManifestFile,
  parseManifestFiles,
  parseSummary,
} from '../../../functions/shared/files/manifests.ts';
import { productOfEveryType } from '../../support/every-type.ts';
import type { Bench } from './backup-bench.ts';
import { sealedBench } from './sealed-bench.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/dynamodb-export', import.meta.url));
const fixture = (name: string): string => readFileSync(join(fixtures, name), 'utf8');

const table = {
  AttributeDefinitions: ['id', 'brand', 'rank'].map((AttributeName) => ({
    AttributeName,
    AttributeType: 'S' as const,
  })),
  GlobalSecondaryIndexes: [
    {
      IndexName: 'BrandIndex',
      KeySchema: [
        { AttributeName: 'brand', KeyType: 'HASH' as const },
        { AttributeName: 'rank', KeyType: 'RANGE' as const },
      ],
      Projection: { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: ['name'] },
      ProvisionedThroughput: { ReadCapacityUnits: 3, WriteCapacityUnits: 4 },
    },
  ],
  BillingMode: 'PROVISIONED' as const,
  ProvisionedThroughput: { ReadCapacityUnits: 5000, WriteCapacityUnits: 6 },
  Tags: [{ Key: 'team', Value: 'shop' }],
};

let bench: Bench;
let backupId: string;
const text = (key: string): string => bench.objects.bodies.get(key)?.toString() ?? '';

beforeAll(async () => {
  const items = Array.from({ length: 500 }, (_, index) => productOfEveryType(index));
  const plan = { segments: [0, 1, 2], shards: [0, 1], itemsPerFile: 80 };
  const sealed = await sealedBench(items, { plan, table, run: { kind: 'manual' } });
  bench = sealed.bench;
  backupId = sealed.sealed.backupId;
});
afterAll(() => bench.stop());

/** Each field's JSON type. */
const shapeOf = (object: object) =>
  new Map(Object.entries(object).map(([name, value]) => [name, value === null ? 'null' : typeof value]));

describe("the manifests, held against AWS's documented ones", () => {
  it('have the summary field for field, but for the ARN of an export that did not take place', () => {
    const documented = shapeOf(JSON.parse(fixture('manifest-summary.json')) as object);
    const own = shapeOf(JSON.parse(text(backupLayout(backupId).manifestSummary)) as object);
    documented.delete('exportArn');
    documented.set('s3Prefix', 'null');
    expect([...own]).toEqual([...documented]);
  });
  it('say what the summary must say', () => {
    expect(JSON.parse(text(backupLayout(backupId).manifestSummary))).toMatchObject({
      version: '2020-06-30',
      exportTime: '2026-01-02T03:04:05.678Z',
      s3Bucket: 'bucket',
      manifestFilesS3Key: `AWSDynamoDB/${backupId}/manifest-files.json`,
      itemCount: 500,
      outputFormat: 'DYNAMODB_JSON',
    });
  });
  it('have the lines of manifest-files.json field for field', () => {
    const [documented] = fixture('manifest-files.json').trim().split('\n');
    const lines = text(backupLayout(backupId).manifestFiles).trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(6);
    for (const line of lines)
      expect([...shapeOf(JSON.parse(line) as object)]).toEqual([
        ...shapeOf(JSON.parse(documented ?? '') as object),
      ]);
  });
  it("are read by the same parsers as AWS's", () => {
    expect(parseSummary(fixture('manifest-summary.json'))?.itemCount).toBe(8);
    expect(parseManifestFiles(fixture('manifest-files.json'))).toHaveLength(1);
    expect(parseManifestFiles('{"itemCount":1}\n')).toBeUndefined();
    expect(parseSummary('{')).toBeUndefined();
  });
});

describe('the checksums', () => {
  const md5 = (body: Buffer | string): string => createHash('md5').update(body).digest('base64');
  it('of the manifests are beside them', () => {
    const layout = backupLayout(backupId);
    expect(text(layout.manifestFilesMd5)).toBe(md5(text(layout.manifestFiles)));
    expect(text(layout.manifestSummaryMd5)).toBe(md5(text(layout.manifestSummary)));
  });
  it('of the files are found again by code that shares nothing with the writer', () => {
    const lines = text(backupLayout(backupId).manifestFiles).trimEnd().split('\n');
    for (const file of lines.map((line) => JSON.parse(line) as ManifestFile)) {
      const body = bench.objects.bodies.get(file.dataFileS3Key) ?? Buffer.from('');
      expect(file.md5Checksum).toBe(md5(body));
      expect(gunzipSync(body).toString().trimEnd().split('\n')).toHaveLength(file.itemCount);
    }
  });
});

describe("the migration's own manifest", () => {
  it('keeps what a restore needs to make the table again', () => {
    const { table: kept, scan } = JSON.parse(text(backupLayout(backupId).migrationManifest)) as {
      table: unknown;
      scan: unknown;
    };
    expect(kept).toMatchObject({
      tableName: 'products',
      keySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      billingMode: 'PROVISIONED',
      provisionedThroughput: { ReadCapacityUnits: 5000, WriteCapacityUnits: 6 },
      globalSecondaryIndexes: [
        {
          IndexName: 'BrandIndex',
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['name'] },
          ProvisionedThroughput: { ReadCapacityUnits: 3, WriteCapacityUnits: 4 },
        },
      ],
      tags: [{ Key: 'team', Value: 'shop' }],
    });
    expect(scan).toMatchObject({ segments: 3, consistentRead: true });
  });
});

const python = ['python3', 'python'].find((command) => {
  try {
    execFileSync(command, ['-c', 'import sys; assert sys.version_info >= (3, 6)'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

describe.skipIf(python === undefined)('Python, with gzip, json and hashlib only', () => {
  it('agrees with every field', () => {
    const folder = mkdtempSync(join(tmpdir(), 'backup-'));
    try {
      for (const [key, body] of bench.objects.bodies) {
        mkdirSync(dirname(join(folder, key)), { recursive: true });
        writeFileSync(join(folder, key), body);
      }
      const answer = execFileSync(python ?? '', [join(fixtures, 'read_backup.py'), folder, backupId], {
        encoding: 'utf8',
      });
      expect(JSON.parse(answer)).toMatchObject({ items: 500, distinct: 500, wrong: [] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('layout', () => {
  it('makes ids that sort by time and stay the same for a run', () => {
    const id = backupIdFor('2026-01-02T03:04:05.678Z', 'run-1');
    expect(isBackupId(id)).toBe(true);
    expect(backupIdFor('2026-01-02T03:04:05.678Z', 'run-1')).toBe(id);
    expect(backupIdFor('2026-01-02T03:04:05.679Z', 'run-1') > id).toBe(true);
  });
  it('knows its own files by their names', () => {
    expect(fileStem('AWSDynamoDB/x/data/12-345.json.gz')).toBe('12-345');
  });
});
