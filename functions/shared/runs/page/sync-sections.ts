import { count, counted } from '../../counted.ts';
import { duration, moment } from '../../format.ts';
import { cutOverSteps, freezeSteps } from '../cutover-guide.ts';
import { gapText } from '../sync-outcome.ts';
import { isGapOpen } from '../following.ts';
import type { NamedKeys, SyncReport } from '../sync-report.ts';
import { heading } from './heading.ts';
import { type Content, type Html, html } from './html.ts';
import { consoleLink, type Place, placeText } from './place.ts';
import { prose } from './prose.ts';
import { facts, shouldBeZero, tableHead } from './sections.ts';
import { type Tile, tileList } from './tiles.ts';

/** The figures that a reader wants first. A compare without a sync has followed nothing. */
export function syncTiles(report: SyncReport): Html {
  const { kind, followed, pending, conflicts, minutes } = report;
  const last = minutes.at(-1);
  const of: readonly Tile[] = [
    [
      'Changes followed',
      count(followed.records),
      `${counted(followed.repaired, 'source item')} brought up to date`,
    ],
    [
      'Longest lag',
      minutes.length === 0 ? '–' : duration(followed.maxLagSeconds),
      last === undefined
        ? 'no change has been followed'
        : `since the start; ${duration(last.meanLagSeconds)} on average in the last minute with changes`,
    ],
    ['Pending', count(pending.count), pending.count === 0 ? 'no key waits' : 'listed below'],
    [
      'Conflicts',
      count(conflicts.count),
      conflicts.count === 0 ? 'none is known' : 'changed by others, left as they are',
    ],
  ];
  return tileList([...(kind === 'sync' ? of : []), ...comparedTiles(report)]);
}

function comparedTiles({ compared }: SyncReport): readonly Tile[] {
  if (compared === null) return [['Last compare', '–', 'source and target were not compared']];
  const { repairs, repaired, differing, finishedAt } = compared;
  const at = moment(new Date(finishedAt).toISOString());
  return [
    ...(repairs ? [['Repaired', count(repaired), 'source items, by the last compare'] as const] : []),
    ['Last compare', counted(differing, 'differs', 'differ'), `${at} UTC`],
  ];
}

/** What a cut over depends on. */
export function checksSection({ checks }: SyncReport): Html | undefined {
  if (checks === undefined) return undefined;
  const rows = checks.map(
    ({ what, ok, sentence }) =>
      html`<tr><td><span class="pill ${ok ? 'good' : 'bad'}">${ok ? what : `${what}: in the way`}</span></td><td>${prose(sentence)}</td></tr>`,
  );
  return section(
    'checks',
    'Checks of a cut over',
    html`<div class="scroll"><table>${tableHead(['Check', 'What was found'])}<tbody>${rows}</tbody></table></div>`,
  );
}

/** What a cut over would do, and how to freeze the source before. */
export function freezeSection(report: SyncReport): Html | undefined {
  const { checks, freeze, source } = report;
  if (checks === undefined || freeze === undefined) return undefined;
  const steps = freezeSteps(report, freeze).map(
    ({ text, command }) =>
      html`<li>${text}${command !== undefined && html`<br><code class="command">${command}</code>`}</li>`,
  );
  return html`${section('steps', 'What a cut over does', html`<ol>${cutOverSteps(report).map((step) => html`<li>${step}</li>`)}</ol>`)}
    ${section('freeze', `How to freeze ${source.table}`, html`<ol>${steps}</ol>`)}`;
}

/** When changes may have been missed. */
export function gapSection(report: SyncReport): Html | undefined {
  const { gap } = report;
  if (gap === null) return undefined;
  return html`<section${isGapOpen(report) && html` class="warnings"`} aria-labelledby="gap-heading">${heading('gap', 'Gap')}<p class="lead">${gapText(report, gap)}</p></section>`;
}

/** The last compare of the whole source with the whole target. */
export function comparedSection({ compared }: SyncReport, place?: Place): Html {
  if (compared === null)
    return section(
      'compared',
      'Last compare',
      html`<p class="lead">Source and target have not been compared yet.</p>`,
    );
  const { repairs, differing, startedAt, finishedAt } = compared;
  const still = differing === 0 ? '' : ', but for what still differs';
  const lead = repairs ? `What differed was repaired${still}.` : 'What differed was only named.';
  return section(
    'compared',
    'Last compare',
    html`<p class="lead">${lead}</p>${facts([
      [
        'Ended',
        `${moment(new Date(finishedAt).toISOString())} UTC, after ${duration((finishedAt - startedAt) / 1_000)}`,
      ],
      ['Source items', count(compared.sourceItems)],
      ['Target items', count(compared.targetItems)],
      ['Repaired', count(compared.repaired)],
      ['Still different', shouldBeZero(compared.differing)],
      ['Changed by others', count(compared.conflicts)],
      ['Not transformable', shouldBeZero(compared.quarantined)],
      (compared.foreign ?? 0) > 0 ? ['Of no source item', count(compared.foreign ?? 0)] : undefined,
      compared.expired > 0 ? ['Time to live is over', count(compared.expired)] : undefined,
      ['Execution', consoleLink(place, 'execution', { subject: compared.executionArn })],
    ])}`,
  );
}

/** What follows what. */
export function syncSection(report: SyncReport, place?: Place): Html {
  const { source, follows, streamArn, mappingId, finishedAt } = report;
  const linked = (name: string): Content => consoleLink(place, 'table', { subject: name });
  return section(
    'sync',
    followedHeading(report),
    facts([
      ['Source', linked(source.table)],
      ['Target', follows.tables.map((name) => html`${linked(name)} `)],
      ['Migration', html`<code>${follows.runId}</code>`],
      streamArn === null ? undefined : ['Stream', html`<code>${streamArn}</code>`],
      mappingId === null ? undefined : ['Mapping', html`<code>${mappingId}</code>`],
      finishedAt === null ? undefined : ['Ended', `${moment(finishedAt)} UTC`],
      place === undefined ? undefined : ['Where', placeText(place)],
    ]),
  );
}

function followedHeading({ kind, finishedAt }: SyncReport): string {
  if (kind === 'compare') return 'What was compared';
  return finishedAt === null ? 'What it follows' : 'What it followed';
}

/** What a compare finds of a key. */
export type KeyKind = 'repaired' | 'differing' | 'conflicts' | 'quarantined' | 'expired' | 'foreign';

const NO_KEYS: NamedKeys = { count: 0, keys: [], reasons: [] };

/**
 * Keys that wait, differ, were repaired or are left alone. A sync names its keys in the ledger.
 *
 * @param samples of the last compare
 */
export function namedSection(
  report: SyncReport,
  samples: (kind: KeyKind) => NamedKeys = () => NO_KEYS,
): Html | undefined {
  const namedOf = (kind: 'differing' | 'conflicts' | 'quarantined'): NamedKeys =>
    report.kind === 'sync' || report[kind].count > 0 ? report[kind] : samples(kind);
  const rows: readonly (readonly [label: string, keys: NamedKeys])[] = [
    ['Pending', report.pending],
    ['Different', namedOf('differing')],
    ['Changed by others', namedOf('conflicts')],
    ['Not transformable', namedOf('quarantined')],
    ['Repaired', samples('repaired')],
    ['Time to live is over', samples('expired')],
    ['Of no source item', samples('foreign')],
  ];
  const present = rows.filter(([, { keys }]) => keys.length > 0);
  if (present.length === 0) return undefined;
  return section(
    'keys',
    'Keys',
    facts(present.map(([label, keys]) => [`${label} (${count(keys.count)})`, keysWithReasons(keys)])),
  );
}

function keysWithReasons({ keys, reasons }: NamedKeys): Content {
  return keys.map((key, index) => html`<code>${key}</code> ${reasons[index]}<br>`);
}

function section(id: string, words: string, content: Html): Html {
  return html`<section aria-labelledby="${id}-heading">${heading(id, words)}${content}</section>`;
}
