import { INTERRUPTED } from './exit-codes.ts';

/** Ctrl-C, as long as somebody listens. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Gives Ctrl-C back to Node, which ends the process. */
  release(): void;
}

/** The first Ctrl-C (or SIGTERM) aborts the signal, so that the command ends in order. The second ends it at once. */
export function onInterrupt(say: () => void = () => undefined): Interrupt {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    say();
    controller.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    release: () => void process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal),
  };
}
