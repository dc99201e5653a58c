import { COMMAND_IN_TEXT } from '../../commands.ts';
import { type Html, html } from './html.ts';

// With a group in the pattern, every second part is a command.
const COMMAND = new RegExp(`(${COMMAND_IN_TEXT})`);

/** A sentence whose commands stand out, each to be selected and pasted as it is. */
export function prose(text: string): Html {
  const parts = text.split(COMMAND);
  return html`${parts.map((part, index) => (index % 2 === 0 ? part : html`<code class="command">${part}</code>`))}`;
}
