import { hash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { NO_TROUBLE } from '../trouble.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import {
  filledNames,
  ledgerItems,
  ledgerName,
  objectBody,
  objectKeys,
  SOURCE,
  TARGET,
  tableOf,
  targetNames,
} from '../holdings.ts';
import type { Memory } from '../memory.ts';
import type { Bucket } from '../aws/state.ts';
import { placeOfItem } from '../aws/dynamodb/keys.ts';
import { writeRow } from '../aws/dynamodb/rows.ts';
import { toWireItem } from '../plain-values.ts';
import type { RECORDS, Tampering } from '../plan.ts';
import { put, sourceInput } from '../stock.ts';
import { createTable, type World } from '../world.ts';

/** Somebody acts behind the service's back. */
export function tamper(world: World, memory: Memory, what: Tampering): void {
  const [first, ...others] = targetNames(world);
  const anyTable = (): string => (first === undefined ? TARGET : world.scheduler.pick([first, ...others]));
  switch (what) {
    case 'delete a table':
      return removeTable(world, memory, { name: anyTable(), isReplaced: false });
    case 'replace a table':
      return removeTable(world, memory, { name: anyTable(), isReplaced: true });
    case 'replace the filled table':
      return removeTable(world, memory, { name: filledTable(world), isReplaced: true });
    case 'replace the source':
      return replaceSource(world, memory);
    case 'delete a file':
      return damageFile(world, memory, (objects, key) => objects.delete(key));
    case 'change a file':
      return damageFile(world, memory, changeFile);
    default:
      removeRecords(world, what);
  }
}

function filledTable({ scheduler, deployed }: World): string {
  const [first, ...others] = filledNames({ deployed });
  return others.length === 0 ? (first ?? TARGET) : scheduler.pick([first ?? TARGET, ...others]);
}

/** Removes a table, and everything in it. */
function removeTable(
  world: World,
  memory: Memory,
  { name, isReplaced }: { readonly name: string; readonly isReplaced: boolean },
): void {
  const { aws, deployed } = world;
  if (tableOf(world, name) === undefined) return;
  aws.state.tables.delete(name);
  memory.forgetTable(name);
  const spec = Object.values(deployed.migration.targets).find((one) => one.name === name);
  if (!isReplaced || spec === undefined) return;
  withoutTrouble(world, () =>
    createTable(aws, createTableInput(spec, { name, tags: { owner: 'somebody' } })),
  );
  memory.noteTable(name);
}

/** Somebody deletes the source, and restores it under its name from a backup of the same moment. */
function replaceSource(world: World, memory: Memory): void {
  const { aws, scheduler } = world;
  const source = tableOf(world, SOURCE);
  if (source === undefined) return;
  aws.state.tables.delete(SOURCE);
  memory.forgetTable(SOURCE);
  scheduler.after(scheduler.between(100, 30_000), '', () => {
    const { StreamSpecification, ...bare } = sourceInput;
    withoutTrouble(world, () => {
      createTable(aws, { ...bare, ...(source.streamArn !== undefined && { StreamSpecification }) });
      for (const { item } of source.inOrder) put(aws, SOURCE, item);
    });
    const { large } = source;
    const restored = tableOf(world, SOURCE);
    if (restored !== undefined) Object.assign(restored, { large });
  });
}

/** Somebody who is refused tries again until it is done. */
function withoutTrouble(world: World, act: () => void): void {
  const { trouble } = world;
  world.trouble = NO_TROUBLE;
  act();
  world.trouble = trouble;
}

type Objects = Bucket['objects'];

/** Does something to a file that a run reads again. */
function damageFile(world: World, memory: Memory, damage: (objects: Objects, key: string) => unknown): void {
  const [bucket] = world.aws.state.buckets.values();
  const handedOn = objectKeys(world, 'runs/').filter((key) => key.includes('/target/'));
  const [first, ...others] = [...objectKeys(world, 'AWSDynamoDB/'), ...handedOn];
  if (bucket === undefined || first === undefined) return;
  const key = world.scheduler.pick([first, ...others]);
  const body = objectBody(world, key) ?? Buffer.alloc(0);
  memory.damaged.set(key, [...(memory.damaged.get(key) ?? []), body]);
  damage(bucket.objects, key);
}

/** Takes the last line out. */
function changeFile(objects: Objects, key: string): void {
  const found = objects.get(key);
  if (found === undefined) return;
  const isPacked = key.endsWith('.gz');
  const lines = (isPacked ? gunzipSync(found.body) : found.body).toString().trimEnd().split('\n');
  const text = lines
    .slice(0, -1)
    .map((line) => `${line}\n`)
    .join('');
  const body = isPacked ? gzipSync(text) : Buffer.from(text);
  objects.set(key, { ...found, body, etag: `"${hash('md5', body, 'hex')}"`, sha256: undefined });
}

/** Deletes records of the ledger by hand: all of a kind. */
function removeRecords(world: World, record: (typeof RECORDS)[number]): void {
  const table = tableOf(world, ledgerName(world));
  if (table === undefined) return;
  const isMeant = (SK: string): boolean => (record.endsWith('#') ? SK.startsWith(record) : SK === record);
  for (const item of ledgerItems(world).filter(({ SK }) => isMeant(SK)))
    writeRow(world.aws.aws, table, { place: placeOfItem(table, toWireItem(item)), after: undefined });
}
