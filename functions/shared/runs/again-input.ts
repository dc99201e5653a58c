import { helpCommand, type Input, type Step } from '../commands.ts';
import type { RunParameters } from '../ledger/run.ts';
import { printable } from '../printable.ts';

/** What a run was asked for; an input that has not begun one may name a run to resume. */
type Asked = Omit<RunParameters, 'maxConcurrency' | 'note'> & { readonly resume?: string | undefined };

/** The input that asks for the same again. Defaults are left out, and so is what a deployment decides. */
export function inputOf(parameters: Asked): Input {
  const { dryRun, onFailure, maxQuarantined, onExisting, writeEngine = 'batch', ...others } = parameters;
  const { readUnitsPerSecond, writeUnitsPerSecond, maxCost, allowEmpty, keepClosed, resume, confirm } =
    others;
  const asked = {
    resume,
    dryRun: dryRun || undefined,
    onFailure: onFailure === 'rollback' ? undefined : onFailure,
    maxQuarantined: maxQuarantined === 0 ? undefined : maxQuarantined,
    onExisting: onExisting === 'keep' ? undefined : onExisting,
    readUnitsPerSecond,
    writeUnitsPerSecond,
    maxCost,
    writeEngine: writeEngine === 'batch' ? undefined : writeEngine,
    allowEmpty: allowEmpty === true ? true : undefined,
    keepClosed: keepClosed === true ? true : undefined,
    confirm,
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

/** {@link inputOf} what was typed, before a deployment's value has taken the place of a missing `maxConcurrency`. */
export function askedInput({
  maxConcurrency,
  ...asked
}: Asked & { readonly maxConcurrency?: number | undefined }): Input {
  return { ...inputOf(asked), ...(maxConcurrency !== undefined && { maxConcurrency }) };
}

/** An execution's input, as far as a command can repeat it: what was typed may be anything. A note is not repeated. */
export function typedInput(typed: unknown): Input {
  if (typeof typed !== 'object' || typed === null || Array.isArray(typed)) return {};
  return Object.fromEntries(
    Object.entries(typed).filter(
      ([field, value]) =>
        /^[A-Za-z]+$/.test(field) && !NOT_REPEATED.has(field) && isRepeatable(value as unknown),
    ),
  ) as Input;
}

const NOT_REPEATED: ReadonlySet<string> = new Set(['note', 'Comment']);

const isRepeatable = (value: unknown): boolean =>
  typeof value === 'boolean' ||
  typeof value === 'number' ||
  (typeof value === 'string' && printable(value) === value);

/** After an unusable input. A command without the mistyped field could write where a dry run was meant. */
export const correctInput = (name: string): Step => [
  'Correct the input, then start with all of it again. To list the options',
  helpCommand(name),
];
