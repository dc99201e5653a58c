import { commandsOf, stepText } from '../../functions/shared/commands.ts';
import { type ListedBackup, listBackups } from '../../functions/shared/files/backup-catalog.ts';
import { objectStore } from '../../functions/shared/aws/object-store.ts';
import { runStageCommand, stageCommand } from './command.ts';
import { DONE } from './exit-codes.ts';
import { bytes, count, counted, moment } from '../../functions/shared/format.ts';
import { tableText } from './plain-table.ts';

const columns = [
  { name: 'Backup' },
  { name: 'Taken (UTC)' },
  { name: 'Table' },
  { name: 'Items', align: 'right' },
  { name: 'Size', align: 'right' },
  { name: 'Checked' },
] as const;

const command = stageCommand('backups', 'Lists the sealed backups of a stage, newest first.', 'them');

await runStageCommand(command, async ({ context, terminal }) => {
  const { s3, bucket, stage } = context;
  const { backups, damaged } = await listBackups(objectStore(s3, bucket));
  if (terminal.json) terminal.document(backups);
  else if (backups.length === 0)
    terminal.say(
      `Stage ${stage} has no sealed backup yet.\n${stepText(['Make one', commandsOf(context).plan()])}`,
    );
  else terminal.say(tableText(terminal, columns, backups.map(row)));
  for (const sentence of damaged) terminal.complain(`${sentence} It is not in the list.`);
  return DONE;
});

function row(backup: ListedBackup): readonly string[] {
  const { backupId, takenAt, tableName, items, tableBytes } = backup;
  return [backupId, moment(takenAt), tableName, count(items), bytes(tableBytes), checkText(backup)];
}

/** Every sealed backup was read back once, before it was sealed. */
function checkText({ verification }: ListedBackup): string {
  if (verification === undefined) return 'when it was sealed';
  const { verifiedAt, findings } = verification;
  return `${moment(verifiedAt)}: ${findings === 0 ? 'sound' : counted(findings, 'finding')}`;
}
