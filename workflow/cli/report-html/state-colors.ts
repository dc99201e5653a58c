const byState: ReadonlyMap<string, string> = new Map([
  ['BackupProducts', 'var(--backup)'],
  ['TransformProducts', 'var(--transform)'],
  ['SealBackup', 'var(--transform)'],
  ['CreateTables', 'var(--tables)'],
  ['MigrateProducts', 'var(--migrate)'],
  ['BulkLoad', 'var(--migrate)'],
  ['ProveBackup', 'var(--transform)'],
  ['RestoreProducts', 'var(--migrate)'],
  ['VerifyMigration', 'var(--verify)'],
  ['CompareByKey', 'var(--compare)'],
  ['VerifyRestore', 'var(--verify)'],
  ['CompareSource', 'var(--verify)'],
  ['CompareTarget', 'var(--compare)'],
  ['RollBack', 'var(--undo)'],
]);

/** The colour that a state has on the whole page. */
export function stateColor(state: string): string {
  return byState.get(state) ?? 'var(--other)';
}
