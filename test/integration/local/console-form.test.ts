import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { startTinyAws } from '../../support/embedded.ts';

let aws: EmbeddedAws;

beforeAll(async () => {
  aws = await startTinyAws();
});

afterAll(() => aws.stop());

/** As a browser sends a form. */
function post(fields: Readonly<Record<string, string>>): Promise<Response> {
  const headers = { origin: aws.endpoint };
  const body = new URLSearchParams(fields);
  return fetch(`${aws.endpoint}/_console/start`, { method: 'POST', redirect: 'manual', headers, body });
}

/** What the text field of the form holds. */
async function fieldOf(answer: Response): Promise<string> {
  const text = /<textarea[^>]*>(.*)<\/textarea>/s.exec(await answer.text())?.[1] ?? '';
  return text.replaceAll('&quot;', '"');
}

// A browser sends the end of each line as two characters.
const LINES = '{\r\n\t"shards": [],\r\n\t"note": "a\\tb"\r\n}';

it('the form that starts an execution keeps the lines of an input that it refuses', async () => {
  const answer = await post({ machine: 'every-state', name: 'refused', input: LINES.slice(0, -1) });
  expect(answer.status).toBe(400);
  expect(await fieldOf(answer)).toBe('{\n  "shards": [],\n  "note": "a\\tb"');
});

it('the form holds the input of an earlier execution, ready to be started again', async () => {
  const started = await post({ machine: 'every-state', name: 'lines', input: LINES });
  expect(started.status).toBe(303);
  const from = `${aws.stateMachines['every-state']?.replace(':stateMachine:', ':execution:') ?? ''}:lines`;
  const form = await fetch(`${aws.endpoint}/_console/start?${new URLSearchParams({ from }).toString()}`);
  expect(JSON.parse(await fieldOf(form))).toEqual({ shards: [], note: 'a\tb' });
});
