import { hash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { coverageGaps } from '../../support/coverage-checker.ts';
import { unmarked } from '../../support/shop-marks.ts';
import {
  beganAt,
  filledItems,
  filledNames,
  isReplacing,
  itemsOf,
  notBefore,
  objectBody,
  objectKeys,
  runsOf,
  SOURCE,
} from '../holdings.ts';
import { idOf, type Memory } from '../memory.ts';
import type { World } from '../world.ts';
import { isMixture } from './mixture.ts';
import { reportOf, saysThatItWasFollowed } from './report.ts';

/** Promise 2: after SUCCEEDED every product is covered by the target, quarantined, or foreign items are in its place. */
export function targetGaps(world: World, memory: Memory, runId: string): readonly string[] {
  const quarantined = quarantinedIds(world, runId);
  const byPartition = Map.groupBy(filledItems(world), (item) => stringAttribute(item, 'PK'));
  const gaps = itemsOf(world, SOURCE)
    .filter((product) => !quarantined.has(idOf(product)))
    .flatMap((product) => {
      const items = byPartition.get(`PRODUCT#${idOf(product)}`) ?? [];
      return productGaps(world, memory, { runId, product, items });
    });
  return [...gaps, ...extraItems(world, memory, runId), ...misplacedItems(world)];
}

interface ProductPlace {
  readonly runId: string;
  readonly product: WireItem;
  readonly items: readonly WireItem[];
}

function productGaps(
  world: World,
  memory: Memory,
  { runId, product, items }: ProductPlace,
): readonly string[] {
  const found = items.map(unmarked);
  if (found.some(({ isOfShop }) => isOfShop)) return [];
  const versions = memory.versions.get(idOf(product)) ?? [];
  const bare = found.map(({ item }) => item);
  const gaps = versions.flatMap(({ item }) => (item === undefined ? [] : [coverageGaps(item, bare)]));
  if (
    gaps.some((some) => some.length === 0) ||
    isMixture(world, { runId, versions, found, isChangedSince: isChangedSince(world, runId) })
  )
    return [];
  // A product that the shop has added since the run began, or removed and added again, is drift: the run may have read
  // the table while it was not there.
  const began = beganAt(world, runId);
  const isNew =
    (versions[0]?.at ?? 0) >= began || versions.some(({ item, at }) => item === undefined && at >= began);
  return isNew && items.length === 0
    ? []
    : (gaps.at(-1) ?? []).map((gap) => `2: product ${idOf(product)}: ${gap}`);
}

function isChangedSince(world: World, runId: string): boolean {
  const report = reportOf(world, runId);
  const runs = runsOf(world);
  const later = runs.slice(runs.findIndex((run) => run['runId'] === runId) + 1);
  return later.some(isReplacing) || (report !== undefined && saysThatItWasFollowed(report));
}

/** Ids of the products in a run's quarantine files. */
export function quarantinedIds(world: World, runId: string): ReadonlySet<string> {
  const keys = objectKeys(world, `runs/${runId}/quarantine/`);
  const lines = keys.flatMap((key) => String(objectBody(world, key)).split('\n')).filter(Boolean);
  return new Set(lines.map((line) => idOf((JSON.parse(line) as { readonly item: WireItem }).item)));
}

/** What is neither a product's, nor the shop's, nor was there before. */
function extraItems(world: World, { before, versions }: Memory, runId: string): readonly string[] {
  const partitions = new Set([...versions.keys()].map((id) => `PRODUCT#${id}`));
  const snapshot = before.get(runId);
  const existing = new Set(
    filledNames(world).flatMap((name) => [...(snapshot?.get(name)?.items.values() ?? [])]),
  );
  const extra = filledItems(world).filter(
    (item) =>
      !partitions.has(stringAttribute(item, 'PK') ?? '') && !unmarked(item).isOfShop && !existing.has(item),
  );
  return extra.length === 0 ? [] : [`2: ${extra.length} items of the target belong to no product`];
}

/** Each kind of items has its own table. Others may have put anything anywhere. */
function misplacedItems(world: World): readonly string[] {
  return world.deployed.migration.filled.flatMap(({ name, kinds }) =>
    itemsOf(world, name)
      .filter((item) => item.migrationRun !== undefined)
      .map((item) => stringAttribute(item, 'SK') ?? '')
      .filter((sortKey) => !kinds.some((kind) => sortKey.startsWith(kind)))
      .map((sortKey) => `2: ${sortKey} stands in ${name}`),
  );
}

/** Promise 2: every item of a sealed backup is a version of its product, and no product is missing that was always there. */
export function backupGaps(
  world: World,
  memory: Memory,
  run: Readonly<Record<string, unknown>>,
): readonly string[] {
  const { backup } = run as { readonly backup?: { readonly backupId: string } };
  if (backup === undefined || isDamaged(memory, backup.backupId)) return [];
  const keys = objectKeys(world, `AWSDynamoDB/${backup.backupId}/data/`);
  const items = keys.flatMap((key) => linesOf(objectBody(world, key)));
  const ids = new Set(items.map(idOf));
  const isKnown = (item: WireItem): boolean =>
    (memory.versions.get(idOf(item)) ?? []).some((version) => isSame(version.item, item));
  const foreign = items.filter((item) => !isKnown(item)).map(idOf);
  const startedAt = notBefore(world, run['startedAt']);
  const constant = [...memory.versions].filter(
    ([, all]) => all.length === 1 && (all[0]?.at ?? 0) < startedAt,
  );
  const missing = constant.map(([id]) => id).filter((id) => !ids.has(id));
  return [
    ...foreign.map((id) => `2: backup ${backup.backupId} has ${id} as it never was`),
    ...missing.map((id) => `2: backup ${backup.backupId} lacks ${id}`),
    ...(ids.size === items.length ? [] : [`2: backup ${backup.backupId} has a product twice`]),
    ...damagedFiles(world, backup.backupId),
  ];
}

/** Somebody has deleted or changed a file of a backup or of a run by hand. */
export const isDamaged = ({ damaged }: Memory, id: string): boolean =>
  [...damaged.keys()].some((key) => key.includes(`/${id}/`));

interface SealedFile {
  readonly key: string;
  readonly sha256: string;
}

export const manifestKey = (backupId: string): string => `AWSDynamoDB/${backupId}/migration-manifest.json`;

/** The files that a manifest names. */
export const sealedFiles = (manifest: Buffer): readonly SealedFile[] =>
  (JSON.parse(manifest.toString()) as { readonly files: readonly SealedFile[] }).files;

/** The files of a sealed backup are those that its manifest names. */
function damagedFiles(world: World, backupId: string): readonly string[] {
  const body = objectBody(world, manifestKey(backupId));
  if (body === undefined) return [];
  const sums = new Map(sealedFiles(body).map(({ key, sha256 }) => [key, sha256]));
  const damaged = objectKeys(world, `AWSDynamoDB/${backupId}/data/`).filter(
    (key) => sums.get(key) !== hash('sha256', objectBody(world, key) ?? '', 'base64'),
  );
  return damaged.map((key) => `2: ${key} is not as its manifest says`);
}

/** The items of a data file. */
export function linesOf(body: Buffer | undefined): readonly WireItem[] {
  if (body === undefined) return [];
  const lines = gunzipSync(body).toString().split('\n').filter(Boolean);
  return lines.map((line) => (JSON.parse(line) as { readonly Item: WireItem }).Item);
}

const isSame = (one: WireItem | undefined, other: WireItem): boolean =>
  one !== undefined && canonicalJson(one) === canonicalJson(other);
