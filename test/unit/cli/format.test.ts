import { describe, expect, it } from 'vitest';
import { bytes, counted, dollars, duration, money, rupees, wrap } from '../../../functions/shared/format.ts';

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
  ])('says %d seconds as %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe('money', () => {
  it.each([
    [0, '$0'],
    [0.000000004, '$0.00001'],
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
  });
});

describe('wrap', () => {
  it('breaks at spaces, indents what follows and leaves a long word whole', () => {
    expect(wrap('one two three s3://a-very-long-address four', { width: 12, indent: 2 })).toBe(
      'one two\n  three\n  s3://a-very-long-address\n  four',
    );
  });
});
