import { runStageCommand, type StageOptions, stageCommand } from './command.ts';
import { runSmoke } from './smoke/run-smoke.ts';
import { processTerminal } from './terminal.ts';

interface Options extends StageOptions {
  readonly json?: boolean;
}

const command = stageCommand(
  'smoke',
  'Proves a deployment: fills a source of its own, migrates it, lets runs fail and stop, restores it, compares item for item and takes everything away again. For a stage with a sourceTable and a tablePrefix of its own.',
).option('--json', 'print the steps as one JSON document, everything else on standard error');

await runStageCommand<Options>(command, async (context, options) => {
  const terminal = processTerminal(options);
  const interrupt = new AbortController();
  const onSignal = (): void => {
    terminal.complain('Interrupted: taking away what was created ...');
    interrupt.abort();
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const result = await runSmoke(context, terminal, interrupt.signal);
  terminal.say(result.ok ? '\nThe deployment works.' : '\nThe deployment does not work: see what is marked.');
  if (terminal.json) terminal.document(result);
  return result.ok ? 0 : 1;
});
