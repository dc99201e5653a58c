import type { EmbeddedAwsOptions } from '../../workflow/local/embedded-aws.ts';
import { endOfExecution, eventually } from '../support/embedded.ts';
import { sell } from '../support/followed-shop.ts';
import { rawAws } from '../support/streams.ts';
import { catalogueTable, sourceTableName } from '../support/shop.ts';
import type { CommandReport, Scene } from './scene.ts';

/** A page to look at. */
export interface Page {
  /** Of the page in its story; part of the files' names. */
  readonly name: string;
  readonly url: string;
  /** Whether it is printed as well. */
  readonly isPrinted?: boolean;
}

/** What an operator does in a shop, and the pages that show it. */
export interface Story {
  readonly name: string;
  readonly title: string;
  /** Generated products of the shop. */
  readonly products: number;
  readonly options?: EmbeddedAwsOptions;
  readonly play: (scene: Scene) => Promise<readonly Page[]>;
}

const report = (url: string, name = 'report'): Page => ({ name, url, isPrinted: true });

/** The page that the command wrote, and the execution in the console. */
function both({ pageOf, executionPage }: Scene, { runId, executionArn }: CommandReport): readonly Page[] {
  return [report(pageOf(runId)), { name: 'execution', url: executionPage(executionArn) }];
}

export const STORIES: readonly Story[] = [
  { name: 'empty', title: 'Nothing has happened yet', products: 0, play: showEmpty },
  { name: 'small', title: 'A small shop', products: 200, play: showMigrated },
  { name: 'large', title: 'A large shop', products: 5_000, play: showLarge },
  { name: 'planned', title: 'A dry run, with a product in quarantine', products: 200, play: showPlanned },
  { name: 'refused', title: 'Refused', products: 20, play: showRefused },
  { name: 'failed', title: 'Failed and rolled back', products: 400, play: showFailed },
  { name: 'requested', title: 'Rolled back on request', products: 400, play: showRolledBack },
  { name: 'held', title: 'Held, then resumed', products: 400, play: showResumed },
  { name: 'restored', title: 'Restored from a backup', products: 400, play: showRestored },
  {
    name: 'synced',
    title: 'Synced and cut over',
    products: 200,
    options: { mappingMillis: 50 },
    play: showSynced,
  },
  { name: 'running', title: 'While it runs', products: 400, play: showRunning },
  { name: 'busy', title: 'A console with 200 executions', products: 5, play: showBusy },
];

async function showEmpty({ consolePage }: Scene): Promise<readonly Page[]> {
  return [
    { name: 'console', url: consolePage() },
    { name: 'objects', url: consolePage('objects') },
  ];
}

async function showMigrated(scene: Scene): Promise<readonly Page[]> {
  const { command, consolePage, bucketPage } = scene;
  const done = await command('migrate', ['--note', 'the small shop']);
  return [
    ...both(scene, done),
    { name: 'console', url: consolePage() },
    { name: 'start', url: consolePage('start?machine=migrate') },
    { name: 'tables', url: consolePage('tables') },
    { name: 'items', url: consolePage(`tables/${catalogueTable.name}`) },
    { name: 'objects', url: consolePage(`objects?prefix=runs%2F${done.runId}%2F`) },
    { name: 'object', url: consolePage(`object?key=runs%2F${done.runId}%2Freport.json`) },
    { name: 'bucket-report', url: bucketPage(`runs/${done.runId}/report.html`), isPrinted: true },
    { name: 'runs', url: bucketPage('runs/index.html'), isPrinted: true },
  ];
}

async function showLarge(scene: Scene): Promise<readonly Page[]> {
  const done = await scene.command('migrate');
  const { executionArn } = done;
  return [
    ...both(scene, done),
    { name: 'state', url: scene.executionPage(executionArn, '?state=MigrateProducts') },
    { name: 'every-state', url: scene.executionPage(executionArn, '?detail=all&zoom=fit') },
  ];
}

async function showPlanned(scene: Scene): Promise<readonly Page[]> {
  await scene.shop.dynamo.put(sourceTableName, {
    id: { S: 'p-nameless' },
    price: { S: '9.99' },
  });
  return both(scene, await scene.command('migrate', ['--dry-run', '--max-quarantined', '1']));
}

async function showRefused(scene: Scene): Promise<readonly Page[]> {
  const refused = await scene.command('migrate', ['--max-cost', '0.000001'], { code: 3 });
  return both(scene, refused);
}

async function showFailed(scene: Scene): Promise<readonly Page[]> {
  scene.breakWrites();
  return both(scene, await scene.command('migrate', [], { code: 1 }));
}

async function showRolledBack(scene: Scene): Promise<readonly Page[]> {
  const { command, consolePage, newest, pageOf } = scene;
  const { runId } = await command('migrate');
  await command('rollback', [runId, '--confirm', runId]);
  return [
    report(pageOf(runId)),
    { name: 'execution', url: scene.executionPage(await newest('rollback')) },
    { name: 'console', url: consolePage() },
  ];
}

async function showResumed(scene: Scene): Promise<readonly Page[]> {
  const { command, pageOf } = scene;
  scene.breakWrites();
  const held = await command('migrate', ['--on-failure', 'hold'], { code: 4, into: 'held' });
  scene.mendWrites();
  const resumed = await command('migrate', ['--resume', held.runId]);
  return [report(pageOf(held.runId, 'held'), 'held'), ...both(scene, resumed)];
}

async function showRestored(scene: Scene): Promise<readonly Page[]> {
  const { backup } = await scene.command('migrate', ['--dry-run']);
  return both(scene, await scene.command('restore', ['--backup', backup.backupId]));
}

/** Products that the shop changes while it is followed. */
const CHANGES = 40;

async function showSynced(scene: Scene): Promise<readonly Page[]> {
  const { command, pageOf, shop } = scene;
  await command('migrate');
  await rawAws(shop.aws).enable(sourceTableName);
  const { runId } = await command('sync', ['--start', '--note', 'before the switch']);
  await sell(shop.dynamo, { changes: CHANGES, perSecond: 20, products: 20, seed: 1 });
  await editTarget(scene);
  await command('compare', [], { into: 'compare' });
  await command('cutover', ['--dry-run'], { into: 'checks' });
  await command('report', [runId], { into: 'syncing' });
  await command('cutover', ['--frozen']);
  return [
    report(pageOf(runId, 'compare'), 'compare'),
    report(pageOf(runId, 'checks'), 'checks'),
    report(pageOf(runId, 'syncing'), 'syncing'),
    report(pageOf(runId)),
    { name: 'execution', url: scene.executionPage(await scene.newest('sync')) },
  ];
}

/** The shop changes an item of the target: a conflict, which a sync leaves alone. */
async function editTarget({ shop }: Scene): Promise<void> {
  const [item] = await shop.dynamo.scan(catalogueTable.name);
  if (item !== undefined)
    await shop.dynamo.put(catalogueTable.name, { ...item, editedBy: { S: 'the shop' } });
}

/** The pages are taken while it writes. It ends with the shop. */
async function showRunning(scene: Scene): Promise<readonly Page[]> {
  const { shop, consolePage, executionPage } = scene;
  const arn = await scene.start('migrate', { writeUnitsPerSecond: 20 });
  await eventually(async () => {
    const names = await shop.dynamo.tableNames();
    if (!names.includes(catalogueTable.name)) return undefined;
    return (await shop.dynamo.scan(catalogueTable.name))[0];
  });
  return [
    { name: 'execution', url: executionPage(arn) },
    { name: 'console', url: consolePage() },
  ];
}

async function showBusy({ start, shop, consolePage }: Scene): Promise<readonly Page[]> {
  await shop.migrate();
  for (let n = 1; n < EXECUTIONS; n += 1) {
    const executionArn = await start(n % 7 === 0 ? 'rollback' : 'migrate', { mistyped: n });
    await endOfExecution(shop.sfn, executionArn);
  }
  return [
    { name: 'console', url: consolePage() },
    { name: 'machine', url: consolePage('?machine=migrate') },
  ];
}

const EXECUTIONS = 200;
