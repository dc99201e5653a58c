import { InvalidArgumentError } from 'commander';

/** For `--port`: a port there can be, or 0 for any free one. */
export function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('A port is a whole number from 0 to 65535; 0 takes any free one.');
}
