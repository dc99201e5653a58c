import { describe, expect, it } from 'vitest';
import { bytes, counted, dollars, duration, money, rupees } from '../../../functions/shared/format.ts';
import { commandsOf } from '../../../functions/shared/commands.ts';
import { wrap } from '../../../workflow/cli/wrap.ts';

describe('duration', () => {
  it.each([
    [0, '0.0 s'],
    [0.004, '4 ms'],
    [0.4, '0.4 s'],
    [9.96, '10.0 s'],
    [12.4, '12 s'],
    [59.6, '1 min'],
    [125, '2 min 5 s'],
    [12_000, '3 h 20 min'],
    [7_200, '2 h'],
    [359_940, '99 h 59 min'],
    [432_000, '5 d'],
    [3_301_217, '38 d 5 h'],
  ])('says %d seconds as %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe('money', () => {
  it.each([
    [0, '$0'],
    [0.000000004, '$0.0000000040'],
    [0.0000012, '$0.0000012'],
    [0.0013527, '$0.0014'],
    [0.02625, '$0.026'],
    [0.1, '$0.10'],
    [0.996, '$1.00'],
    [4.3186, '$4.32'],
    [1_204.5, '$1,204.50'],
  ])('says %d dollars as %s', (value, text) => {
    expect(dollars(value)).toBe(text);
  });

  it('says rupees beside dollars', () => {
    expect(rupees(342.27)).toBe('Rs 342');
    expect(money({ dollars: 0.0013527, rupees: 0.119 })).toBe('$0.0014 (Rs 0.12)');
  });
});

describe('counts', () => {
  it('knows one from many', () => {
    expect(counted(1, 'product')).toBe('1 product');
    expect(counted(1_000, 'product')).toBe('1,000 products');
    expect(counted(2, 'index', 'indexes')).toBe('2 indexes');
  });

  it('says bytes in powers of 1,024', () => {
    expect(bytes(512)).toBe('512 bytes');
    expect(bytes(1_048_576)).toBe('1.0 MB');
    expect(bytes(0)).toBe('0 bytes');
    expect(bytes(1)).toBe('1 byte');
    expect(bytes(2 ** 60)).toBe('1,024.0 PB');
  });
});

describe('wrap', () => {
  it('breaks at spaces, indents what follows and leaves a long word whole', () => {
    expect(wrap('one two three s3://a-very-long-address four', { width: 12, indent: 2 })).toBe(
      'one two\n  three\n  s3://a-very-long-address\n  four',
    );
  });

  it('keeps a command in one piece, so that it can be pasted', () => {
    const { migrate, rollBack } = commandsOf({ stage: 'prod', region: 'ap-southeast-2' });
    const sentence = `Go on: ${migrate({ resume: 'tuesday' }).line}. Or roll the run back: ${rollBack('tuesday').line}`;
    expect(wrap(sentence, { width: 52, indent: 2 }).split('\n')).toEqual([
      'Go on:',
      '  npm run migrate -- --stage prod --resume tuesday.',
      '  Or roll the run back:',
      '  npm run rollback -- --stage prod tuesday',
    ]);
  });

  it.each([
    ['Run ', 'npm run cutover -- --stage prod --dry-run', ' for the checks of all tables.'],
    ['Watch it with ', 'npm run sync -- --stage <stage>', '. When the shop is ready, say so.'],
    ['List them: ', 'npm run runs', ' lists every run.'],
    ['Go on with: ', 'npm run unpause -- --stage local migrate-20261129T063108Z-6f34a2', ''],
    [
      'Delete it: ',
      'aws dynamodb put-resource-policy --resource-arn arn:aws:x:1:table/products --policy \'{"a": [1, 2]}\'',
      '. Wait for a minute.',
    ],
    ['Delete them: ', 'aws dynamodb delete-table --table-name cart', ', then start again.'],
  ])('knows where a command ends: %s%s%s', (before, command, after) => {
    const lines = wrap(`${before}${command}${after}`, { width: 12, indent: 0 }).split('\n');
    expect(lines.filter((line) => line.includes(command))).toEqual([
      `${command}${/^[.,]?/.exec(after)?.[0] ?? ''}`,
    ]);
  });
});
