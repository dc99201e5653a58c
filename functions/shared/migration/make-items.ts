import { hash } from 'node:crypto';
import { canonicalHalves } from '../items/canonical-json.ts';
import { keyIdentity, keyOf, type TableKey } from '../items/item-key.ts';
import { itemSizeBytes, MAX_ITEM_BYTES } from '../items/item-size.ts';
import { storageProblem } from '../items/storable.ts';
import { attribute, stringAttribute, type WireItem, type WireValue } from '../items/wire-item.ts';
import { cut } from '../text.ts';
import type {
  FilledTable,
  Migration,
  Put,
  TargetItem,
  TransformContext,
  TransformResult,
  UntypedTools,
} from './migration.ts';
import { TransformError } from '../errors.ts';
import { refuseBadIndexKeys, refuseBadKey } from './key-refusals.ts';
import { ownCodeError } from './own-code.ts';
import { isSame } from './owner.ts';
import { ItemRefusal, MIGRATION_MARKS, refuse, refuseReserved } from './refusal.ts';

/** The definition, as far as it is needed here. */
export interface ItemMaker extends Pick<Migration, 'source' | 'filled' | 'nouns'> {
  readonly transform: (item: WireItem, tools: UntypedTools) => Put;
}

/**
 * Transforms a source item and checks what comes of it: one item at least, keys of the right types and lengths, sizes,
 * no attribute of the engine's, every key belonging to this source item and none twice. Together these checks prove, in
 * constant memory, that no source item is lost and no two share a target key.
 *
 * @throws TransformError where the migration's own code throws; not retried
 */
export function makeItems(source: WireItem, context: TransformContext, maker: ItemMaker): TransformResult {
  const label = labelOf(source, maker);
  try {
    // Before the transform, which may change the item that it is given.
    const subject = {
      source: keyOf(source, maker.source.key),
      sourceKey: maker.source.key,
      label,
      runId: context.runId,
    };
    const put = putOf(maker.transform(source, toolsOf(context, label)), label);
    assertDeclared(put, maker.filled, label);
    const items = maker.filled.flatMap((table) => itemsOf(table, put[table.id], subject));
    if (items.length === 0) refuse('NoItems', `${label} becomes no item at all, so that it would be lost.`);
    return { kind: 'items', items };
  } catch (error) {
    if (error instanceof TransformError) throw error;
    if (!(error instanceof ItemRefusal)) throw ownCodeError(throwingOn(label), error);
    return { kind: 'quarantined', code: error.code, sentence: error.message };
  }
}

const throwingOn = (label: string) => ({
  where: `on ${label}, which it should transform or refuse`,
  advice: ADVICE,
});

const ADVICE =
  'Add this item to samples.ts: npx vitest run test/unit/migration/contract.test.ts then shows where.';

/** What the transform has returned, which may be anything. @throws TransformError where it is no `put(...)`; not retried */
function putOf(returned: unknown, label: string): Put['put'] {
  if (returned instanceof Promise) {
    // Left alone, its rejection ends the function with the error's own message, which may hold a value of the item.
    returned.catch(() => undefined);
    throw misused('returned a promise, and a transform cannot wait for anything', label);
  }
  const put = isObject(returned) ? returned['put'] : undefined;
  if (!isObject(put)) throw misused('did not return what put({...}) gives it', label);
  return put as Put['put'];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const misused = (what: string, label: string): TransformError =>
  new TransformError(`The migration's own code ${what}, on ${label}. Correct the code and deploy it.`);

/**
 * Items under any other name would be lost without a word. The compiler finds such a name only where it is written in
 * the object itself.
 *
 * @throws TransformError naming the table or the kind; not retried
 */
function assertDeclared(put: Put['put'], filled: readonly FilledTable[], label: string): void {
  for (const [id, kinds] of Object.entries(put)) {
    const table = filled.find((one) => one.id === id);
    if (table === undefined)
      throw undeclared(`under ${id}, which no target that holds items is called`, label);
    for (const [kind, items] of Object.entries(kinds ?? {})) {
      if (!table.kinds.includes(kind))
        throw undeclared(`of the kind ${kind} into ${id}, which holds ${table.kinds.join(', ')}`, label);
      if (items !== undefined && !(Array.isArray(items) && items.every(isObject)))
        throw misused(`puts no list of items into ${id}, under ${kind}`, label);
    }
  }
}

function undeclared(what: string, label: string): TransformError {
  return new TransformError(
    `The migration's own code puts items ${what}, on ${label}. They would be lost. Declare it in the migration's targets, or correct the name, and deploy the code.`,
  );
}

/** The source item that is transformed. */
interface Subject {
  /** Its key. */
  readonly source: WireItem;
  readonly sourceKey: TableKey;
  readonly label: string;
  readonly runId: string;
}

const MAX_LABEL_BYTES = 80;

/** `Product "42"`; a key of two parts is named by both: `Reading "a" / 17`. */
function labelOf(source: WireItem, { source: { key }, nouns: { item } }: ItemMaker): string {
  const values = key.map(({ name }) => valueText(attribute(source, name)));
  return `${item.charAt(0).toUpperCase()}${item.slice(1)} ${values.join(' / ')}`;
}

function valueText(value: WireValue | undefined): string {
  if (value === undefined) return 'without a key';
  if ('N' in value) return value.N;
  const text = 'S' in value ? value.S : 'B' in value ? value.B : '';
  return JSON.stringify(cut(text, MAX_LABEL_BYTES));
}

function toolsOf({ settings, startedAt }: TransformContext, label: string): UntypedTools {
  return { put: (put) => ({ put }), refuse, settings, startedAt, label };
}

function itemsOf(table: FilledTable, put: Put['put'][string], subject: Subject): readonly TargetItem[] {
  if (put === undefined) return [];
  const items = table.kinds.flatMap((kind) =>
    (put[kind] ?? []).map((item) => ({ table, kind, ...finish(item, table, subject) })),
  );
  refuseForeignKeys(items, table, subject);
  refuseDuplicates(items, table, subject);
  return items;
}

/** A character takes three bytes at most, and the text of an item more of them than the item's bytes; a digest comes on top. */
const SURELY_SMALL_LENGTH = MAX_ITEM_BYTES / 3 - 100;
const DIGEST_NAME = 'migrationDigest';
/** In canonical JSON: a quote inside a text is escaped, and behind the name of an attribute there is a brace. */
const EMPTY_SET = /"[SNB]S":\[\]/;

/** Each item gets `migrationRun` and its `migrationDigest`, over all its other attributes. */
function finish(
  made: WireItem,
  table: FilledTable,
  { label, runId }: Subject,
): Pick<TargetItem, 'item' | 'text' | 'digest'> {
  if (MIGRATION_MARKS.some((name) => Object.hasOwn(made, name)))
    refuseReserved(MIGRATION_MARKS, made, `An item of ${label}`);
  const item: Record<string, WireValue> = { ...made, migrationRun: { S: runId } };
  refuseBadKey(item, table, label);
  refuseBadIndexKeys(item, table, label);
  const problem = storageProblem(item);
  if (problem !== undefined)
    refuse(
      'InvalidValue',
      `${label} becomes an item of ${table.name} whose ${problem}. DynamoDB refuses it.`,
    );
  const [before, behind] = canonicalHalves(item, DIGEST_NAME);
  const json = `{${joined(before, behind)}}`;
  const digest = hash('sha256', json);
  item[DIGEST_NAME] = { S: digest };
  if (EMPTY_SET.test(json))
    refuse(
      'EmptySet',
      `${label} becomes an item of ${table.name} with an empty set, which DynamoDB refuses.`,
    );
  if (json.length > SURELY_SMALL_LENGTH) refuseOversized(item, label);
  const text = `{${joined(joined(before, `"${DIGEST_NAME}":{"S":"${digest}"}`), behind)}}`;
  return { item, text, digest };
}

/** Members of an object, of which either part may have none. */
const joined = (one: string, other: string): string =>
  one === '' || other === '' ? `${one}${other}` : `${one},${other}`;

function refuseOversized(item: WireItem, label: string): void {
  const bytes = itemSizeBytes(item);
  if (bytes <= MAX_ITEM_BYTES) return;
  refuse('ItemTooLarge', `${label} becomes an item of ${bytes} bytes; DynamoDB takes ${MAX_ITEM_BYTES}.`);
}

/** Both ways: the key leads back to the source item, and the source item's partitions hold the key. */
function refuseForeignKeys(items: readonly TargetItem[], table: FilledTable, subject: Subject): void {
  if (items.length === 0) return;
  const partitions = table.partitionsOf(subject.source);
  for (const { item } of items) {
    const partition = attribute(item, table.key.partitionKey);
    const isOwn = partitions.some((one) => isSame(one, partition));
    const owner = table.sourceKeyOf(keyOf(item, table.tableKey));
    if (!isOwn || owner === undefined || !isSourceKey(owner, subject))
      refuse(
        'ForeignTargetKey',
        `${subject.label} becomes an item of ${table.name} whose key does not belong to it by the migration's belongsTo.`,
      );
  }
}

function isSourceKey(owner: WireItem, { source, sourceKey }: Subject): boolean {
  return sourceKey.every(({ name }) => isSame(owner[name], source[name]));
}

function refuseDuplicates(items: readonly TargetItem[], table: FilledTable, { label }: Subject): void {
  if (items.length < 2) return;
  const keys = new Set(items.map(({ item }) => identityOf(item, table)));
  if (keys.size < items.length)
    refuse('DuplicateTargetKey', `${label} becomes two items of ${table.name} with the same key.`);
}

/** As {@link keyIdentity}; for two texts the first one's length keeps them apart, at a fraction of its cost. */
function identityOf(item: WireItem, { key, tableKey }: FilledTable): string {
  const partition = stringAttribute(item, key.partitionKey);
  const sort = key.sortKey === undefined ? '' : stringAttribute(item, key.sortKey);
  if (partition === undefined || sort === undefined) return keyIdentity(item, tableKey);
  return `${partition.length} ${partition}${sort}`;
}
