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

/** A message of at most `maxBytes` bytes: what is said is cut, and never the command below it. */
export function cutMessage(text: string, maxBytes: number): string {
  const { said, nextStep } = splitMessage(text);
  if (nextStep === undefined) return cut(said, maxBytes);
  const room = maxBytes - Buffer.byteLength(nextStep) - 1;
  return room < 0 ? cut(text, maxBytes) : joinMessage({ said: cut(said, room), nextStep });
}
