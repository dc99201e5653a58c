import { cut } from './text.ts';

/** A message: what is said, in one line, and what to do now, in the lines that follow. */
export interface Message {
  readonly said: string;
  /** Lines, as `stepText` makes them. Absent where the message names no step of its own. */
  readonly nextStep?: string;
}

/** Takes a message apart. What is said has no line break, because foreign texts in it are escaped. */
export function splitMessage(text: string): Message {
  const end = text.indexOf('\n');
  return end === -1 ? { said: text } : { said: text.slice(0, end), nextStep: text.slice(end + 1) };
}

export function joinMessage({ said, nextStep }: Message): string {
  return nextStep === undefined ? said : `${said}\n${nextStep}`;
}

/**
 * A message of at most `maxBytes` bytes: what is said is cut, and never a command below it. Half a command may delete another
 * table. Steps for which there is no room are left out.
 */
export function cutMessage(text: string, maxBytes: number): string {
  const { said, nextStep } = splitMessage(text);
  if (nextStep === undefined) return cut(said, maxBytes);
  const room = maxBytes - Buffer.byteLength(nextStep) - 1;
  return room < 0
    ? someSteps({ said, nextStep }, maxBytes)
    : joinMessage({ said: cut(said, room), nextStep });
}

/** What is said keeps a quarter of a message whose steps are too long for it. */
const PARTS = 4;
const LEFT_OUT = 'There are more steps than fit here.';

function someSteps({ said, nextStep }: Required<Message>, maxBytes: number): string {
  const kept = cut(said, Math.floor(maxBytes / PARTS));
  let room = maxBytes - Buffer.byteLength(`${kept}\n${LEFT_OUT}`);
  const lines = nextStep.split('\n');
  const end = lines.findIndex((line) => (room -= Buffer.byteLength(line) + 1) < 0);
  const whole = lines.slice(0, end);
  // What a command is for says nothing without it.
  while (whole.at(-1)?.endsWith(':') === true) whole.pop();
  return cut([kept, ...whole, LEFT_OUT].join('\n'), maxBytes);
}
