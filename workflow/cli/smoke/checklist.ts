import { printable } from '../../../functions/shared/printable.ts';
import { duration } from '../../../functions/shared/format.ts';
import { explain, type Whereabouts } from '../operator-error.ts';
import type { Terminal } from '../terminal.ts';

/** One line of the list. */
export interface CheckedStep {
  readonly step: string;
  readonly ok: boolean;
  /** What was seen, or what went wrong. */
  readonly sentence: string;
  readonly seconds: number;
}

/** What has been proved so far; printed as it grows. */
export interface Checklist {
  readonly steps: readonly CheckedStep[];
  readonly ok: boolean;
  /** Does a step unless one before has failed. */
  step(name: string, work: () => Promise<string>): Promise<void>;
  /** Does it whatever has failed before. */
  always(name: string, work: () => Promise<string>): Promise<void>;
}

export function createChecklist({ say, colors, signs }: Terminal, where: Whereabouts): Checklist {
  const steps: CheckedStep[] = [];
  const isOk = (): boolean => steps.every(({ ok }) => ok);
  const note = (done: CheckedStep): void => {
    steps.push(done);
    const sign = done.ok ? signs.good : signs.bad;
    say(
      `  ${sign} ${done.step} ${colors.dim(`(${duration(done.seconds)})`)}\n    ${printable(done.sentence)}`,
    );
  };
  const always = async (step: string, work: () => Promise<string>): Promise<void> => {
    const startedAt = performance.now();
    const outcome = await work().then(
      (sentence) => ({ ok: true, sentence }),
      (error: unknown) => ({ ok: false, sentence: explain(error, where) }),
    );
    note({ step, ...outcome, seconds: (performance.now() - startedAt) / 1_000 });
  };
  return {
    steps,
    get ok() {
      return isOk();
    },
    always,
    async step(name, work) {
      if (isOk()) await always(name, work);
    },
  };
}
