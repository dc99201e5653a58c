import { printableAll } from '../../functions/shared/printable.ts';
import { commandsOf, type StagePlace, stepText } from '../../functions/shared/commands.ts';
import { noteVerification } from '../../functions/shared/files/backup-catalog.ts';
import { objectStore } from '../../functions/shared/aws/object-store.ts';
import { type BackupVerification, verifyBackup } from '../../functions/shared/files/verify.ts';
import { chosenBackup, onBackup } from './chosen-backup.ts';
import { runStageCommand, type StageOptions, stageCommand } from './command.ts';
import { DAMAGED, DONE } from './exit-codes.ts';
import { counted } from '../../functions/shared/format.ts';
import { countingLine } from './progress-view.ts';
import { nextStepLines } from './summary.ts';
import type { Terminal } from './terminal.ts';

interface Options extends StageOptions {
  readonly backup?: string;
  readonly table?: string;
}

const command = stageCommand(
  'verify-backup',
  'Reads a whole backup against its manifests and checksums.',
  'what was found',
)
  .option('--backup <id>', 'which one (default: the newest of the source table)')
  .option('--table <name>', 'source table (default: the one that the stage reads)');

await runStageCommand<Options>(command, async ({ context, terminal, options }) => {
  const objects = objectStore(context.s3, context.bucket);
  const scope = { ...context, objects };
  const backupId = await chosenBackup(scope, options);
  const onProgress = countingLine(terminal, 'file');
  const verification = await onBackup(scope, options, () => verifyBackup(objects, { backupId, onProgress }));
  const { findingCount } = verification;
  // The note is for the list of backups only.
  await noteVerification(objects, { backupId, findingCount }, Date.now()).catch(() => undefined);
  if (terminal.json) terminal.document({ ...verification, sound: findingCount === 0 });
  else sayFindings(verification, context, terminal);
  return findingCount === 0 ? DONE : DAMAGED;
});

function sayFindings(verification: BackupVerification, place: StagePlace, terminal: Terminal): void {
  const { say, signs } = terminal;
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
  say();
  for (const line of nextStepLines(terminal, afterDamage(place))) say(line);
}

function afterDamage(place: StagePlace): string {
  const { backups, migrate } = commandsOf(place);
  return stepText(
    ['Take another backup. To list them', backups()],
    ['Or make one', migrate({ dryRun: true })],
  );
}
