import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ListExecutionsCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { EmbeddedAwsOptions } from '../../workflow/local/embedded-aws.ts';
import { breakages } from '../../workflow/cli/breakages.ts';
import { generateProducts } from '../../workflow/local/products/generate-products.ts';
import { runCommand } from '../integration/cli/run-command.ts';
import { openShop, type TestShop } from '../support/migration.ts';

/** A shop in an embedded AWS of its own, and an operator who works on it. */
export interface Scene {
  readonly shop: TestShop;
  /** Runs a command that writes a page, and gives its report. @throws Error where it ends with another exit code */
  readonly command: (name: string, args?: readonly string[], how?: HowItEnds) => Promise<CommandReport>;
  /** Starts an execution. @returns its ARN */
  readonly start: (machine: string, input: unknown) => Promise<string>;
  /** ARN of the newest execution of a machine. */
  readonly newest: (machine: string) => Promise<string>;
  /** Lets writes of items fail until it is mended, as `npm start -- --break migrate` does. */
  readonly breakWrites: () => void;
  readonly mendWrites: () => void;
  /** Address of the page that the last command on this run has written. */
  readonly pageOf: (runId: string, into?: string) => string;
  /** Address of a page of the console; `''` is its first. */
  readonly consolePage: (path?: string) => string;
  /** Address of an execution's page in the console. */
  readonly executionPage: (executionArn: string, query?: string) => string;
  /** Address of a page in the bucket. */
  readonly bucketPage: (key: string) => string;
}

/** What is expected of a command. */
export interface HowItEnds {
  /** 0 by default. */
  readonly code?: number;
  /** A folder of its own for the page, where a later one of the same run would replace it. */
  readonly into?: string;
}

/** As much of a report as the stories go on with. */
export interface CommandReport {
  readonly runId: string;
  readonly executionArn: string;
  readonly backup: { readonly backupId: string };
}

/** Opens a shop with so many generated products. */
export async function openScene(
  products: number,
  folder: string,
  options: EmbeddedAwsOptions = {},
): Promise<Scene> {
  const shop = await openShop({ products: generateProducts({ count: products }), ...options });
  const consolePage = (path = ''): string => `${shop.aws.endpoint}/_console/${path}`;
  return {
    shop,
    consolePage,
    command: (name, args = [], { code = 0, into = '' } = {}) =>
      runJson(shop, { name, args: ['--out', join(folder, into), ...args], code }),
    ...executionsOf(shop),
    breakWrites: () => breakages['migrate']?.inject?.(shop.aws.faults),
    mendWrites: () => shop.aws.faults.clear(),
    pageOf: (runId, into = '') => pathToFileURL(join(folder, into, runId, 'report.html')).href,
    executionPage(executionArn, query = '') {
      const [machine = '', name = ''] = executionArn.split(':').slice(-2);
      return consolePage(`executions/${machine}/${name}${query}`);
    },
    bucketPage: (key) => consolePage(`raw/${key}`),
  };
}

function executionsOf({ aws, sfn }: TestShop): Pick<Scene, 'start' | 'newest'> {
  const arnOf = (machine: string): string => aws.stateMachines[machine] ?? '';
  return {
    async start(machine, input) {
      const start = { stateMachineArn: arnOf(machine), input: JSON.stringify(input) };
      const { executionArn = '' } = await sfn.send(new StartExecutionCommand(start));
      return executionArn;
    },
    async newest(machine) {
      const list = new ListExecutionsCommand({ stateMachineArn: arnOf(machine), maxResults: 1 });
      const { executions: [newest] = [] } = await sfn.send(list);
      return newest?.executionArn ?? '';
    },
  };
}

interface JsonCommand {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: number;
}

async function runJson({ aws }: TestShop, { name, args, code }: JsonCommand): Promise<CommandReport> {
  const all = ['--stage', 'local', '--json', ...args];
  const end = await runCommand(name, all, { environment: { AWS_ENDPOINT_URL: aws.endpoint } });
  if (end.code !== code) throw new Error(`npm run ${name} ended with ${end.code}:\n${end.stderr}`);
  return JSON.parse(end.stdout) as CommandReport;
}
