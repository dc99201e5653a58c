import type { WireItem } from '../../shared/items/wire-item.ts';

const METERS = 20;
const START_SECONDS = 1_700_000_000;
const QUARTER_HOUR_SECONDS = 900;

/** A measurement each quarter of an hour for every meter, one in eight with alarms. `random` gives numbers in [0, 1). */
export function* generate(count: number, random: () => number): Generator<WireItem> {
  for (let n = 0; n < count; n += 1) {
    const codes = random() < 0.125 ? [1, 2].slice(0, 1 + Math.floor(random() * 2)) : [];
    yield {
      meter: { S: `meter/${n % METERS}` },
      at: { N: String(START_SECONDS + Math.floor(n / METERS) * QUARTER_HOUR_SECONDS) },
      kWh: { N: (random() * 4).toFixed(3) },
      tariff: { S: random() < 0.5 ? 'day' : 'night' },
      ...(codes.length > 0 && { alarms: { L: codes.map((code) => ({ M: { code: { N: String(code) } } })) } }),
    };
  }
}
