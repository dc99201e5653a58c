import { count } from '../../counted.ts';

/** How many items of the first kind and of all others: `1 METADATA, 4 VARIANT`. */
export function kindsText(
  [first = '', ...others]: readonly string[],
  metadata: number,
  variants: number,
): string {
  const ofFirst = `${count(metadata)} ${first}`;
  return others.length === 0 ? ofFirst : `${ofFirst}, ${count(variants)} ${others.join(' or ')}`;
}
