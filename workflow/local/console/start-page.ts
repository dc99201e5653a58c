import { html, Html } from '../../../functions/shared/runs/page/html.ts';
import type { StateMachineSpec } from '../deploy/read-deployment.ts';
import { AwsError } from '../gateway/aws-answers.ts';
import type { AwsResponse } from '../gateway/aws-request.ts';
import { htmlAnswer, redirect } from './answers.ts';
import type { ConsoleData } from './data.ts';
import { LINKS } from './links.ts';
import { consolePage } from './page.ts';
import { inLines } from './pre.ts';
import { CONSOLE } from './requests.ts';

/** What stands in the form. */
interface Entered {
  readonly machine: string;
  readonly name: string;
  readonly input: string;
}

/** The form that starts an execution; with `from`, an execution's ARN, it holds that execution's input. */
export function startPage(data: ConsoleData, query: URLSearchParams): AwsResponse {
  const from = data.executions().find(({ arn }) => arn === query.get('from'));
  const machine = query.get('machine') ?? '';
  return htmlAnswer(formPage(data, { machine, name: '', input: from?.input ?? '{}' }));
}

/** Starts what the form says; where that cannot be, the form comes back with the reason. */
export async function startExecution(data: ConsoleData, form: URLSearchParams): Promise<AwsResponse> {
  const field = (name: string): string => form.get(name)?.trim() ?? '';
  const entered = { machine: field('machine'), name: field('name'), input: field('input') };
  try {
    const { arn } = machineOf(data, entered.machine);
    const input = checkedInput(entered.input);
    const executionArn = await data.startExecution({
      stateMachineArn: arn,
      input,
      ...(entered.name === '' ? {} : { name: entered.name }),
    });
    const started = data.executions().find((execution) => execution.arn === executionArn);
    return redirect(started === undefined ? LINKS.executions : LINKS.execution(started));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return htmlAnswer(formPage(data, entered, error.message), 400);
  }
}

export async function stopExecution(data: ConsoleData, form: URLSearchParams): Promise<AwsResponse> {
  const arn = form.get('executionArn') ?? '';
  await data.stopExecution(arn);
  const stopped = data.executions().find((execution) => execution.arn === arn);
  return redirect(stopped === undefined ? LINKS.executions : LINKS.execution(stopped));
}

function machineOf({ deployment }: ConsoleData, key: string): StateMachineSpec {
  const found = deployment.stateMachines.find((machine) => machine.key === key);
  if (found !== undefined) return found;
  const names = deployment.stateMachines.map((machine) => machine.key).join(', ');
  throw new AwsError(
    400,
    'StateMachineDoesNotExist',
    `There is no state machine "${key}". There are: ${names}.`,
  );
}

/** @throws AwsError that says where the JSON breaks */
function checkedInput(input: string): string {
  if (input === '') return '{}';
  try {
    JSON.parse(input);
    return input;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AwsError(400, 'InvalidExecutionInput', `The input is not JSON: ${reason}.`);
  }
}

/**
 * JSON for a text field, with the space between its values as it was typed. A browser sends every line feed as two
 * characters, and inside a JSON text neither a carriage return nor a tab stands as itself.
 */
const typed = (input: string): string => input.replaceAll(/\r\n?/g, '\n').replaceAll('\t', '  ');

function formPage({ deployment }: ConsoleData, { machine, name, input }: Entered, problem?: string): Html {
  const machines = deployment.stateMachines.map(({ key, definition }) => {
    const { Comment: comment = '' } = JSON.parse(definition) as { readonly Comment?: string };
    return { key, comment };
  });
  const chosen = machines.find(({ key }) => key === machine) ?? machines[0];
  const options = machines.map(
    ({ key, comment }) =>
      html`<option data-comment="${comment}"${new Html(key === machine ? ' selected' : '')}>${key}</option>`,
  );
  const crumbs = [['Executions', LINKS.executions], ['Start execution']] as const;
  return consolePage(
    { title: 'Start execution', service: 'Step Functions', crumbs },
    html`<section class="form"><h1>Start execution</h1>
    <form method="post" action="${CONSOLE}start">
      <label for="machine">State machine</label><select id="machine" name="machine" aria-describedby="machine-comment">${options}</select>
      <p class="hint" id="machine-comment">${chosen?.comment}</p>
      <label for="name">Name <small>optional. It becomes the id of the run</small></label>
      <input id="name" name="name" maxlength="80" pattern="[A-Za-z0-9_\\-]{1,80}" title="Letters, digits, - and _" autocomplete="off" spellcheck="false" value="${name}">
      <label for="input">Input <small>JSON</small></label>
      <textarea id="input" name="input" data-json spellcheck="false" aria-describedby="input-problem">${inLines(typed(input))}</textarea>
      <p class="error" id="input-problem" role="alert">${problem}</p>
      <button class="button primary">Start execution</button>
    </form></section>`,
  );
}
