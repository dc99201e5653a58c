import { describe, expect, it } from 'vitest';
import { kindsText } from '../../../functions/shared/runs/page/kinds-text.ts';

describe('items by kind', () => {
  it('are counted as the report has them, whichever kind a source item makes first', () => {
    const byTarget = { 'accounts-by-status': { ACCOUNT: 167 }, single: { ROW: 1_301, ACCOUNT: 1 } };
    expect(kindsText({ byTarget })).toBe('168 ACCOUNT, 1,301 ROW');
  });

  it('are none where nothing is in place', () => {
    expect(kindsText({})).toBe('');
  });
});
