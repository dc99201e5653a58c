import { DEFAULT_REGION, EMBEDDED_STAGE } from '../../functions/shared/stage-words.cjs';

/** The account that the embedded AWS plays: every ARN carries it, and STS names it. */
export const ACCOUNT_ID = '123456789012';

/** The region of the embedded AWS, whatever region a client signs for. */
export const REGION = DEFAULT_REGION;

/** The stage that `sls package` compiles for this machine. */
export const STAGE = EMBEDDED_STAGE;

/** The ARN of a regional resource of this account, `arn:aws:<service>:<region>:<account>:<resource>`. */
export function arnOf(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT_ID}:${resource}`;
}
