import { readFile } from 'node:fs/promises';
import type { AwsResponse } from '../gateway/aws-request.ts';
import { scriptAnswer } from './answers.ts';

/** What keeps an open page up to date. */
export async function liveScript(): Promise<AwsResponse> {
  return scriptAnswer(await readFile(new URL('live.js', import.meta.url)));
}
