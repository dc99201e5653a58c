import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { migration } from '#migration/index.ts';
import { type Config, readConfig } from '../../functions/shared/env.ts';
import type { Handler } from '../../functions/shared/handler.ts';
import type { Migration } from '../../functions/shared/migration/migration.ts';
import { REGION } from '../../workflow/local/account.ts';
import {
  type Deployment,
  type FunctionSpec,
  readDeployment,
} from '../../workflow/local/deploy/read-deployment.ts';
import { packaged } from '../support/packaged.ts';
import { readDefinition, type Scope } from './states/definition.ts';

/** A deployed function: its source as it is, and what the template gives to it. */
export interface DeployedFunction {
  readonly key: string;
  readonly handler: Handler;
  readonly config: Config;
  readonly timeoutMillis: number;
  /** Tags of its role. */
  readonly tags: Readonly<Record<string, string>>;
}

/** The service as `sls package` compiled it. Read once in a process, shared by all worlds. */
export interface DeployedService {
  readonly functions: ReadonlyMap<string, DeployedFunction>;
  /** By name: `migrate`, `restore`, `rollback`, `sync`. */
  readonly machines: ReadonlyMap<string, DeployedMachine>;
  readonly migration: Migration;
  /** What the stack holds: ledger, bucket, queues, topic. */
  readonly stack: Deployment;
}

export interface DeployedMachine {
  readonly name: string;
  readonly arn: string;
  readonly definition: Scope;
}

/** Waits as on AWS, not as on a laptop: virtual time costs nothing. */
const ON_AWS = { FENCE_WAIT_SECONDS: '30', INTENT_WAIT_SECONDS: '60', CLOSE_WAIT_SECONDS: '300' };

export async function readDeployed(): Promise<DeployedService> {
  const stack = await readDeployment(await packaged());
  const functions = await Promise.all(stack.functions.map(deploy));
  return {
    stack,
    migration,
    functions: new Map(functions.map((one) => [one.key, one])),
    machines: new Map(
      stack.stateMachines.map(({ key, arn, definition }) => [
        key,
        { name: key, arn, definition: readDefinition(definition) },
      ]),
    ),
  };
}

async function deploy(spec: FunctionSpec): Promise<DeployedFunction> {
  const { key, handler: place, name, environment, timeoutSeconds, role } = spec;
  const file = pathToFileURL(resolve(place.replace(/\.\w+$/, '.ts'))).href;
  const { handler } = (await import(file)) as { readonly handler: Handler };
  const variables = { ...environment, ...ON_AWS, AWS_REGION: REGION, AWS_LAMBDA_FUNCTION_NAME: name };
  const config = readConfig(migration.settings, variables);
  return { key, handler, config, timeoutMillis: 1_000 * timeoutSeconds, tags: role.tags };
}
