import { attribute, numberAttribute, type WireItem, wireItem } from '../../shared/items/wire-item.ts';
import { refuse, refuseReserved } from '../../shared/migration/refusal.ts';

const SECONDS_A_DAY = 86_400;
const WHOLE_SECONDS = /^\d{1,12}$/;

/** Partition of a meter's readings of one UTC day; `at` in epoch seconds. */
export function meterDay(meter: string, at: string): string {
  return `${meter}/${Math.floor(Number(at) / SECONDS_A_DAY)}`;
}

/** The meter that a partition belongs to; a meter's own name may hold slashes. `undefined` for any other partition. */
export function meterOf(partition: string): string | undefined {
  return /^(.+)\/\d+$/s.exec(partition)?.[1];
}

/** A measurement with its key. */
export type Measurement = WireItem & {
  readonly meter: { readonly S: string };
  readonly at: { readonly N: string };
};

/** The reading keeps everything of the measurement but its alarms. @throws ItemRefusal where it has no kilowatt hours */
export function readingOf(measurement: Measurement, { label }: { readonly label: string }) {
  const { meter, at } = measurement;
  if (!WHOLE_SECONDS.test(at.N)) refuse('InvalidTime', `${label} is not of a whole second.`);
  if (numberAttribute(measurement, 'kWh') === undefined)
    refuse('MissingReading', `${label} has no kWh of type N.`);
  refuseReserved(['meterDay'], measurement, label);
  const hasAlarms = alarmsIn(measurement, label).length > 0;
  const kept = Object.entries(measurement).filter(([name]) => name !== 'alarms' || !hasAlarms);
  return { ...wireItem(kept), meterDay: { S: meterDay(meter.S, at.N) }, at };
}

/** One item for each alarm of the measurement: its own attributes beside meter and time. */
export function alarmsOf(measurement: Measurement, { label }: { readonly label: string }) {
  const { meter, at } = measurement;
  return alarmsIn(measurement, label).map((alarm) => {
    const code =
      numberAttribute(alarm, 'code') ?? refuse('InvalidAlarm', `${label} has an alarm without a code.`);
    refuseReserved(['meter', 'at', 'atAndCode'], alarm, `An alarm of ${label}`);
    return { ...alarm, meter, at, atAndCode: { S: `${at.N}#${code}` } };
  });
}

function alarmsIn(measurement: WireItem, label: string): readonly WireItem[] {
  const alarms = attribute(measurement, 'alarms');
  if (alarms === undefined) return [];
  if (!('L' in alarms)) return refuse('InvalidAlarm', `${label} has alarms that are no list.`);
  return alarms.L.map((alarm) =>
    'M' in alarm ? alarm.M : refuse('InvalidAlarm', `${label} has an alarm that is no map.`),
  );
}
