import { defineTable } from '../../shared/migration/define-table.ts';

/** One item a reading, in a partition for each meter and UTC day, in the order of time. */
export const readings = defineTable({
  name: 'readings',
  key: { partition: ['meterDay', 'S'], sort: ['at', 'N'] },
  billing: { mode: 'PAY_PER_REQUEST' },
  holds: ['READING'],
});

/** What went wrong at a meter: one ALARM for each alarm of a reading. */
export const alarms = defineTable({
  name: 'meter.alarms',
  key: { partition: ['meter', 'S'], sort: ['atAndCode', 'S'] },
  billing: { mode: 'PROVISIONED', readUnitsPerSecond: 5, writeUnitsPerSecond: 50 },
  indexes: [{ name: 'ByCode', key: { partition: ['code', 'N'] }, projection: 'KEYS_ONLY' }],
  holds: ['ALARM'],
});

/** What customers are asked to pay; the migration leaves it empty. */
export const invoices = defineTable({
  name: 'invoices',
  key: { partition: ['number', 'N'] },
  billing: { mode: 'PAY_PER_REQUEST' },
});
