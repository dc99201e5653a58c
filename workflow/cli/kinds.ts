import { migration } from '#migration/index.ts';
import { count } from './format.ts';

const [FIRST = '', ...OTHERS] = migration.filled.flatMap(({ kinds }) => kinds);

/** How many items of the first kind and of all others: `1 METADATA, 4 VARIANT`. */
export function kindsText(metadata: number, variants: number): string {
  const first = `${count(metadata)} ${FIRST}`;
  return OTHERS.length === 0 ? first : `${first}, ${count(variants)} ${OTHERS.join(' or ')}`;
}
