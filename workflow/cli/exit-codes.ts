/** Wrong usage: an option that does not exist, or two that do not go together. Nothing was started. */
export const WRONG_USAGE = 2;

/** The workflow refused the input before it had changed anything. */
export const REFUSED = 3;

/** Nothing answers any more. The execution goes on. */
export const LOST_CONNECTION = 7;
