import { runStageCommand, type StageOptions, pageCommand } from './command.ts';
import { startAndFollow } from './follow-to-report.ts';
import { addMigrateOptions, type MigrateOptions, migrateInput } from './input-options.ts';

const command = addMigrateOptions(
  pageCommand('migrate', 'Starts the deployed migration and follows it to its end.', 'the report'),
);

await runStageCommand<StageOptions & MigrateOptions>(command, ({ context, terminal, options }) =>
  startAndFollow(context, { machine: 'migrate', input: migrateInput(options) }, terminal),
);
