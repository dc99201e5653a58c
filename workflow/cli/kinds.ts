import { migration } from '#migration/index.ts';
import { kindsText as textOf } from '../../functions/shared/runs/page/kinds-text.ts';

/** Kinds of items that the migration makes, in the order of their tables. */
export const KINDS: readonly string[] = migration.filled.flatMap(({ kinds }) => kinds);

/** How many items of the first kind and of all others: `1 METADATA, 4 VARIANT`. */
export const kindsText = (metadata: number, variants: number): string => textOf(KINDS, metadata, variants);
