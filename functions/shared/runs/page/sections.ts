import type { Report } from '../report.ts';
import { isCommandLine } from '../../commands.ts';
import { capitalized, countedAs } from '../../counted.ts';
import { bytes, count, counted, duration, moment, TABLE_OUTCOMES } from '../../format.ts';
import { neverBegan, type Outcome } from '../outcome.ts';
import { attemptLines } from '../attempt-text.ts';
import { controlLines } from '../control-text.ts';
import { groupWarnings } from '../group-warnings.ts';
import { heading } from './heading.ts';
import { type Content, type Html, html } from './html.ts';
import { consoleLink, type Place, placeText } from './place.ts';
import { prose } from './prose.ts';
import { isRestore } from '../../ledger/run.ts';

/** Failure, with what to do now; what to do now alone, where nothing failed. */
export function failureSection(
  { failure, status }: Pick<Report, 'failure'> & { readonly status?: string },
  { nextStep }: Pick<Outcome, 'nextStep'>,
): Html | undefined {
  if (failure === null)
    return nextStep === undefined
      ? undefined
      : html`<section aria-label="What to do now">${nextStepHtml(nextStep)}</section>`;
  const place = failure.state === undefined ? '' : ` in ${failure.state}`;
  return html`<section class="failure" aria-labelledby="failure-heading">
    ${heading('failure', status === 'REFUSED' ? 'Why it was refused' : `What failed${place}`)}
    <p class="cause"><code>${failure.error}</code></p>
    <p class="cause">${prose(failure.cause)}</p>
    ${nextStep !== undefined && nextStepHtml(nextStep)}
  </section>`;
}

/** A command has a line of its own, and one click selects the whole of it. */
export function nextStepHtml(nextStep: string): Html {
  const lines = nextStep
    .split('\n')
    .map((line) =>
      isCommandLine(line) ? html`<code class="command">${line}</code>` : html`<span>${prose(line)}</span>`,
    );
  return html`<p class="next"><b>Now</b>${lines}</p>`;
}

/** Warnings that a reader should not miss. */
export function warningSection(report: Pick<Report, 'warnings'>): Html | undefined {
  const warnings = groupWarnings(report.warnings ?? []);
  if (warnings.length === 0) return undefined;
  return html`<section class="warnings" aria-labelledby="warnings-heading">
    ${heading('warnings', counted(warnings.length, 'warning'))}
    <ul>${warnings.map((warning) => html`<li>${prose(warning)}</li>`)}</ul>
  </section>`;
}

/** A table's head. The names of columns of numbers begin with `#`. */
export function tableHead(names: readonly string[]): Html {
  const cells = names.map((name) =>
    name.startsWith('#')
      ? html`<th scope="col" class="number">${name.slice(1)}</th>`
      : html`<th scope="col">${name}</th>`,
  );
  return html`<thead><tr>${cells}</tr></thead>`;
}

/** What a roll back has deleted is as it should be. */
const OUTCOME_TONES = { CREATED: 'good', EXISTED: 'notice', DELETED: 'idle', KEPT: 'notice' } as const;

/** The outcome of each table. A step that was called alone need not have any. */
export function tablesSection({ tables, status, step }: Report, place?: Place): Html | undefined {
  if (step !== undefined && tables.length === 0) return undefined;
  const none =
    status === 'PLANNED' ? 'A dry run creates none.' : 'The run ended before it had created or used one.';
  const rows = tables.map(
    ({
      name,
      outcome,
      remark,
      access,
    }) => html`<tr><td class="long">${outcome === 'DELETED' ? html`<code>${name}</code>` : consoleLink(place, 'table', { subject: name })}${remark !== undefined && html`<small>${remark}</small>`}${access === 'CLOSED' && html`<small>closed: only the migration can write to it</small>`}</td>
      <td><span class="pill ${OUTCOME_TONES[outcome]}">${TABLE_OUTCOMES[outcome]}</span></td></tr>`,
  );
  return html`<section aria-labelledby="tables-heading">
    ${heading('tables', 'Tables')}
    ${tables.length === 0 ? html`<p class="lead">${none}</p>` : html`<div class="scroll"><table>${tableHead(['Table', 'Outcome'])}<tbody>${rows}</tbody></table></div>`}
  </section>`;
}

type Fact = readonly [label: string, value: Content];

export function facts(list: readonly (Fact | undefined)[]): Html {
  return html`<dl class="facts">${list.map((fact) => fact && html`<dt>${fact[0]}</dt><dd>${fact[1]}</dd>`)}</dl>`;
}

/** A number that should be zero: grey when it is, red when it is not. */
export function shouldBeZero(value: number): Html {
  return html`<span class="${value === 0 ? 'zero' : 'warn'}">${count(value)}</span>`;
}

function samples(label: string, keys: readonly string[] = []): Fact | undefined {
  if (keys.length === 0) return undefined;
  return [label, keys.map((key) => html`<code>${key}</code><br>`)];
}

/** What was compared with what. A restore leaves whatever else an existing table holds. */
function verificationLead({ restored }: Report): string {
  if (restored === undefined)
    return 'The items of the target were compared with the lines of the target files: all of them by a digest, and where that differs each with its own line.';
  return restored.mode === 'NEW'
    ? 'Every item of the new table was compared with the backup.'
    : 'Every item of the backup was looked up in the table.';
}

/** What verification counted, and the keys that differ. A step that was called alone need not verify anything. */
export function verificationSection(report: Report): Html | undefined {
  const { verification, mismatches = {}, restored } = report;
  const title = heading('verification', 'Verification');
  if (verification === null && report.step !== undefined) return undefined;
  if (verification === null)
    return html`<section aria-labelledby="verification-heading">${title}<p class="lead">${report.status === 'PLANNED' ? 'A dry run writes nothing that could be verified.' : 'The run ended before it was verified.'}</p></section>`;
  const { expected, found, missing, different, extra, changedSince = 0 } = verification;
  const { presentDifferent = 0, staleVariants = 0 } = verification;
  const isByKey = restored?.mode === 'EXISTING';
  return html`<section aria-labelledby="verification-heading">${title}
    <p class="lead">${verificationLead(report)}</p>
    ${facts([
      ['Expected', count(expected)],
      ['Found', count(found)],
      ['Missing', shouldBeZero(missing)],
      isByKey ? undefined : ['Different', shouldBeZero(different)],
      isByKey ? undefined : ['Extra', shouldBeZero(extra)],
      changedSince > 0 ? ['Changed since by others', count(changedSince)] : undefined,
      presentDifferent > 0
        ? ['Different, written by earlier runs or by others', count(presentDifferent)]
        : undefined,
      staleVariants > 0 ? [`No longer part of the ${report.nouns.item}`, count(staleVariants)] : undefined,
      samples('Missing keys', mismatches.missing),
      samples('Different keys', mismatches.different),
      samples('Extra keys', mismatches.extra),
      samples('Changed since', mismatches.changedSince),
      samples('Different, written by earlier runs or by others', mismatches.presentDifferent),
      samples(`No longer part of the ${report.nouns.item}`, mismatches.staleVariants),
      samples('Left, not as a migration wrote them', mismatches.keptChanged),
      samples('Left for too many attributes', mismatches.keptTooLarge),
      samples('Older than the source', mismatches.outdated),
      samples('No longer at the source', mismatches.removedAtSource),
    ])}</section>`;
}

/** What changed at the source during the run. */
export function driftSection({ verification, driftKeys = {}, source, nouns }: Report): Html | undefined {
  if (verification === null) return undefined;
  const { added, changed, removed } = verification.drift;
  const none = added + changed + removed === 0;
  const lead = none
    ? `Nothing changed in ${source.table} between its backup and its verification.`
    : `Changed in ${source.table} after its backup. A run does not follow such changes.`;
  return html`<section aria-labelledby="drift-heading">${heading('drift', 'Drift')}<p class="lead">${lead}</p>
    ${!none && facts([['Added', count(added)], ['Changed', count(changed)], ['Removed', count(removed)], samples(`Added ${nouns.items}`, driftKeys.added), samples(`Changed ${nouns.items}`, driftKeys.changed), samples(`Removed ${nouns.items}`, driftKeys.removed)])}</section>`;
}

/** Products that could not be transformed, each with its reason. */
export function quarantineSection(report: Report, place?: Place): Html | undefined {
  const { quarantine = [], quarantineUri, migrated, rehearsal, nouns } = report;
  const total = Math.max(migrated.quarantined, rehearsal?.quarantined ?? 0, quarantine.length);
  if (total === 0) return undefined;
  const rows = quarantine.map(
    ({ productId, code, sentence }) =>
      html`<tr><td class="long"><code>${productId}</code></td><td>${code}</td><td class="long">${sentence}</td></tr>`,
  );
  const more =
    quarantine.length > 0 && total > quarantine.length ? ` The first ${quarantine.length} are listed.` : '';
  return html`<section aria-labelledby="quarantine-heading">${heading('quarantine', 'Quarantine')}
    <p class="lead">${countedAs(nouns, total)} could not be transformed; the backup holds ${total === 1 ? 'it' : 'them'} unchanged.${more}
      ${quarantineUri !== undefined && html`Whole items: ${consoleLink(place, 'objects', { subject: quarantineUri })}`}</p>
    ${rows.length > 0 && html`<div class="scroll"><table>${tableHead([capitalized(nouns.item), 'Code', 'Reason'])}<tbody>${rows}</tbody></table></div>`}</section>`;
}

/** Every run stores all parameters of a migration. A restore can be started with these only. */
const RESTORE_PARAMETERS = new Set(['maxConcurrency', 'writeUnitsPerSecond']);

function askedFor(report: Report): readonly (readonly [string, unknown])[] {
  return Object.entries(report.parameters ?? {}).filter(
    ([name, value]) =>
      name !== 'note' && value !== undefined && (!isRestore(report) || RESTORE_PARAMETERS.has(name)),
  );
}

/** The source, as far as somebody has counted it: a run that never began has not, nor have most steps called alone. */
function sourceFact(report: Report): Fact | undefined {
  const { source, nouns, step } = report;
  if (isRestore(report)) return undefined;
  const isUncounted = neverBegan(report) || (step !== undefined && source.products === 0);
  if (isUncounted) return ['Source', source.table];
  return ['Source', `${source.table}, ${countedAs(nouns, source.products)}, ${bytes(source.bytes)}`];
}

function backupFact({ backup, step }: Report, place?: Place): Fact | undefined {
  if (backup === null)
    return step === undefined ? ['Backup', 'The run ended before its backup was complete.'] : undefined;
  const { uri, items, files } = backup;
  return [
    'Backup',
    html`${consoleLink(place, 'objects', { subject: uri })}<br>${counted(items, 'item')} in ${counted(files, 'file')}`,
  ];
}

/** What was read, and what was used. */
function usedFacts(report: Report, place?: Place): readonly (Fact | undefined)[] {
  const { consumed, throttles = 0 } = report;
  if (neverBegan(report)) return [sourceFact(report)];
  return [
    sourceFact(report),
    backupFact(report, place),
    [
      'Read and written',
      `${counted(consumed.readUnits, 'read unit')}, ${counted(consumed.writeUnits, 'write unit')}`,
    ],
    ['Throttled', counted(throttles, 'request')],
  ];
}

/** Where the backup is, what was requested, and what was used. */
export function runSection(report: Report, place?: Place): Html {
  const { parameters } = report;
  const attempts = attemptLines(report);
  const ofWork = attempts.length > 1 ? ' of work' : '';
  const controls = controlLines(report);
  const asked = askedFor(report);
  return html`<section aria-labelledby="run-heading">${heading('run', 'Run')}
    ${facts([
      parameters?.note === undefined ? undefined : ['Note', parameters.note],
      ...usedFacts(report, place),
      ['Started', `${moment(report.startedAt)} UTC`],
      ['Ended', `${moment(report.finishedAt)} UTC, after ${duration(report.durationSeconds)}${ofWork}`],
      place === undefined ? undefined : ['Where', placeText(place)],
      attempts.length === 0 ? undefined : ['Attempts', attempts.map((line) => html`${line}<br>`)],
      controls.length === 0 ? undefined : ['Operator', controls.map((line) => html`${line}<br>`)],
      asked.length === 0
        ? undefined
        : [
            'Input',
            html`<code>${asked.map(([name, value]) => `${name}: ${String(value)}`).join(', ')}</code>`,
          ],
      report.executionArn === undefined
        ? undefined
        : ['Execution', consoleLink(place, 'execution', { subject: report.executionArn })],
    ])}</section>`;
}
