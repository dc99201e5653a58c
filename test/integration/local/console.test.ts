import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { ListExecutionsCommand, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { contrastRatios, hasChromium, launchChromium } from '../../support/chromium.ts';
import { endOfExecution, startTinyAws, testClients, type TestClients } from '../../support/embedded.ts';

const EVIL = '<script>document.title = "evil"</script>';
const HTML = { accept: 'text/html' };

let aws: EmbeddedAws;
let clients: TestClients;

beforeAll(async () => {
  aws = await startTinyAws();
  clients = testClients(aws);
});

afterAll(async () => {
  clients.destroy();
  await aws.stop();
});

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answered {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** `fetch` forbids some of these headers. */
function ask(path: string, { method = 'GET', headers = HTML, body = '' }: Asked = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, aws.endpoint), { method, headers }, (response) => {
      void text(response).then((read) =>
        resolve({ status: response.statusCode, headers: response.headers, body: read }),
      );
    });
    sent.on('error', reject).end(body);
  });
}

const form = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();

function post(path: string, fields: Readonly<Record<string, string>>, origin?: string): Promise<Answered> {
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    ...(origin === undefined ? {} : { origin }),
  };
  return ask(path, { method: 'POST', headers, body: form(fields) });
}

async function executionNames(): Promise<readonly (string | undefined)[]> {
  const stateMachineArn = aws.stateMachines['every-state'] ?? '';
  const { executions = [] } = await clients.sfn.send(new ListExecutionsCommand({ stateMachineArn }));
  return executions.map(({ name }) => name);
}

const machineName = (): string => (aws.stateMachines['every-state'] ?? '').split(':').at(-1) ?? '';
const executionPath = (name: string): string => `/_console/executions/${machineName()}/${name}`;

async function begin(name: string, input: object): Promise<string> {
  const start = {
    stateMachineArn: aws.stateMachines['every-state'] ?? '',
    name,
    input: JSON.stringify(input),
  };
  const { executionArn = '' } = await clients.sfn.send(new StartExecutionCommand(start));
  return executionArn;
}

async function run(name: string, input: object): Promise<void> {
  await endOfExecution(clients.sfn, await begin(name, input));
}

describe('the root of the endpoint', () => {
  it('leads a browser to the console, and lists the buckets to everybody else', async () => {
    expect(await ask('/')).toMatchObject({ status: 303, headers: { location: '/_console/' } });
    expect((await ask('/', { headers: {} })).body).toContain('ListAllMyBucketsResult');
    const { Buckets = [] } = await clients.s3.send(new ListBucketsCommand({}));
    expect(Buckets.map(({ Name }) => Name)).toEqual([aws.bucket]);
  });

  it('has no page for another name that leads to this machine', async () => {
    for (const path of ['/', '/_console/']) {
      const answer = await ask(path, { headers: { ...HTML, host: 'rebound.example.com:4566' } });
      expect(answer.status).toBe(403);
    }
  });
});

describe('every page', () => {
  it('says without JavaScript that it stays as it is, where it would change', async () => {
    await run('scriptless', { shards: [] });
    expect((await ask('/_console/')).body).toContain('<noscript>');
    expect((await ask(executionPath('scriptless'))).body).not.toContain('<noscript>');
  });

  it('says in which zone its times are', async () => {
    await run('timed', { shards: [] });
    await clients.s3.send(new PutObjectCommand({ Bucket: aws.bucket, Key: 'timed/x', Body: 'x' }));
    for (const path of ['/_console/', '/_console/objects?prefix=timed%2F'])
      expect((await ask(path)).body).toContain('Times are in UTC.');
  });

  it('leaves no heading out, and lets a reader of the graph come to its states', async () => {
    await run('headed', { shards: [] });
    for (const path of ['/_console/', executionPath('headed'), '/_console/start', '/_console/tables']) {
      const levels = [...(await ask(path)).body.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
      const skips = levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1);
      expect(skips, `in ${path}`).toEqual([]);
    }
    // What is inside of an image is hidden from a screen reader.
    expect((await ask(executionPath('headed'))).body).toContain('<svg class="graph" role="group"');
  });
});

describe('the button Report', () => {
  it('leads to the page of the run that an execution has gone on with, once it has ended', async () => {
    const page = { Bucket: aws.bucket, Key: 'runs/earlier/report.html', Body: '<p>' };
    await clients.s3.send(new PutObjectCommand(page));
    const link = 'href="/_console/raw/runs/earlier/report.html"';
    await run('resumes', { shards: [], resume: 'earlier' });
    expect((await ask(executionPath('resumes'))).body).toContain(link);
    const executionArn = await begin('resuming', { shards: [], resume: 'earlier', waitSeconds: 60 });
    expect((await ask(executionPath('resuming'))).body).not.toContain(link);
    await clients.sfn.send(new StopExecutionCommand({ executionArn }));
    await run('rolls-back', { shards: [], runId: 'earlier' });
    expect((await ask(executionPath('rolls-back'))).body).toContain(link);
    await run('plain', { shards: [] });
    expect((await ask(executionPath('plain'))).body).not.toContain('>Report<');
  });
});

describe('Start execution', () => {
  it('starts one with the input that was typed, and shows it', async () => {
    const fields = { machine: 'every-state', name: 'typed', input: '{"shards": []}' };
    const answer = await post('/_console/start', fields, aws.endpoint);
    expect(answer).toMatchObject({ status: 303, headers: { location: executionPath('typed') } });
    const page = await ask(executionPath('typed'));
    expect(page.body).toContain('Graph view');
    expect(page.body).toContain('&quot;shards&quot;: []');
  });

  it.each([
    [
      'that is not JSON',
      { machine: 'every-state', name: 'broken', input: '{"shards": ' },
      'The input is not JSON',
    ],
    [
      'of a machine that does not exist',
      { machine: 'none', name: 'broken', input: '{}' },
      'There are: every-state',
    ],
    [
      'with a name that Step Functions refuses',
      { machine: 'every-state', name: 'a b', input: '{}' },
      'Invalid Name',
    ],
  ])('refuses an input %s, and keeps what was typed', async (_, fields, sentence) => {
    const answer = await post('/_console/start', fields, aws.endpoint);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain(sentence);
    expect(answer.body).toContain(`value="${fields.name}"`);
  });

  it.each(['https://shop.example.com', 'http://127.0.0.1:1', 'http://localhost:4566', 'null', undefined])(
    'starts and stops nothing for a page of %s',
    async (origin) => {
      const fields = { machine: 'every-state', name: 'foreign', input: '{"shards": []}' };
      for (const path of ['/_console/start', '/_console/stop'])
        expect((await post(path, fields, origin)).status).toBe(403);
      expect(await executionNames()).not.toContain('foreign');
    },
  );

  it('starts nothing for a link', async () => {
    const link = `/_console/start?${form({ machine: 'every-state', name: 'linked', input: '{}' })}`;
    expect((await ask(link)).body).toContain('<form method="post"');
    expect(await executionNames()).not.toContain('linked');
  });

  it('does not log its own looks among the requests of clients', async () => {
    const before = aws.requestLog.entries.length;
    for (const path of ['', 'tables', 'objects']) expect((await ask(`/_console/${path}`)).status).toBe(200);
    expect(aws.requestLog.entries).toHaveLength(before);
  });
});

describe('more executions than fit a page', () => {
  it('are all found, page by page, with those of one machine as well', async () => {
    await Promise.all(Array.from({ length: 55 }, (_, index) => run(`many-${index}`, { shards: [] })));
    const names = async (path: string): Promise<readonly string[]> =>
      [...(await ask(path)).body.matchAll(/>(many-\d+)</g)].map(([, name = '']) => name);
    const pages = await Promise.all(['', '?page=2'].map((query) => names(`/_console/${query}`)));
    expect(pages.map((page) => page.length > 0)).toEqual([true, true]);
    expect(new Set(pages.flat()).size).toBe(55);
    expect((await ask('/_console/?machine=every-state&page=2')).body).toContain(
      'machine=every-state&amp;page=1#executions-heading',
    );
    expect((await ask('/_console/?page=999')).body).toContain('Page 2 of 2');
  });
});

describe('the Cause of an execution', () => {
  it('has its commands in lines of their own, as it has them', async () => {
    const { executionArn } = await clients.sfn.send(
      new StartExecutionCommand({
        stateMachineArn: aws.stateMachines['every-state'] ?? '',
        name: 'stopped',
        input: '{"shards": [], "waitSeconds": 60}',
      }),
    );
    const cause = 'It failed.\nTo go on:\nnpm run migrate -- --stage local';
    await clients.sfn.send(new StopExecutionCommand({ executionArn, error: 'Stopped', cause }));
    expect((await ask(executionPath('stopped'))).body).toContain(`<span class="lines">${cause}</span>`);
  });
});

describe('what others have written', () => {
  it('is text on every page', async () => {
    await run('hostile', { shards: [], note: EVIL });
    await clients.s3.send(new PutObjectCommand({ Bucket: aws.bucket, Key: `x/${EVIL}.html`, Body: EVIL }));
    const item = { PK: { S: EVIL }, SK: { S: EVIL }, [EVIL]: { S: EVIL } };
    await clients.dynamodb.send(new PutItemCommand({ TableName: aws.ledgerTable, Item: item }));
    const key = encodeURIComponent(`x/${EVIL}.html`);
    const pages = [
      executionPath('hostile'),
      `/_console/tables/${aws.ledgerTable}`,
      '/_console/objects?prefix=x%2F',
      `/_console/object?key=${key}`,
    ];
    for (const path of pages) {
      const { body, status } = await ask(path);
      expect(status).toBe(200);
      expect(body).toContain('&lt;script&gt;');
      expect(body).not.toContain('<script>');
    }
    const { headers, body } = await ask(`/_console/raw/x/${encodeURIComponent(`${EVIL}.html`)}`);
    expect(body).toBe(EVIL);
    expect(headers['content-security-policy']).toMatch(/^sandbox; default-src 'none'/);
  });

  it.each(['/_console/%', '/_console/executions/%E0%A4%A', '/_console/tables/x?after={', '/_console/../x'])(
    'is answered at the address %s, which leads nowhere',
    async (path) => {
      expect((await ask(path)).status).toBeGreaterThanOrEqual(400);
    },
  );

  it('is named where it does not exist', async () => {
    for (const path of [executionPath('none'), '/_console/tables/none', '/_console/object?key=none']) {
      const { body, status } = await ask(path);
      expect(status).toBe(404);
      expect(body).toContain('none');
    }
  });
});

// Where there is no Chromium these are skipped. What is served is tested without one.
describe.skipIf(!hasChromium)('the console in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  async function open(path: string): Promise<{ page: Page; problems: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } });
    const problems: string[] = [];
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (sent) => {
      if (!sent.url().startsWith(aws.endpoint) && !sent.url().startsWith('data:')) problems.push(sent.url());
    });
    await page.goto(`${aws.endpoint}${path}`);
    return { page, problems };
  }

  const status = (page: Page, state: string): Promise<string | null> =>
    page.locator(`[data-state="${state}"]`).getAttribute('data-status');

  it('starts an execution, colours its states while it runs, and stops it', async () => {
    const { page, problems } = await open('/');
    await page.getByRole('link', { name: 'Start execution of every-state' }).click();
    await page.fill('#input', '{"shards"');
    expect(await page.locator('#input-problem').innerText()).toContain('not JSON');
    await page.fill('#input', '{"shards": [], "waitSeconds": 60}');
    await page.getByRole('button', { name: 'Start execution' }).click();
    await page.locator('[data-state="Pause"].running').waitFor();
    expect(await status(page, 'Which')).toBe('Succeeded');
    expect(await status(page, 'Both')).toBe('Not started');
    await page.getByRole('button', { name: 'Stop execution' }).click();
    await page.locator('[data-state="Pause"].aborted').waitFor();
    expect(await page.locator('.title .pill').innerText()).toBe('Aborted');
    expect(problems).toEqual([]);
    await page.close();
  });

  it('follows an execution to its end without being asked, and shows the input of a state', async () => {
    const { page, problems } = await open('/_console/start?machine=every-state');
    await page.fill('#input', '{"shards": [{"kind": "ok"}, {"kind": "throw"}], "waitSeconds": 1}');
    await page.getByRole('button', { name: 'Start execution' }).click();
    await page.locator('.title .pill.bad').waitFor();
    expect(await status(page, 'Shards')).toBe('Caught error');
    expect(await status(page, 'Failed')).toBe('Failed');
    await page.locator('[data-state="Shards"] .name').first().click();
    const panel = page.locator('.side');
    await panel.getByText('"waitSeconds": 1').first().waitFor();
    expect(await panel.innerText()).toContain('Map');
    await page.getByRole('link', { name: 'ExecutionStarted' }).click();
    expect(await panel.innerText()).toContain('Event 1');
    expect(problems).toEqual([]);
    await page.close();
  });

  /** Until the page has looked again so often. */
  async function looks(page: Page, count: number): Promise<void> {
    const isLook = (sent: { url(): string; resourceType(): string }): boolean =>
      sent.resourceType() === 'fetch' && sent.url().startsWith(aws.endpoint);
    for (let seen = 0; seen < count; seen += 1)
      await page.waitForResponse((answer) => isLook(answer.request()));
  }

  it('takes nothing away that somebody reads: selected text, a scrolled table, the focus of the graph', async () => {
    const executionArn = await begin('read', { shards: [], waitSeconds: 60 });
    const { page, problems } = await open(executionPath('read'));
    await page.locator('[data-state="Pause"].running').waitFor();
    await page.locator('.facts code').first().click({ clickCount: 3 });
    const selected = await page.evaluate<string>('getSelection().toString().trim()');
    expect(selected).toContain(executionArn);
    await looks(page, 3);
    expect(await page.evaluate('getSelection().toString().trim()')).toBe(selected);

    await page.locator('.graph-box').focus();
    await page.setViewportSize({ width: 360, height: 800 });
    await page.evaluate('document.querySelector(\'[data-part="events"] .scroll\').scrollLeft = 20');
    await page.evaluate('getSelection().removeAllRanges()');
    await clients.sfn.send(new StopExecutionCommand({ executionArn }));
    await page.locator('[data-state="Pause"].aborted').waitFor();
    expect(await page.evaluate('document.activeElement.className')).toContain('graph-box');
    const events = page.locator('[data-part="events"]');
    await events.getByText('ExecutionAborted').waitFor();
    expect(await page.evaluate('document.querySelector(\'[data-part="events"] .scroll\').scrollLeft')).toBe(
      20,
    );
    expect(problems).toEqual([]);
    await page.close();
  });

  it('shows the end of an execution in a part that somebody had selected, once it is not any more', async () => {
    const executionArn = await begin('kept', { shards: [], waitSeconds: 60 });
    const { page } = await open(executionPath('kept'));
    await page.locator('.facts code').first().click({ clickCount: 3 });
    await clients.sfn.send(new StopExecutionCommand({ executionArn }));
    await page.locator('.title .pill.idle').waitFor();
    await looks(page, 2);
    await page.evaluate('getSelection().removeAllRanges()');
    const times = page.locator('.facts dd').filter({ hasText: 'UTC' });
    await times.nth(1).waitFor();
    expect(await times.count()).toBe(2);
    await page.close();
  });

  it('fits a phone, a tablet and a desk, every page of it', async () => {
    await run('seen', { shards: [] });
    const { page, problems } = await open('/');
    for (const path of [
      '/',
      executionPath('seen'),
      '/_console/tables',
      '/_console/objects',
      '/_console/start',
    ]) {
      await page.goto(`${aws.endpoint}${path}`);
      for (const width of [390, 800, 1_280]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await page.evaluate('document.documentElement.scrollWidth'), `${path} at ${width}`).toBe(
          width,
        );
        const lines = await page.evaluate<number[]>(
          "[...document.querySelectorAll('td a')].map((link) => link.getClientRects().length)",
        );
        expect(Math.max(0, ...lines), `lines of a name, ${path} at ${width}`).toBeLessThanOrEqual(4);
      }
    }
    expect(problems).toEqual([]);
    await page.close();
  });

  it('shows first what has failed in the graph of a failed execution', async () => {
    await run('failed-below', { fail: true });
    const { page } = await open('/');
    await page.setViewportSize({ width: 420, height: 260 });
    await page.goto(`${aws.endpoint}${executionPath('failed-below')}`);
    const isInside = await page.evaluate<boolean>(`(() => {
      const [box, state] = ['.graph-box', '[data-status="Failed"] rect'].map((one) => document.querySelector(one).getBoundingClientRect());
      return state.top >= box.top && state.bottom <= box.bottom && state.left >= box.left && state.right <= box.right;
    })()`);
    expect(isInside).toBe(true);
    await page.close();
  });

  it('shows the whole keys of an item', async () => {
    const long = 'k'.repeat(200);
    await clients.dynamodb.send(
      new PutItemCommand({ TableName: aws.ledgerTable, Item: { PK: { S: `A#${long}` }, SK: { S: long } } }),
    );
    const { page } = await open(`/_console/tables/${aws.ledgerTable}`);
    const cut = await page.evaluate<number>(
      "[...document.querySelectorAll('td')].filter((cell) => cell.textContent.includes('kkk') && cell.scrollWidth > cell.clientWidth).length",
    );
    expect(await page.locator('td.long', { hasText: long }).count()).toBe(2);
    expect(cut).toBe(0);
    await page.close();
  });

  it('keeps the status of an execution and the time of an object in sight behind the longest names', async () => {
    await run('n'.repeat(80), { shards: [] });
    const object = { Bucket: aws.bucket, Key: `long/${'k'.repeat(250)}`, Body: 'x' };
    await clients.s3.send(new PutObjectCommand(object));
    const { page } = await open('/');
    for (const [path, cell] of [
      ['/', 'td .pill'],
      ['/_console/objects?prefix=long%2F', 'td.number'],
    ] as const) {
      await page.goto(`${aws.endpoint}${path}`);
      const [right, edge] = await page.evaluate<[number, number]>(
        `['${cell}', '.scroll'].map((one) => document.querySelector(one).getBoundingClientRect().right)`,
      );
      expect(right, `in ${path}`).toBeLessThanOrEqual(edge);
    }
    await page.close();
  });

  it('has enough contrast for its text, light and dark', async () => {
    await run('failed', { fail: true });
    const { page } = await open('/');
    for (const path of ['/', executionPath('failed')]) {
      await page.goto(`${aws.endpoint}${path}`);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(Math.min(...(await page.evaluate<number[]>(contrastRatios)))).toBeGreaterThan(4.5);
      }
    }
    await page.close();
  });
});
