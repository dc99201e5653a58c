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

/** Which of several things a sentence names. */
interface Named {
  /** At most so many; default 5. */
  readonly most?: number;
  /** How many there are; default: as many as have names. */
  readonly total?: number;
}

/** `a, b and 3 more`. */
export function someOf(
  names: readonly (string | number)[],
  { most = 5, total = names.length }: Named = {},
): string {
  const shown = names.slice(0, most);
  const others = total - shown.length;
  return `${shown.join(', ')}${others > 0 ? ` and ${count(others)} more` : ''}`;
}
