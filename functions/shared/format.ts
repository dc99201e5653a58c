import { count, counted } from './counted.ts';

export { count, counted };

// Making a format takes a hundred times as long as using one.
const UNITS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 });
const CENTS = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const TENTHS = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

const BYTE_UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `512 bytes`, `1.0 MB`; powers of 1,024. */
export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1024 ** power;
  return power === 0 ? counted(value, 'byte') : `${TENTHS.format(scaled)} ${BYTE_UNITS[power] ?? ''}`;
}

/** Capacity units: `0.5`, `12.5`, `1,000`. */
export function capacity(units: number): string {
  return UNITS.format(units);
}

/** Hours stay hours below this. */
const DAYS_FROM_HOURS = 100;

/** `20 ms`, `0.4 s`, `12 s`, `2 min 5 s`, `3 h 20 min`, `38 d 5 h`. */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds < 0.095) return `${Math.ceil(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return twoUnits([minutes, 'min'], [whole % 60, 's']);
  const hours = Math.floor(minutes / 60);
  if (hours < DAYS_FROM_HOURS) return twoUnits([hours, 'h'], [minutes % 60, 'min']);
  return twoUnits([Math.floor(hours / 24), 'd'], [hours % 24, 'h']);
}

type Measure = readonly [value: number, unit: string];

function twoUnits([large, largeUnit]: Measure, [small, smallUnit]: Measure): string {
  return `${count(large)} ${largeUnit}${small === 0 ? '' : ` ${small} ${smallUnit}`}`;
}

/** Two significant digits below a dollar, so that it agrees with the rupees beside it, else cents: `$0.0014`, `$0.026`, `$4.06`. */
export function dollars(value: number): string {
  return `$${amount(value)}`;
}

/** `Rs 0.12`, `Rs 342`. */
export function rupees(value: number): string {
  return `Rs ${value >= 100 ? count(value) : amount(value)}`;
}

function amount(value: number): string {
  if (value === 0) return '0';
  if (value < 0.000001) return value.toFixed(1 - Math.floor(Math.log10(value)));
  if (value < 0.995) return value.toPrecision(2);
  return CENTS.format(value);
}

/** `$0.0014 (Rs 0.12)`. */
export function money(cost: { readonly dollars: number; readonly rupees: number }): string {
  return `${dollars(cost.dollars)} (${rupees(cost.rupees)})`;
}

/** `2026-03-01 12:00:07` UTC, of ISO 8601. */
export function moment(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}

/** Plain words for a table's fate, behind one name or several. */
export const TABLE_OUTCOMES = {
  CREATED: 'created',
  EXISTED: 'there before, left in place',
  DELETED: 'deleted',
  KEPT: 'kept',
} as const;
