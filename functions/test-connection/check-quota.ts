import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { errorSummary } from '../shared/errors.ts';
import type { Runtime } from '../shared/runtime.ts';
import { type Check, done, warning } from './check.ts';

/** Left to the shop's other functions and to this service's own. */
const SPARED_CONCURRENCY = 5;

export interface QuotaCheck {
  readonly check: Check;
  /** Map workers that Lambda would run at once; `undefined` where it is not known. */
  readonly workers: number | undefined;
}

/** How many Map workers the account's Lambda quota carries. Not knowing it is a warning, no stop. */
export async function checkQuota({ clients }: Runtime): Promise<QuotaCheck> {
  const what = 'Lambda concurrency';
  try {
    const { AccountLimit } = await clients.other(LambdaClient).send(new GetAccountSettingsCommand({}));
    const quota = AccountLimit?.UnreservedConcurrentExecutions ?? AccountLimit?.ConcurrentExecutions;
    if (quota === undefined)
      return {
        check: warning(what, 'Lambda did not tell its quota; it is not taken into account.'),
        workers: undefined,
      };
    const workers = Math.max(1, quota - SPARED_CONCURRENCY);
    return {
      check: done(what, `The account runs ${quota} functions at once, so at most ${workers} workers.`),
      workers,
    };
  } catch (error) {
    const { name } = errorSummary(error);
    const sentence = `The account's Lambda quota could not be read (${name}), so it is not taken into account. If workers are throttled, start with a smaller maxConcurrency.`;
    return { check: warning(what, sentence), workers: undefined };
  }
}
