import { Command, CommanderError } from 'commander';
import { vi } from 'vitest';

/** A command line as its own parser understands it. */
export interface Pasted {
  /** `migrate`, of `npm run migrate`. */
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
  /** It only prints the command's help. */
  readonly isHelp: boolean;
}

/**
 * Parses a line that somebody pastes into a shell, by the parser of the command that it names. The command is not run.
 *
 * @throws CommanderError where the command refuses the line
 */
export function parsePasted(line: string): Promise<Pasted> {
  // One after the other, because all commands are read by the same parser.
  const parsed = last.then(() => parseNow(line));
  last = parsed.catch(() => undefined);
  return parsed;
}

let last: Promise<unknown> = Promise.resolve();
const known = new Map<string, Command>();

async function parseNow(line: string): Promise<Pasted> {
  const [npm, run, name = '', dashes = '--', ...words] = shellWords(line);
  if (npm !== 'npm' || run !== 'run' || dashes !== '--') throw new Error(`This is no npm command: ${line}`);
  const command = known.get(name) ?? (await readCommand(name));
  known.set(name, command);
  command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  try {
    command.parse(words, { from: 'user' });
  } catch (error) {
    if ((error as CommanderError).code === 'commander.helpDisplayed')
      return { name, options: {}, args: [], isHelp: true };
    throw error;
  }
  return { name, options: command.opts(), args: command.args, isHelp: false };
}

/** Stops a module that has just told what it would parse. */
const READ = new CommanderError(0, 'test.read', '');

/** Imports the command's module up to the point where it reads its arguments. */
async function readCommand(name: string): Promise<Command> {
  const { exitCode } = process;
  const commands: Command[] = [];
  const parse = vi.spyOn(Command.prototype, 'parse').mockImplementation(function (this: Command) {
    commands.push(this);
    throw READ;
  });
  try {
    // The command catches what it throws.
    await import(`../../workflow/cli/${name}.ts`);
  } finally {
    parse.mockRestore();
    process.exitCode = exitCode;
  }
  const [command] = commands;
  if (command === undefined) throw new Error(`The module of npm run ${name} has parsed no command.`);
  return command;
}

/** Words of a line for a POSIX shell, as far as our commands need one: blanks, and single quotes. */
function shellWords(line: string): readonly string[] {
  const words = line.match(/(?:'[^']*'|\\'|[^\s'])+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'|\\'/g, (_, quoted?: string) => quoted ?? "'"));
}
