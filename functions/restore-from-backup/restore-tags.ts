import { type Tag, TagResourceCommand } from '@aws-sdk/client-dynamodb';
import { errorSummary } from '../shared/errors.ts';
import type { Runtime } from '../shared/runtime.ts';
import { RUN_TAG, SERVICE_TAG, STAGE_TAG } from '../shared/aws/describe-table.ts';
import { isBusyOrTransient, patiently } from '../shared/tables/busy-table.ts';

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html */
const MAX_TAGS = 50;
/** They say which run created the table, and must stay as CreateTable set them. */
const OWN_TAGS: ReadonlySet<string> = new Set([RUN_TAG, SERVICE_TAG, STAGE_TAG]);
const AWS_TAG = /^aws:/i;

/** Tags that were not set, and why. */
interface Refused {
  readonly tags: readonly Tag[];
  readonly reason: string;
}

type Send = (tags: readonly Tag[]) => Promise<unknown>;

/**
 * Sets all tags at once. If DynamoDB refuses that permanently, it sets them one by one, because one of them may be the
 * reason.
 */
async function tagResource(send: Send, tags: readonly Tag[]): Promise<readonly Refused[]> {
  if (tags.length === 0) return [];
  try {
    await send(tags);
    return [];
  } catch (error) {
    if (tags.length === 1 || isBusyOrTransient(error))
      return [{ tags, reason: `DynamoDB refused them (${errorSummary(error).name})` }];
  }
  const refused: Refused[] = [];
  for (const tag of tags) refused.push(...(await tagResource(send, [tag])));
  return refused;
}

const isOwn = ({ Key = '' }: Tag): boolean => OWN_TAGS.has(Key);
const isAws = ({ Key = '' }: Tag): boolean => AWS_TAG.test(Key);
const wantedTags = (tags: readonly Tag[]): readonly Tag[] => tags.filter((tag) => !isOwn(tag) && !isAws(tag));
const ROOM = MAX_TAGS - OWN_TAGS.size;

/** The tags of a backed up table that a restored one is given. */
export const settableTags = (tags: readonly Tag[]): readonly Tag[] => wantedTags(tags).slice(0, ROOM);

/** One sentence for each reason why the restored table is not given tags of the backed up one. */
export const unsettableTagWarnings = (tableName: string, tags: readonly Tag[]): readonly string[] =>
  sentencesOf(tableName, [
    { tags: wantedTags(tags).slice(ROOM), reason: `a table has at most ${MAX_TAGS} tags` },
    { tags: tags.filter(isAws), reason: 'only AWS can set them' },
    { tags: tags.filter(isOwn), reason: 'the restore sets its own values for them' },
  ]);

/** One sentence for each reason. */
function sentencesOf(tableName: string, left: readonly Refused[]): readonly string[] {
  const byReason = Map.groupBy(left, ({ reason }) => reason);
  return [...byReason].flatMap(([reason, refused]) => {
    const keys = refused.flatMap(({ tags }) => tags.map(({ Key = '' }) => Key));
    if (keys.length === 0) return [];
    return [`${tableName}: these tags were not restored, because ${reason}: ${keys.join(', ')}.`];
  });
}

/** The restored table, and the tags of the backed up table. */
export interface TaggedTable {
  readonly tableName: string;
  readonly tableArn: string;
  readonly tags: readonly Tag[];
  /** Awaited before each request. @throws RunClosedError when the run is being rolled back */
  readonly check: () => Promise<void>;
}

/**
 * Gives the restored table as many of the source's tags as fit beside our three, in the order of their keys. Tags that
 * begin with `aws:` are AWS's own and cannot be set.
 *
 * @returns a sentence for each reason why tags were left out. Nothing is thrown
 */
export async function restoreTags(
  runtime: Pick<Runtime, 'clients' | 'clock'>,
  { tableName, tableArn: ResourceArn, tags, check }: TaggedTable,
): Promise<readonly string[]> {
  const send: Send = (Tags) =>
    patiently(runtime, async () => {
      await check();
      return runtime.clients.dynamo.send(new TagResourceCommand({ ResourceArn, Tags: [...Tags] }));
    });
  return [
    ...unsettableTagWarnings(tableName, tags),
    ...sentencesOf(tableName, await tagResource(send, settableTags(tags))),
  ];
}
