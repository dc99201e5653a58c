import { runStageCommand, stageCommand } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { runSmoke } from './smoke/run-smoke.ts';

const command = stageCommand(
  'smoke',
  'Proves a deployment: fills a source of its own, migrates it, lets runs fail and stop, restores it, compares item for item and takes everything away again. For a stage with a sourceTable and a tablePrefix of its own.',
  'the steps',
);

await runStageCommand(command, async ({ context, terminal }) => {
  const interrupt = onInterrupt(() => terminal.complain('Interrupted: taking away what was created ...'));
  const result = await runSmoke(context, terminal, interrupt.signal);
  terminal.say(result.ok ? '\nThe deployment works.' : '\nThe deployment does not work: see what is marked.');
  if (terminal.json) terminal.document(result);
  return result.ok ? 0 : 1;
});
