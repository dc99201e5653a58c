import { migration } from '#migration/index.ts';

/** What can be read, as the remedy in a refusal. */
export const READABLE = `Give a JSON array of ${migration.nouns.items}, one JSON object a line, the output of aws dynamodb scan, or the data files of a backup or an export; it may be .gz.`;

/** A file given with `--input` cannot be read as source items. One sentence: file, line, what is wrong, remedy. Exit code 2. */
export class InputFileError extends Error {
  override readonly name = 'InputFileError';
}
