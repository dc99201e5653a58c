import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ComparedRun } from './compared-request.ts';

/** Answers of an engine, with the requests that it was sent. */
export interface Recording {
  /** Which engine, and which version. */
  readonly engine: string;
  readonly seed: number;
  readonly runs: readonly ComparedRun[];
}

const FOLDER = join(import.meta.dirname, '../../recorded');

/** The recordings that the repository holds. */
export function readRecordings(): readonly Recording[] {
  return readdirSync(FOLDER).map(
    (name) => JSON.parse(gunzipSync(readFileSync(join(FOLDER, name))).toString()) as Recording,
  );
}

/** Adds the recording to the repository, or replaces the earlier one of the same engine. */
export function writeRecording(recording: Recording): void {
  const name = recording.engine
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, '-')
    .replace(/-$/, '');
  writeFileSync(join(FOLDER, `${name}.json.gz`), gzipSync(JSON.stringify(recording), { level: 9 }));
}
