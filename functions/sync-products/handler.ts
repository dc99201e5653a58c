import { lambdaHandler } from '../shared/handler.ts';
import { changeBatchSchema, MAX_BATCH_CHARACTERS } from './change-batch.ts';
import { followChanges } from './follow-changes.ts';

/** What Lambda's event source mapping calls with a batch of change records. */
export const handler = lambdaHandler({
  input: changeBatchSchema,
  maxCharacters: MAX_BATCH_CHARACTERS,
  run: followChanges,
});
