import { MIGRATION_MARKS } from '../../shared/migration/refusal.ts';

/** Every item of `products-enhanced` gets these from the migration: a source that had them would lose its own. */
export const RESERVED_IN_EVERY_ITEM: readonly string[] = ['PK', 'SK', ...MIGRATION_MARKS];
