const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `1 product`, `1,000 products`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** `1,000`. */
export function count(value: number): string {
  return grouped.format(value);
}
