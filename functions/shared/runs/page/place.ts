import { partitionOf } from '../../partition.ts';
import { EMBEDDED_STAGE } from '../../stage-words.cjs';
import { type Content, type Html, html } from './html.ts';

/** Where a run was. */
export interface Place {
  readonly stage: string;
  readonly region: string;
  readonly accountId: string;
  /** Whether the AWS console knows it. */
  readonly isOnAws: boolean;
  /** Origin of the embedded AWS's own console; empty on a page that is read there. Absent: nothing answers there. */
  readonly localConsole?: string | undefined;
}

/** What a run says of where it was. */
export interface Located {
  readonly reportUri: string | null;
  readonly executionArn?: string;
}

/**
 * Account and region stand in the name of the bucket, and in an execution's ARN. `undefined` if there is neither.
 *
 * @param localConsole of the stage `local`; see {@link Place}
 */
export function placeOf(
  { reportUri, executionArn = '' }: Located,
  stage: string,
  localConsole?: string,
): Place | undefined {
  const bucket = /^s3:\/\/\S+?-(?<accountId>\d{12})-(?<region>[a-z\d-]+)\//.exec(reportUri ?? '');
  const arn = /^arn:[\w-]+:states:(?<region>[a-z\d-]+):(?<accountId>\d{12}):/.exec(executionArn);
  const { accountId, region } = bucket?.groups ?? arn?.groups ?? {};
  if (accountId === undefined || region === undefined) return undefined;
  // The AWS console does not know what the embedded AWS has.
  const isOnAws = stage !== EMBEDDED_STAGE;
  return { stage, region, accountId, isOnAws, ...(isOnAws ? {} : { localConsole }) };
}

/** In words. */
export function placeText({ stage, region, accountId }: Place): string {
  return `Stage ${stage} in ${region}, account ${accountId}`;
}

/** Pages of the AWS console. */
export const CONSOLE_PAGES = {
  execution: (region: string, arn: string): string =>
    `${consoleOf(region)}/states/home?region=${region}#/v2/executions/details/${arn}`,
  table: (region: string, name: string): string =>
    `${consoleOf(region)}/dynamodbv2/home?region=${region}#table?name=${encodeURIComponent(name)}`,
  /** A folder, whose URI ends with a slash, or an object. */
  objects: (region: string, uri: string): string => {
    const { bucket = '', key = '' } = /^s3:\/\/(?<bucket>[^/]+)\/(?<key>.*)$/s.exec(uri)?.groups ?? {};
    const kind = key.endsWith('/') ? 'buckets' : 'object';
    return `${consoleOf(region)}/s3/${kind}/${bucket}?region=${region}&prefix=${encodeURIComponent(key)}`;
  },
} as const;

const consoleOf = (region: string): string => `https://${region}.${partitionOf(region).consoleDomain}`;

/** The same pages of the embedded AWS's console, below its origin. */
export const LOCAL_PAGES: Readonly<Record<keyof typeof CONSOLE_PAGES, (subject: string) => string>> = {
  execution: (arn) => {
    const [name = '', machine = ''] = arn.split(':').toReversed();
    return `/_console/executions/${encodeURIComponent(machine)}/${encodeURIComponent(name)}`;
  },
  table: (name) => `/_console/tables/${encodeURIComponent(name)}`,
  objects: (uri) => {
    const key = uri.replace(/^s3:\/\/[^/]+\//, '');
    const [page, field] = key === '' || key.endsWith('/') ? ['objects', 'prefix'] : ['object', 'key'];
    return `/_console/${page}?${new URLSearchParams({ [field]: key }).toString()}`;
  },
};

/** Words that lead to a page of the console that knows the run: AWS's, or the embedded AWS's own. */
export function consoleLink(
  place: Place | undefined,
  page: keyof typeof CONSOLE_PAGES,
  { subject, words = html`<code>${subject}</code>` }: { readonly subject: string; readonly words?: Content },
): Html {
  if (place?.localConsole !== undefined)
    return html`<a href="${place.localConsole}${LOCAL_PAGES[page](subject)}" title="Open in the console of the embedded AWS" rel="noreferrer">${words}</a>`;
  if (place?.isOnAws !== true) return html`${words}`;
  return html`<a href="${CONSOLE_PAGES[page](place.region, subject)}" title="Open in the AWS console" rel="noreferrer">${words}</a>`;
}
