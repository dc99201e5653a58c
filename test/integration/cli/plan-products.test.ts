import { describe, expect, it } from 'vitest';
import { type CommandEnd, runCommand, runOnFullDisk } from './run-command.ts';

/** No endpoint, no credentials: whatever would reach for AWS fails. */
const plan = (...args: readonly string[]): Promise<CommandEnd> => runCommand('plan', args);

interface PlannedRun {
  readonly products: number;
  readonly mapMode: string;
  readonly historyEvents?: number;
  readonly refusal?: string;
}

describe('npm run plan -- --products', () => {
  it('shows the figures from 1,000 products to the size that was asked for, and its limits', async () => {
    const { code, stdout, stderr } = await plan('--products', '1e9');

    expect(stderr).toBe('');
    expect(stdout).toMatch(/ {2}1,000 +INLINE .*\$0\.0066/);
    expect(stdout).toMatch(/1,000,000,000 +DISTRIBUTED +20 +800 /);
    expect(stdout).toMatch(/1,000,000,000 +INLINE .*refused/);
    expect(stdout).toMatch(/items of a Map +800 +1,000 +80 %/);
    expect(code).toBe(0);
  });

  it('refuses in the words of a run, with exit code 3', async () => {
    const { code, stdout } = await plan('--products', '1e9', '--map-mode', 'INLINE');

    expect(stdout).toContain(
      "RunTooLongForInlineError: This run would fill more than Step Functions' history of 25,000 events (1,000,000,000 source items at the present caps). Nothing was created.",
    );
    expect(code).toBe(3);
  });

  it('refuses with exit code 3 what would cost more than --max-cost', async () => {
    const dear = await plan('--products', '1e6', '--max-cost', '4', '--json');
    const sentence =
      /The migration is estimated at \$4\.2\d* at the prices of ap-southeast-2, and maxCost allows \$4\. Nothing was read or created\.\nTo allow that much:\nnpm run plan -- --products 1000000 --max-cost 4\.3$/m;
    expect(JSON.parse(dear.stdout)).toMatchObject({ refusal: expect.stringMatching(sentence) });
    expect(dear.stderr).toMatch(sentence);
    expect(dear.code).toBe(3);

    const enough = await plan('--products', '1e6', '--max-cost', '4.3', '--json');
    expect(JSON.parse(enough.stdout)).toMatchObject({ refusal: null });
    expect(enough.code).toBe(0);
  });

  it('says in a region without prices that the cost is unknown, and refuses it under any limit', async () => {
    const unknown = await plan('--products', '1000', '--region', 'eu-west-1');
    expect(unknown.stdout).toMatch(/ {2}1,000 +INLINE .* unknown /);
    expect(unknown.stdout).toContain('▲ No prices are known for region eu-west-1');
    expect(unknown.stdout).not.toContain('$');
    expect(unknown.code).toBe(0);

    const limited = await plan('--products', '1000', '--region', 'eu-west-1', '--max-cost', '1000');
    expect(limited.stdout).toContain('The cost of the migration is unknown');
    expect(limited.code).toBe(3);
  });

  it('prints one JSON document', async () => {
    const { code, stdout } = await plan('--products', '250000', '--bytes-per-product', '2000', '--json');
    const { product, runs } = JSON.parse(stdout) as { product: object; runs: readonly PlannedRun[] };

    expect(product).toEqual({ bytes: 2_000 });
    expect(runs.map(({ products }) => products)).toEqual([1e3, 1e3, 1e4, 1e4, 1e5, 1e5, 250_000, 250_000]);
    expect(runs.every(({ historyEvents = 0 }) => historyEvents > 0)).toBe(true);
    expect(code).toBe(0);
  });

  it('takes the input of a run, and says what it makes of it', async () => {
    const { stdout } = await plan('--products', '1e6', '--max-concurrency', '90', '--map-mode', 'INLINE');

    expect(stdout).toContain('maxConcurrency was lowered from 90 to 40');
  });

  it.each([
    ['no stage and no size', [], 2, 'Say --stage to plan a run of a deployed stage, or --products'],
    ['both', ['--stage', 'dev', '--products', '5'], 2, 'Say --stage or --products, not both'],
    [
      'an input that no run takes',
      ['--products', '5', '--max-concurrency', '0'],
      3,
      'The input of the migration cannot be used: "maxConcurrency"',
    ],
  ])('answers %s with a sentence and its exit code', async (_, args, expected, sentence) => {
    const { code, stdout, stderr } = await plan(...args);

    expect(stderr).toContain(sentence);
    expect(stdout).toBe('');
    expect(code).toBe(expected);
  });

  it('answers half a product with a sentence and exit code 2: it was used wrongly', async () => {
    const { code, stdout, stderr } = await plan('--products', '0.5');

    expect(stderr).toContain('Give a whole number of 1 or more, for example 1e9.');
    expect([code, stdout]).toEqual([2, '']);
  });

  it.runIf(process.platform === 'linux')(
    'answers a disk that is full with a sentence and exit code 1',
    async () => {
      const { code, stderr } = await runOnFullDisk('plan', ['--products', '1000']);

      expect(stderr).toBe(
        'The output cannot be written (ENOSPC: no space left on device, write), so the command ends here. What it has started on AWS goes on.\n',
      );
      expect(code).toBe(1);
    },
  );
});
