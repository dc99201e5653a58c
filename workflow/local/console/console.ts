import { STAGE } from '../account.ts';
import type { Deployment } from '../deploy/read-deployment.ts';
import { AwsError } from '../gateway/aws-answers.ts';
import type { AwsResponse, RawRequest, Service } from '../gateway/aws-request.ts';
import type { States } from '../states/states-service.ts';
import { htmlAnswer, notFound, redirect } from './answers.ts';
import { consoleData } from './data.ts';
import { executionPage } from './execution-page.ts';
import { executionsPage } from './executions-page.ts';
import { liveScript } from './live-script.ts';
import { objectPage, objectsPage, rawObject } from './objects-page.ts';
import { problemPage } from './page.ts';
import { CONSOLE, isForConsole, isFromConsole, type PageRequest } from './requests.ts';
import { startExecution, startPage, stopExecution } from './start-page.ts';
import { tablePage, tablesPage } from './tables-page.ts';

/** What the console shows. */
export interface ConsoleParts {
  readonly deployment: Deployment;
  readonly states: States;
  readonly dynamodb: Service;
  readonly s3: Service;
}

/** Pages for a browser at the endpoint. `undefined` for every request that is not the console's: it is a client's. */
export type Console = (raw: RawRequest) => Promise<AwsResponse | undefined>;

type Page = (request: PageRequest) => AwsResponse | Promise<AwsResponse>;

/** The console of an embedded AWS: executions, tables and objects, in the words of AWS's own console. */
export function createConsole({ deployment, ...parts }: ConsoleParts): Console {
  const data = consoleData({ ...parts, deployment });
  const pages: Readonly<Record<string, Page>> = {
    'GET ': ({ query }) => executionsPage(data, query),
    'GET executions': (request) => executionPage(data, request),
    'GET start': ({ query }) => startPage(data, query),
    'POST start': ({ form }) => startExecution(data, form),
    'POST stop': ({ form }) => stopExecution(data, form),
    'GET tables': (request) => (request.path.length === 0 ? tablesPage(data) : tablePage(data, request)),
    'GET objects': ({ query }) => objectsPage(data, query),
    'GET object': ({ query }) => objectPage(data, query),
    'GET raw': ({ path }) => rawObject(data, path.join('/')),
    'GET live.js': () => liveScript(),
  };
  return async (raw) => (isForConsole(raw) ? answered(() => serve(raw)) : undefined);

  function serve(raw: RawRequest): AwsResponse | Promise<AwsResponse> {
    const { pathname, searchParams: query } = new URL(raw.url, 'http://console');
    if (pathname === '/') return redirect(CONSOLE);
    if (raw.method !== 'GET' && !isFromConsole(raw)) return refusal();
    const [name = '', ...path] = pathname.slice(CONSOLE.length).split('/').map(decodeURIComponent);
    const page = pages[`${raw.method} ${name}`];
    const form = new URLSearchParams(raw.method === 'POST' ? raw.body.toString() : '');
    return page === undefined ? notFound() : page({ path, query, form });
  }
}

/** A page that cannot be made says why. */
async function answered(page: () => AwsResponse | Promise<AwsResponse>): Promise<AwsResponse> {
  try {
    return await page();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return htmlAnswer(problemPage(message), error instanceof AwsError ? error.status : 500);
  }
}

function refusal(): AwsResponse {
  const message = `Only a page of this console may start or stop an execution of the stage ${STAGE}.`;
  return htmlAnswer(problemPage(message), 403);
}
