import { TransformError } from '../errors.ts';

/** Where the migration's own code failed, and what is to be done about it. */
interface OwnCode {
  /** `on Product "42", which it should transform or refuse` */
  readonly where: string;
  /** What to do before the code is corrected. */
  readonly advice: string;
}

/** Without the error's own message, which may hold a value of the item. */
export function ownCodeError({ where, advice }: OwnCode, error: unknown): TransformError {
  const what = error instanceof Error ? error.name : typeof error;
  return new TransformError(
    `The migration's own code threw ${what} ${where}. ${advice} Correct the code and deploy it.`,
    undefined,
    { cause: error },
  );
}
