import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/**
 * Lays `.env.local` under the environment, as the AWS chain's own variables; what is set already wins.
 * No such file is fine.
 */
export function readEnvFile(path = '.env.local', environment: NodeJS.ProcessEnv = process.env): void {
  const text = readIfThere(path);
  for (const [name, value] of Object.entries(parseEnv(text))) environment[name] ??= value;
}

const readIfThere = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
