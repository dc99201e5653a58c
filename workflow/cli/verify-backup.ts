import { printableAll } from '../../functions/shared/printable.ts';
import { migration } from '#migration/index.ts';
import { newestBackup, noteVerification } from '../../functions/shared/files/backup-catalog.ts';
import { objectStore } from '../../functions/shared/aws/object-store.ts';
import { type BackupVerification, verifyBackup } from '../../functions/shared/files/verify.ts';
import { runStageCommand, type StageOptions, stageCommand } from './command.ts';
import { count, counted } from './format.ts';
import { processTerminal, type Terminal } from './terminal.ts';

interface Options extends StageOptions {
  readonly backup?: string;
  readonly table: string;
  readonly json?: boolean;
}

const command = stageCommand('verify-backup', 'Reads a whole backup against its manifests and checksums.')
  .option('--backup <id>', 'which one (default: the newest of the source table)')
  .option(
    '--table <name>',
    `source table, where it is not called ${migration.source.name}`,
    migration.source.name,
  )
  .option('--json', 'print what was found as one JSON document');

await runStageCommand<Options>(command, async ({ s3, bucket }, options) => {
  const terminal = processTerminal(options);
  const objects = objectStore(s3, bucket);
  const backupId = options.backup ?? (await newestBackup(objects, options.table));
  const verification = await verifyBackup(objects, { backupId, onProgress: fileCounter(terminal) });
  const findingCount = verification.findings.length;
  // The note is for the list of backups only.
  await noteVerification(objects, { backupId, findingCount }, Date.now()).catch(() => undefined);
  if (options.json === true) terminal.document({ ...verification, sound: findingCount === 0 });
  else sayFindings(verification, terminal);
  return findingCount === 0 ? 0 : 1;
});

/** One line that is written over; nothing where lines cannot be. */
function fileCounter({ isLive, stream, colors, reveal }: Terminal): (done: number, files: number) => void {
  return (done, files) => {
    if (isLive)
      stream.write(
        `\r${reveal(colors.dim(`${count(done)} of ${counted(files, 'file')} read`))}${done === files ? '\n' : ''}`,
      );
  };
}

function sayFindings(verification: BackupVerification, { say, colors }: Terminal): void {
  const { backupId, files, items, findings } = printableAll(verification);
  if (findings.length === 0) {
    say(
      `${colors.green('✔')} Backup ${backupId} is sound: ${counted(items, 'item')} in ${counted(files, 'file')}, every one read and compared.`,
    );
    return;
  }
  say(
    `${colors.red('✖')} Backup ${backupId} is damaged in ${counted(findings.length, 'place')}; do not rely on it.`,
  );
  for (const { kind, sentence } of findings) say(`  ${kind}: ${sentence}`);
}
