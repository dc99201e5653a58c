import { isExpired } from '../../../../functions/shared/aws/time-to-live.ts';
import type { Aws } from '../state.ts';
import { writeRow } from './rows.ts';
import type { Row, Table } from './table-state.ts';

/** Items that time to live may delete by now. */
export function expiredRows({ now }: Pick<Aws, 'now'>, { inOrder, timeToLive }: Table): readonly Row[] {
  const expiry = { attributeName: timeToLive.value, nowSeconds: now() / 1_000 };
  return inOrder.filter(({ item }) => isExpired(item, expiry));
}

/** Deletes an item as time to live does; the stream says so. */
export function expire(aws: Aws, table: Table, row: Row): void {
  writeRow(aws, table, { place: row, after: undefined, isExpiry: true });
}
