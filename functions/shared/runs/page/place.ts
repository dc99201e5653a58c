import { partitionOf } from '../../partition.ts';
import { type Content, type Html, html } from './html.ts';

/** The stage of the embedded AWS, whose things the AWS console does not know. */
const EMBEDDED_STAGE = 'local';

/** Where a run was. */
export interface Place {
  readonly stage: string;
  readonly region: string;
  readonly accountId: string;
  /** Whether the AWS console knows it. */
  readonly isOnAws: boolean;
}

/** What a run says of where it was. */
export interface Located {
  readonly reportUri: string | null;
  readonly executionArn?: string;
}

/** Account and region stand in the name of the bucket, and in an execution's ARN. `undefined` if there is neither. */
export function placeOf({ reportUri, executionArn = '' }: Located, stage: string): Place | undefined {
  const bucket = /^s3:\/\/\S+?-(?<accountId>\d{12})-(?<region>[a-z\d-]+)\//.exec(reportUri ?? '');
  const arn = /^arn:[\w-]+:states:(?<region>[a-z\d-]+):(?<accountId>\d{12}):/.exec(executionArn);
  const { accountId, region } = bucket?.groups ?? arn?.groups ?? {};
  if (accountId === undefined || region === undefined) return undefined;
  return { stage, region, accountId, isOnAws: stage !== EMBEDDED_STAGE };
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

/** Words that lead to a page of the AWS console, where the run was on AWS. */
export function consoleLink(
  place: Place | undefined,
  page: keyof typeof CONSOLE_PAGES,
  { subject, words = html`<code>${subject}</code>` }: { readonly subject: string; readonly words?: Content },
): Html {
  if (place?.isOnAws !== true) return html`${words}`;
  return html`<a href="${CONSOLE_PAGES[page](place.region, subject)}" title="Open in the AWS console" rel="noreferrer">${words}</a>`;
}
