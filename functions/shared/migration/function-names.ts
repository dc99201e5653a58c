/** `products-enhanced` becomes `ProductsEnhanced`: the one rule by which a table names functions, roles and states. */
export function pascalCase(tableName: string): string {
  return tableName
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** Key under `functions:` of the function that creates the table: `createProductsEnhancedTable`. */
export function creatorOf(tableName: string): string {
  return `create${pascalCase(tableName)}Table`;
}

/** Key under `functions:` of the function that fills tables, named after the first of them: `migrateProductsEnhanced`. */
export function migratorOf(tableName: string): string {
  return `migrate${pascalCase(tableName)}`;
}
