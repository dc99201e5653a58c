import type { WireItem } from '../../shared/items/wire-item.ts';

const meter = { S: 'house/7' };

/** Measurements that between them take every way through the transform. */
export const SAMPLES: readonly WireItem[] = [
  { meter, at: { N: '1700000000' }, kWh: { N: '12.5' }, unit: { S: 'kWh' } },
  { meter, at: { N: '1700000001' }, kWh: { N: '12.50' }, alarms: { L: [] }, note: { NULL: true } },
  {
    meter,
    at: { N: '1700000002' },
    kWh: { N: '0' },
    alarms: { L: [{ M: { code: { N: '7' }, text: { S: 'no flow' } } }, { M: { code: { N: '8' } } }] },
  },
  { meter, at: { N: '1700000003' } },
  { meter, at: { N: '1700000004.5' }, kWh: { N: '1' } },
  { meter, at: { N: '1700000005' }, kWh: { N: '1' }, alarms: { S: 'none' } },
  { meter, at: { N: '1700000006' }, kWh: { N: '1' }, alarms: { L: [{ S: 'none' }] } },
  { meter, at: { N: '1700000007' }, kWh: { N: '1' }, alarms: { L: [{ M: { text: { S: 'no code' } } }] } },
  { meter, at: { N: '1700000008' }, kWh: { N: '1' }, meterDay: { S: 'mine' } },
  {
    meter,
    at: { N: '1700000009' },
    kWh: { N: '1' },
    alarms: { L: [{ M: { code: { N: '7' } } }, { M: { code: { N: '7' } } }] },
  },
];
