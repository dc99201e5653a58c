import { counted } from '../../../functions/shared/counted.ts';
import { type Html, html } from '../../../functions/shared/runs/page/html.ts';
import { tableHead } from '../../../functions/shared/runs/page/sections.ts';
import type { AwsResponse } from '../gateway/aws-request.ts';
import type { StateMachineSpec } from '../deploy/read-deployment.ts';
import type { Execution } from '../states/executions.ts';
import { htmlAnswer } from './answers.ts';
import type { ConsoleData } from './data.ts';
import { LINKS } from './links.ts';
import { consolePage, part, timeText } from './page.ts';
import { paged } from './pages-nav.ts';
import { durationOf, statusPill } from './status-pill.ts';

const EXECUTIONS_PER_PAGE = 50;
const REFRESH_MILLIS = 1_000;

/** Every state machine, and the executions of all of them or of one. */
export function executionsPage(data: ConsoleData, query: URLSearchParams): AwsResponse {
  const { stateMachines } = data.deployment;
  const all = data.executions();
  const asked = stateMachines.find(({ key }) => key === query.get('machine'));
  const shown = all.filter(({ machine }) => asked === undefined || machine.arn === asked.arn);
  const crumbs =
    asked === undefined
      ? ([['Step Functions'], ['Executions']] as const)
      : ([['Step Functions', LINKS.executions], ['Executions', LINKS.executions], [asked.name]] as const);
  const head = {
    title: 'Executions',
    service: 'Step Functions',
    crumbs,
    refreshMillis: REFRESH_MILLIS,
  } as const;
  return htmlAnswer(
    consolePage(
      head,
      html`<div class="title"><h1>State machines</h1></div>
      ${part('machines', html`<div class="machines">${stateMachines.map((machine) => machineCard(machine, all))}</div>`)}
      ${part('executions', executionsSection(shown, asked, query))}`,
    ),
  );
}

function machineCard(machine: StateMachineSpec, executions: readonly Execution[]): Html {
  const { Comment } = JSON.parse(machine.definition) as { readonly Comment?: string };
  const own = executions.filter((execution) => execution.machine.arn === machine.arn);
  const running = own.filter(({ status }) => status === 'RUNNING').length;
  return html`<div><h2>${machine.key}</h2><p>${firstSentence(Comment)}</p>
    <p class="count"><a href="?machine=${machine.key}">${counted(own.length, 'execution')}</a>, ${running} running</p>
    <a class="button primary" href="${LINKS.start(machine.key)}" aria-label="Start execution of ${machine.key}">Start execution</a></div>`;
}

/** The rest of it is on the page that starts one. */
const firstSentence = (text = ''): string => /^.*?\.(?= |$)/s.exec(text)?.[0] ?? text;

function executionsSection(
  executions: readonly Execution[],
  machine: StateMachineSpec | undefined,
  query: URLSearchParams,
): Html {
  const { shown, nav } = paged(executions, query, {
    perPage: EXECUTIONS_PER_PAGE,
    anchor: 'executions-heading',
  });
  const none = 'None yet. Press Start execution: the input {} is enough for most state machines.';
  return html`<section aria-labelledby="executions-heading">
    <div class="head"><h2 id="executions-heading">Executions${machine !== undefined && html` of ${machine.key}`}</h2>${machine !== undefined && html`<a href="${LINKS.executions}">of all state machines</a>`}</div>
    <p class="lead">${executions.length === 0 ? none : 'Newest first. Times are in UTC.'}</p>
    ${executions.length > 0 && html`<div class="scroll"><table class="tabular">${tableHead(['Name', 'Status', 'State machine', 'Start time', 'End time', '#Duration'])}<tbody>${shown.map(row)}</tbody></table></div>${nav}`}
  </section>`;
}

function row(execution: Execution): Html {
  const { name, machine, status, startedAt, stoppedAt } = execution;
  return html`<tr><td class="long"><a href="${LINKS.execution(execution)}">${name}</a></td><td>${statusPill(status)}</td><td>${machine.key}</td>
    <td>${timeText(startedAt)}</td><td>${timeText(stoppedAt)}</td><td class="number">${durationOf(execution)}</td></tr>`;
}
