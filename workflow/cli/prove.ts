import { setTimeout as sleep } from 'node:timers/promises';
import { SFNClient } from '@aws-sdk/client-sfn';
import { Command } from 'commander';
import { packageService } from '../local/deploy/package-service.ts';
import { readDeployment } from '../local/deploy/read-deployment.ts';
import type { MachineDefinition } from '../local/states/prepare-machine.ts';
import { anyNumber, jsonOption, profileOption, runCommand } from './command.ts';
import { DAMAGED, DONE, REFUSED } from './exit-codes.ts';
import { counted } from '../../functions/shared/format.ts';
import { explain } from './operator-error.ts';
import { askAws } from './prove/ask-aws.ts';
import { type Proof, proveAll, taskOf } from './prove/prove-machines.ts';
import { sayProof } from './prove/say-proof.ts';
import { countingLine } from './progress-view.ts';
import { processTerminal, type Terminal } from './terminal.ts';

interface Options {
  readonly region: string;
  readonly rate: number;
  readonly profile?: string;
  readonly json?: boolean;
}

const command = new Command('npm run prove --')
  .description(
    "Compares what AWS's own interpreter does with each edge of the four state machines (every Retry, Catch and Choice) with what the embedded engine does. Needs AWS credentials that may states:TestState on *, and nothing else: no stage, no role. Nothing is deployed, created or called.",
  )
  .requiredOption('-r, --region <region>', 'region whose Step Functions is asked')
  .addOption(profileOption())
  .option('--rate <requests>', 'requests a second, at most', anyNumber, 5)
  .addOption(jsonOption('the proof'));

await runCommand<Options>(command, async (options) => {
  const terminal = processTerminal(options);
  const task = taskOf(await compiledMachines());
  const seconds = Math.ceil(task.edges.length / options.rate);
  terminal.say(
    `Asks Step Functions' TestState in ${options.region} about ${counted(task.edges.length, 'edge')}, ${options.rate} a second: ${seconds} s or more. Needs credentials that may states:TestState on *. Nothing is deployed, created or called.\n`,
  );
  const showCount = countingLine(terminal, 'edge');
  const client = clientFor(options.region, process.env['AWS_ENDPOINT_URL'] || undefined);
  try {
    const proof = await proveAll(task, {
      askAws: (edge) => askAws(client, edge, options.region),
      pause: () => sleep(1_000 / options.rate),
      onEdge: (done) => showCount(done, task.edges.length),
    });
    return report(proof, terminal);
  } catch (error) {
    terminal.complain(`AWS could not be asked, so nothing is proved: ${explain(error, options)}`);
    return REFUSED;
  } finally {
    client.destroy();
  }
});

/** Eight tries: TestState's quota is the account's, and others may use it as well. */
function clientFor(region: string, endpoint: string | undefined): SFNClient {
  // On AWS the call goes to sync-states.<region>; an endpoint that was given is the whole name.
  const elsewhere = endpoint === undefined ? {} : { endpoint, disableHostPrefix: true };
  return new SFNClient({ region, maxAttempts: 8, ...elsewhere });
}

/** As `sls package` compiles them: the definitions that a deployment gets. */
async function compiledMachines(): Promise<ReadonlyMap<string, MachineDefinition>> {
  const { stateMachines } = await readDeployment(await packageService());
  return new Map(
    stateMachines.map(({ key, definition }) => [key, JSON.parse(definition) as MachineDefinition]),
  );
}

function report(proof: Proof, terminal: Terminal): number {
  sayProof(proof, terminal);
  const agrees =
    proof.edges.every(({ differences }) => differences.length === 0) &&
    proof.shapes.every(({ problem }) => problem === undefined);
  if (terminal.json) terminal.document({ agrees, ...proof });
  return agrees ? DONE : DAMAGED;
}
