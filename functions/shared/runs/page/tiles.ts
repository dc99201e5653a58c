import { isCosted, unpricedText } from '../../cost/cost.ts';
import { estimatedTime } from '../../cost/estimated-time.ts';
import type { Report } from '../report.ts';
import type { RestoredCounts } from '../reported-counts.ts';
import { kindsText } from './kinds-text.ts';
import { capitalized } from '../../counted.ts';
import { bytes, count, dollars, duration, rupees } from '../../format.ts';
import { differing } from './restore-section.ts';
import { type Html, html } from './html.ts';
import { isRestore } from '../../ledger/run.ts';

/** A figure, what it is of, and a note below it. */
export type Tile = readonly [label: string, value: string, note: string];

/** The figures that a reader wants first. */
export function tiles(report: Report): Html {
  return tileList([...countTiles(report), timeTile(report), costTile(report)]);
}

export function tileList(all: readonly Tile[]): Html {
  return html`<dl class="tiles">${all.map(([label, value, note]) => html`<div class="tile"><dt>${label}</dt><dd>${value}<small>${note}</small></dd></div>`)}</dl>`;
}

function countTiles(report: Report): readonly Tile[] {
  if (isRestore(report)) return restoreTiles(report);
  if (report.step !== undefined) return stepTiles(report);
  return report.status === 'PLANNED' ? planTiles(report) : migrationTiles(report);
}

function verifiedNote({ verification }: Report): string {
  if (verification === null) return 'not verified';
  const { found, different, changedSince = 0, presentDifferent = 0 } = verification;
  const others = different + changedSince + presentDifferent;
  return others === 0
    ? `${count(found)} verified`
    : `${count(found)} found, ${count(others)} of them different`;
}

function restoreTiles(report: Report): readonly Tile[] {
  const { source, restored } = report;
  const inBackup: Tile = ['In the backup', count(source.products), bytes(source.bytes)];
  if (restored === undefined) return [inBackup];
  return [inBackup, ['Written', count(restored.written), verifiedNote(report)], ...existingTiles(restored)];
}

/** Figures of an existing table, which may hold items that the restore did not write. */
function existingTiles({ mode, alreadyPresent, keptDifferent }: RestoredCounts): readonly Tile[] {
  if (mode === 'NEW') return [];
  return [
    ['Already there', count(alreadyPresent), 'equal in every attribute'],
    ['Left as they are', count(keptDifferent), differing(keptDifferent)],
  ];
}

const productsTile = ({ source, nouns }: Report): Tile => [
  capitalized(nouns.items),
  count(source.products),
  bytes(source.bytes),
];

function planTiles(report: Report): readonly Tile[] {
  const { metadata = 0, variants = 0, targetBytes = 0 } = report.rehearsal ?? {};
  return [
    productsTile(report),
    ['Items it would make', count(metadata + variants), bytes(targetBytes)],
    quarantineTile(report),
  ];
}

const migrationTiles = (report: Report): readonly Tile[] => [
  productsTile(report),
  ...inPlaceTiles(report),
  quarantineTile(report),
];

/** A step that was called alone has done its own part only. Of the others there is nothing to count. */
function stepTiles(report: Report): readonly Tile[] {
  const { source, migrated, rehearsal, rolledBack } = report;
  return [
    ...(source.products > 0 ? [productsTile(report)] : []),
    ...(migrated.items > 0 || rolledBack !== undefined ? inPlaceTiles(report) : []),
    ...(rehearsal !== undefined || migrated.quarantined > 0 ? [quarantineTile(report)] : []),
  ];
}

function inPlaceTiles(report: Report): readonly Tile[] {
  const { items, metadata, variants, alreadyPresent } = report.migrated;
  const isKept = report.rolledBack !== undefined && metadata + variants === 0;
  // A worker that failed has counted by kind only what it had saved.
  const isCounted = report.status === 'SUCCEEDED' || metadata + variants === items;
  const kinds = isCounted ? kindsText(report.migrated) : '';
  const ofKinds = kinds === '' ? '' : `${kinds}; `;
  const isUncounted = report.tables.some(({ uncounted }) => uncounted === true);
  const written = isKept
    ? 'with the mark of the run, kept by the roll back'
    : `${ofKinds}${verifiedNote(report)}`;
  const inPlace = isUncounted ? 'as its workers recorded; nobody has counted them since' : written;
  const isEmpty = items === 0 && report.status !== 'SUCCEEDED' && !isUncounted;
  const empty = report.status === 'HELD' ? 'its workers have recorded none' : 'no item of the run is left';
  return [
    ['Items in place', count(items), isEmpty ? empty : inPlace],
    ...(isEmpty || isKept ? [] : [['Already there', count(alreadyPresent), 'before the run'] as const]),
  ];
}

function quarantineTile({ migrated, rehearsal, status, nouns }: Report): Tile {
  const quarantined = Math.max(migrated.quarantined, rehearsal?.quarantined ?? 0);
  const isKnown = rehearsal !== undefined || status === 'SUCCEEDED';
  if (!isKnown && quarantined === 0) return ['Quarantined', '–', 'not transformed yet'];
  return ['Quarantined', count(quarantined), quarantined === 0 ? `every ${nouns.item} fits` : 'listed below'];
}

function timeTile(report: Report): Tile {
  const { durationSeconds, cost, finishedAt } = report;
  const note =
    'seconds' in cost.estimated
      ? `${report.status === 'PLANNED' ? 'a run: about' : 'estimated'} ${estimatedTime(cost.estimated)}`
      : `until ${finishedAt.slice(11, 19)} UTC`;
  return ['Time', duration(durationSeconds), note];
}

function costTile({ cost }: Report): Tile {
  if (isCosted(cost.actual)) return ['Cost', dollars(cost.actual.dollars), rupees(cost.actual.rupees)];
  if ('region' in cost.actual) return ['Cost', 'unknown', `no prices of ${unpricedText(cost.actual)}`];
  return ['Cost', '–', 'nothing was measured'];
}
