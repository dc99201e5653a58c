const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `1 product`, `1,000 products`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** The words for one and for several of something: `{ item: 'product', items: 'products' }`. */
export interface Nouns {
  readonly item: string;
  readonly items: string;
}

/** {@link counted} in a migration's own words. */
export const countedAs = ({ item, items }: Nouns, value: number): string => counted(value, item, items);

/** `Products`. */
export function capitalized(word: string): string {
  const [first = '', ...others] = word;
  return first.toUpperCase() + others.join('');
}

/** `1,000`. */
export function count(value: number): string {
  return grouped.format(value);
}
