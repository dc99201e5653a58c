import { parsePasted } from './pasted-commands.ts';

const SHORTEST_SENTENCE = 12;

/** What is wrong with a Cause: it says something twice, or names a command that the command line refuses. */
export async function causeProblems(cause: string): Promise<readonly string[]> {
  const lines = cause.split('\n');
  const commands = lines.filter((line) => line.startsWith('npm run '));
  const sentences = lines.flatMap((line) => line.split(/(?<=\.) /));
  const said = sentences.filter((one) => one.length >= SHORTEST_SENTENCE && one.endsWith('.'));
  const refused = await Promise.all(
    commands.map((line) =>
      parsePasted(line).then(
        () => [],
        (error: Error) => [`${line}: ${error.message}`],
      ),
    ),
  );
  return [...said.filter((one, index) => said.indexOf(one) < index), ...refused.flat()];
}
