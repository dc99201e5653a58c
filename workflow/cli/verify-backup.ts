import { printableAll } from '../../functions/shared/printable.ts';
import { migration } from '#migration/index.ts';
import { newestBackup, noteVerification } from '../../functions/shared/files/backup-catalog.ts';
import { objectStore } from '../../functions/shared/aws/object-store.ts';
import { type BackupVerification, verifyBackup } from '../../functions/shared/files/verify.ts';
import { runStageCommand, type StageOptions, stageCommand } from './command.ts';
import { DAMAGED, DONE } from './exit-codes.ts';
import { counted } from '../../functions/shared/format.ts';
import { countingLine } from './progress-view.ts';
import type { Terminal } from './terminal.ts';

interface Options extends StageOptions {
  readonly backup?: string;
  readonly table: string;
}

const command = stageCommand(
  'verify-backup',
  'Reads a whole backup against its manifests and checksums.',
  'what was found',
)
  .option('--backup <id>', 'which one (default: the newest of the source table)')
  .option(
    '--table <name>',
    `source table, where it is not called ${migration.source.name}`,
    migration.source.name,
  );

await runStageCommand<Options>(command, async ({ context: { s3, bucket }, terminal, options }) => {
  const objects = objectStore(s3, bucket);
  const backupId = options.backup ?? (await newestBackup(objects, options.table));
  const verification = await verifyBackup(objects, { backupId, onProgress: countingLine(terminal, 'file') });
  const { findingCount } = verification;
  // The note is for the list of backups only.
  await noteVerification(objects, { backupId, findingCount }, Date.now()).catch(() => undefined);
  if (terminal.json) terminal.document({ ...verification, sound: findingCount === 0 });
  else sayFindings(verification, terminal);
  return findingCount === 0 ? DONE : DAMAGED;
});

function sayFindings(verification: BackupVerification, { say, signs }: Terminal): void {
  const { backupId, files, items, findings } = printableAll(verification);
  if (findings.length === 0) {
    say(
      `${signs.good} Backup ${backupId} is sound: ${counted(items, 'item')} in ${counted(files, 'file')}, every one read and compared.`,
    );
    return;
  }
  say(
    `${signs.bad} Backup ${backupId} is damaged in ${counted(findings.length, 'place')}; do not rely on it.`,
  );
  for (const { kind, sentence } of findings) say(`  ${kind}: ${sentence}`);
}
