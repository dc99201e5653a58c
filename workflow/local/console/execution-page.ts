import { type Html, html } from '../../../functions/shared/runs/page/html.ts';
import { facts } from '../../../functions/shared/runs/page/sections.ts';
import { RUN_LAYOUT } from '../../../functions/shared/files/layout.ts';
import { arnOf } from '../account.ts';
import { AwsError } from '../gateway/aws-answers.ts';
import type { AwsResponse } from '../gateway/aws-request.ts';
import type { Execution } from '../states/executions.ts';
import { htmlAnswer } from './answers.ts';
import type { ConsoleData } from './data.ts';
import { eventsSection } from './events-section.ts';
import { graphSection } from './graph-section.ts';
import { LINKS } from './links.ts';
import { consolePage, part, timeText } from './page.ts';
import { inLines, jsonBlock } from './pre.ts';
import { CONSOLE, type PageRequest } from './requests.ts';
import { sidePanel } from './side-panel.ts';
import { durationOf, statusPill } from './status-pill.ts';

const REFRESH_MILLIS = 700;

/** One execution: details, graph, input and output, events. */
export async function executionPage(data: ConsoleData, { path, query }: PageRequest): Promise<AwsResponse> {
  const [machineName = '', name = ''] = path;
  const arn = arnOf('states', `execution:${machineName}:${name}`);
  const execution = data.executions().find((one) => one.arn === arn);
  if (execution === undefined)
    throw new AwsError(
      404,
      'ExecutionDoesNotExist',
      `There is no execution ${name} of ${machineName}. The embedded AWS keeps executions until it stops.`,
    );
  const report = await findReport(data, execution);
  const { status, machine } = execution;
  const crumbs = [
    ['Executions', LINKS.executions],
    [machine.key, `${CONSOLE}?machine=${machine.key}`],
    [execution.name],
  ] as const;
  const refreshMillis = status === 'RUNNING' ? REFRESH_MILLIS : undefined;
  return htmlAnswer(
    consolePage(
      { title: execution.name, service: 'Step Functions', crumbs, refreshMillis },
      html`${part('title', title(execution, report))}
      ${part('details', detailsSection(execution))}
      <div class="split">${part('graph', graphSection(execution, query))}<div class="side">${part('side', sidePanel(execution, query))}</div></div>
      ${part('data', dataSection(execution))}
      ${part('events', eventsSection(execution, query))}`,
    ),
  );
}

/**
 * The page of the run that an execution is named for, or has gone on with. An execution that goes on has none of the
 * latter yet: what is there tells of an earlier end.
 */
async function findReport(data: ConsoleData, execution: Execution): Promise<string | undefined> {
  const { name, status, input, output } = execution;
  const { resume, runId } = fieldsOf(input);
  const others = status === 'RUNNING' ? [] : [fieldsOf(output)['runId'], resume, runId];
  for (const id of [name, ...others]) {
    const key = typeof id === 'string' ? RUN_LAYOUT.page(id) : undefined;
    if (key !== undefined && (await data.object(key)) !== undefined) return LINKS.raw(key);
  }
  return undefined;
}

/** Of a JSON object; none of anything else. */
function fieldsOf(json = '{}'): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(json);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function title({ name, status, arn, machine }: Execution, report: string | undefined): Html {
  const stop = html`<form method="post" action="${CONSOLE}stop"><input type="hidden" name="executionArn" value="${arn}"><button class="button">Stop execution</button></form>`;
  return html`<div class="title"><h1>${name}</h1>${statusPill(status)}<div class="actions">
    ${report !== undefined && html`<a class="button" href="${report}">Report</a>`}
    ${status === 'RUNNING' && stop}<a class="button" href="${LINKS.start(machine.key, arn)}">New execution</a></div></div>`;
}

function detailsSection(execution: Execution): Html {
  const { arn, machine, startedAt, stoppedAt, error, cause, history } = execution;
  return html`<section aria-labelledby="details-heading"><h2 id="details-heading">Details</h2>
    ${facts([
      ['Execution ARN', html`<code>${arn}</code>`],
      ['State machine', machine.name],
      ['Start time', `${timeText(startedAt)} UTC`],
      ['End time', stoppedAt === undefined ? '–' : `${timeText(stoppedAt)} UTC`],
      ['Duration', durationOf(execution)],
      ['Events', String(history.events.length)],
      error === undefined ? undefined : ['Error', html`<code class="warn">${error}</code>`],
      // What to do now has a line for each command.
      cause === undefined ? undefined : ['Cause', html`<span class="lines">${inLines(cause)}</span>`],
    ])}</section>`;
}

function dataSection({ input, output }: Execution): Html {
  return html`<section aria-labelledby="data-heading"><h2 id="data-heading">Execution input and output</h2>
    <div class="pair"><div><h3>Input</h3>${jsonBlock(input)}</div><div><h3>Output</h3>${jsonBlock(output)}</div></div></section>`;
}
