import { defineMigration } from '../../shared/migration/define-migration.ts';
import { alarms, invoices, readings } from './tables.ts';
import { alarmsOf, meterDay, meterOf, readingOf } from './transform.ts';

/** Measurements of electricity meters, by meter and second, to readings by day and a table of their alarms. */
export const migration = defineMigration({
  source: { name: 'measurements', key: { partition: ['meter', 'S'], sort: ['at', 'N'] } },
  targets: { readings, alarms, invoices },
  transform: (measurement, { put, label }) =>
    put({
      readings: { READING: [readingOf(measurement, { label })] },
      alarms: { ALARM: alarmsOf(measurement, { label }) },
    }),
  belongsTo: {
    readings: {
      sourceKeyOf: ({ meterDay: { S: day }, at }) => {
        const meter = meterOf(day);
        return meter === undefined ? undefined : { meter: { S: meter }, at };
      },
      partitionsOf: ({ meter, at }) => [{ S: meterDay(meter.S, at.N) }],
    },
    alarms: {
      sourceKeyOf: ({ meter, atAndCode }) => {
        const [at = ''] = atAndCode.S.split('#');
        return /^\d+$/.test(at) ? { meter, at: { N: at } } : undefined;
      },
      partitionsOf: ({ meter }) => [meter],
    },
  },
  nouns: { item: 'measurement', items: 'measurements' },
});
