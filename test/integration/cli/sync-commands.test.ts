import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SyncReport } from '../../../functions/shared/runs/sync-report.ts';
import { awkwardProducts } from '../../support/awkward-products.ts';
import { eventually } from '../../support/embedded.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { rawAws } from '../../support/streams.ts';
import { type CommandEnd, type CommandOptions, runCommand, runServerless } from './run-command.ts';

let shop: TestShop;
let cwd: string;

beforeAll(async () => {
  shop = await openShop({ mappingMillis: 50 });
  await shop.dynamo.fillProducts(awkwardProducts(12));
  cwd = mkdtempSync(join(tmpdir(), 'operator-'));
});
afterAll(() => shop.stop());

const onStage = (
  name: string,
  args: readonly string[] = [],
  options: CommandOptions = {},
): Promise<CommandEnd> =>
  runCommand(name, ['--stage', 'local', ...args], {
    cwd,
    environment: { AWS_ENDPOINT_URL: shop.aws.endpoint },
    ...options,
  });

const shown = async (): Promise<SyncReport> =>
  JSON.parse((await onStage('sync', ['--json'])).stdout) as SyncReport;

const product = (id: string, price: number) => ({
  id: { S: id },
  name: { S: `Product ${id}` },
  price: { S: String(price) },
});

describe('wrong usage ends with 2, says why, and starts nothing', () => {
  const executions = (): number =>
    shop.aws.requestLog.entries.filter(({ operation }) => operation === 'StartExecution').length;

  it.each([
    [
      'cutover',
      [],
      'only you can say so. Nothing was started.\nList the checks, and the commands that freeze the source:\nnpm run cutover -- --stage local --dry-run\n',
    ],
    ['cutover', ['--dry-run', '--frozen'], 'cannot be used with'],
    ['sync', ['--start', '--cancel'], 'cannot be used with'],
    ['sync', ['--note', 'x'], 'only --start takes'],
    ['sync', ['--frozen'], 'unknown option'],
  ] as const)('%s %s', async (name, args, why) => {
    const before = executions();
    const { code, stderr } = await onStage(name, args);
    expect(stderr).toContain(why);
    expect(code).toBe(2);
    expect(executions()).toBe(before);
  });
});

describe('the commands of a sync, one after the other as an operator would use them', () => {
  it('without a sync, sync says how to start one, and nothing is wrong', async () => {
    const { code, stdout } = await onStage('sync');
    expect(stdout).toBe(
      'No sync is open.\nStart one:\nnpm run sync -- --stage local --start\nIn the console, start sync with {}\n',
    );
    expect(code).toBe(0);
    expect(await shown()).toBeNull();
  });

  it('what cannot begin is refused with 3', async () => {
    const { code, stdout } = await onStage('cutover', ['--dry-run']);
    expect(stdout).toContain('There is no open sync of table products');
    expect(code).toBe(3);
  });

  it('a source without a stream is refused with the command that enables it, as a document as well', async () => {
    await shop.migrate();
    const { code, stdout, stderr } = await onStage('sync', ['--start', '--json']);
    expect(stderr).toMatch(
      /aws dynamodb update-table --table-name products --stream-specification .* --region ap-southeast-2 --endpoint-url http:/,
    );
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'sync',
      status: 'REFUSED',
      failure: { error: 'SyncRefusedError' },
    });
    expect(code).toBe(3);
  });

  it('sync --start follows the start to its end, and prints the report as the one document', async () => {
    await rawAws(shop.aws).enable('products');
    const { code, stdout, stderr } = await onStage('sync', ['--start', '--json', '--note', 'tuesday']);
    expect(stderr).toContain('CompareSource');
    const report = JSON.parse(stdout) as SyncReport;
    expect(report).toMatchObject({
      kind: 'sync',
      status: 'SYNCING',
      compared: { sourceItems: 12, differing: 0 },
    });
    expect(code).toBe(0);
    const page = readFileSync(join(cwd, '.local', 'runs', report.runId, 'report.html'), 'utf8');
    expect(page).toContain('products-enhanced follows every change of table products.');
    const inBucket = await shop.objectText(`runs/${report.runId}/report.html`);
    expect(inBucket).toContain('products-enhanced follows every change of table products.');
    expect(inBucket).toContain('<code class="command">npm run cutover -- --stage local --dry-run</code>');
    const row = `<a href="${report.runId}/report.html"><code>${report.runId}</code></a>`;
    const [, listed = ''] = (await shop.objectText('runs/index.html')).split(row);
    expect(listed).toMatch(/^.*<td>sync<\/td><td><span class="pill good">syncing<\/span>/);
  });

  it('a second start is refused with 3', async () => {
    const { code, stdout } = await onStage('sync', ['--start']);
    expect(stdout).toContain('LockHeldError');
    expect(code).toBe(3);
  });

  it('sync shows what has come since', async () => {
    for (const id of ['new-1', 'new-2', 'new-3']) await shop.dynamo.put('products', product(id, 100));
    await eventually(async () => ((await shown()).followed.records >= 3 ? true : undefined));
    const { code, stdout } = await onStage('sync');
    expect(stdout).toContain('Syncing. products-enhanced follows every change of table products.');
    expect(stdout).toMatch(/Lag +\S+ m?s on average, \S+ m?s at most /);
    expect(stdout).toMatch(/Repaired +3 source items/);
    expect(stdout).toMatch(/Pending +0/);
    expect(code).toBe(0);
  });

  it('rollback of the open sync is refused with 3, with the command that ends it, and the sync goes on', async () => {
    const { runId } = await shown();
    const { code, stdout } = await onStage('rollback', [runId]);
    expect(code).toBe(3);
    expect(stdout).toContain(
      `Run ${runId} is a sync (SYNCING): there is nothing to roll back. Nothing was changed.`,
    );
    expect(stdout).toMatch(/ Now +To end it:\n +npm run sync -- --stage local --cancel\n/);
    expect(await shown()).toMatchObject({ runId, status: 'SYNCING' });
  });

  it('runs lists the sync, report writes its page, and follow says how it stands', async () => {
    const { runId } = await shown();
    expect((await onStage('runs')).stdout).toMatch(
      new RegExp(`${runId} +\\S+ \\S+ +sync +SYNCING +– +– +tuesday`),
    );
    const written = await onStage('report', [runId]);
    expect(written.code).toBe(0);
    expect(readFileSync(join(cwd, written.stdout.trim()), 'utf8')).toContain('id="lag-heading"');
    const followed = await onStage('follow', [runId]);
    expect(followed.stdout).toContain('Syncing.');
    expect(followed.code).toBe(0);
  });

  it('compare looks at everything while the sync is open', async () => {
    const { code, stdout } = await onStage('compare');
    expect(stdout).toContain('nothing differs');
    expect(code).toBe(0);
    expect(stdout).toContain('report.html');
    const { stdout: document } = await onStage('compare', ['--json']);
    expect(JSON.parse(document)).toMatchObject({
      kind: 'sync',
      compared: { repairs: true, sourceItems: 15, differing: 0 },
      keys: { differing: [], repaired: [] },
    });
  });

  it('sls remove is refused', async () => {
    const end = await runServerless(['remove', '--stage', 'local'], { AWS_ENDPOINT_URL: shop.aws.endpoint });
    expect(`${end.stdout}${end.stderr}`).toContain('is open (SYNCING). Nothing was removed');
    expect(end.code).toBe(1);
  });

  it('cutover --dry-run lists the checks and prints the commands, and changes nothing', async () => {
    const { code, stdout } = await onStage('cutover', ['--dry-run']);
    expect(stdout).toContain('✔ Ready. Nothing stands in the way of a cut over');
    expect(stdout).toMatch(/✔ The event source mapping \S+ is Enabled\./);
    expect(stdout).toMatch(/aws dynamodb put-resource-policy .* --expected-revision-id NO_POLICY/);
    expect(stdout).toContain('aws dynamodb delete-resource-policy');
    expect(code).toBe(0);
    expect((await shown()).status).toBe('SYNCING');
  });

  it('cutover --frozen does not switch while somebody writes, ends with 1, and the sync goes on', async () => {
    const selling = { isOver: false };
    const writes = (async () => {
      for (let n = 0; !selling.isOver; n += 1) await shop.dynamo.put('products', product('hot', 100 + n));
    })();
    const { code, stdout } = await onStage('cutover', ['--frozen']);
    selling.isOver = true;
    await writes;
    expect(stdout).toContain('The shop has not switched');
    expect(code).toBe(1);
    expect((await shown()).status).toBe('SYNCING');
  });

  it('an interrupted cut over goes on, and follow finds it by the name of its execution', async () => {
    const functionName = 'products-migration-local-compareAll';
    const hold = shop.aws.faults.add({ functionName, operation: 'Scan', kind: 'throttle' });
    const interrupted = await onStage('cutover', ['--frozen'], { interruptAt: 'CompareSource' });
    expect(interrupted.code).toBe(130);
    hold.remove();
    const [, name = ''] = /npm run follow -- --stage local (\S+)/.exec(interrupted.stdout) ?? [];
    const { code, stdout } = await onStage('follow', [name]);
    expect(stdout).toContain('Switched. The shop may use products-enhanced now.');
    expect(code).toBe(0);
  });

  it('after the switch, sync says so, and a cancellation is refused', async () => {
    const { code, stdout } = await onStage('sync');
    expect(stdout).toContain('has been SWITCHED since');
    expect(stdout).toContain('The shop uses the target.');
    expect(code).toBe(0);
    expect((await onStage('sync', ['--cancel'])).code).toBe(3);
  });
});

describe('a sync that is started from the console', () => {
  let other: TestShop;
  let folder: string;
  const onOther = (name: string, args: readonly string[] = []): Promise<CommandEnd> =>
    onStage(name, args, { cwd: folder, environment: { AWS_ENDPOINT_URL: other.aws.endpoint } });

  beforeAll(async () => {
    other = await openShop({ mappingMillis: 50 });
    await other.dynamo.fillProducts(awkwardProducts(12));
    folder = mkdtempSync(join(tmpdir(), 'operator-'));
    await other.migrate();
  });
  afterAll(() => other.stop());

  it('a compare without a sync is a run of its own, which finds what differs, names it, and ends with 6', async () => {
    const [{ id = { S: '' } } = {}] = await other.dynamo.scan('products');
    await other.dynamo.call('DeleteItem', { TableName: 'products', Key: { id } });
    const { code, stdout } = await onOther('compare', ['--json']);
    const report = JSON.parse(stdout) as SyncReport;
    expect(report).toMatchObject({
      kind: 'compare',
      status: 'SUCCEEDED',
      compared: { repairs: false, repaired: 0, differing: 1 },
    });
    expect(code).toBe(6);
    expect((await onOther('runs')).stdout).toMatch(new RegExp(`${report.runId} .* compare +SUCCEEDED +– +–`));
    const written = await onOther('report', [report.runId]);
    expect(readFileSync(join(folder, written.stdout.trim()), 'utf8')).toContain('Different (1)');
    expect((await onOther('follow', [report.runId])).code).toBe(6);
    const rolledBack = await onOther('rollback', [report.runId, '--confirm', report.runId]);
    expect(rolledBack.stdout).toContain(
      `Run ${report.runId} is a compare (SUCCEEDED): there is nothing to roll`,
    );
    expect(rolledBack.code).toBe(3);
  });

  it('begins with {}, repairs what differs, and is shown like any other', async () => {
    await rawAws(other.aws).enable('products');
    expect(await other.run('sync', {})).toMatchObject({ status: 'SUCCEEDED' });
    const { stdout } = await onOther('sync');
    expect(stdout).toContain('1 repaired, 0 still differ');
  });

  it('is cancelled by sync --cancel, after which sync says how to start again and a stage can be removed', async () => {
    const { code, stdout } = await onOther('sync', ['--cancel']);
    expect(stdout).toContain('Cancelled. The sync was cancelled.');
    expect(code).toBe(0);
    expect((await onOther('sync')).stdout).toMatch(
      /has been CANCELLED since .*\nStart one:\nnpm run sync -- .* --start\n/,
    );
    const end = await runServerless(['remove', '--stage', 'local'], { AWS_ENDPOINT_URL: other.aws.endpoint });
    expect(`${end.stdout}${end.stderr}`).not.toContain('Nothing was removed');
  });

  it('ends with 7 when nothing answers any more, and says how to follow it', async () => {
    const functionName = 'products-migration-local-compareAll';
    const hold = other.aws.faults.add({ functionName, operation: 'Scan', kind: 'throttle' });
    const starting = onOther('sync', ['--start']);
    await eventually(() => (hold.struck > 0 ? true : undefined));
    await other.stop();
    const { code, stdout, stderr } = await starting;
    expect(stderr).toContain(`Nothing answers at ${other.aws.endpoint}`);
    expect(stdout).toMatch(/npm run follow -- --stage local sync-\S+/);
    expect(code).toBe(7);
  });
});
