import { readFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, it, vi } from 'vitest';

const SCRIPT = new URL('../../../workflow/local/console/live.js', import.meta.url);

const UNANSWERED = 'The embedded AWS does not answer any more.';
const REFUSED = 'There is no execution run-1.';

/** What the page asks the embedded AWS for, in turn; the last answer stays. */
type Answer = 'page' | 'refusal' | 'silence';

const inRefusal = (selector: string): unknown =>
  selector === 'main' ? { dataset: {} } : { textContent: REFUSED };

let isOpen = true;

afterAll(() => void (isOpen = false));

/** An open page of the console, as far as its script needs one. */
async function openPage(answers: Answer[]): Promise<{ hidden: boolean; textContent: string }> {
  const lost = { hidden: true, textContent: UNANSWERED };
  const main = { dataset: { refresh: '1' }, addEventListener: () => undefined };
  const found: Readonly<Record<string, unknown>> = { main, '.lost': lost };
  const select = {
    querySelector: (selector: string) => found[selector] ?? null,
    querySelectorAll: () => [],
  };
  const fetched = async () => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === 'silence') throw new Error('fetch failed');
    return { ok: answer === 'page', text: async () => answer };
  };
  class Parser {
    parseFromString(answer: Answer): unknown {
      return answer === 'page' ? select : { ...select, querySelector: inRefusal };
    }
  }
  runInNewContext(await readFile(SCRIPT, 'utf8'), {
    document: { ...select, hidden: false },
    location: { href: 'http://127.0.0.1:4566/_console/' },
    fetch: fetched,
    DOMParser: Parser,
    setTimeout: (look: () => void, millis: number) => isOpen && setTimeout(look, millis),
  });
  return lost;
}

it('a page that the embedded AWS no longer has says so, and that it shows its last state', async () => {
  const lost = await openPage(['page', 'silence', 'refusal']);
  await vi.waitFor(() =>
    expect(lost).toEqual({ hidden: false, textContent: `${REFUSED} This page shows its last state.` }),
  );
});

it('a page goes on looking after an answer that it could not use', async () => {
  const lost = await openPage(['refusal', 'silence']);
  await vi.waitFor(() => expect(lost).toEqual({ hidden: false, textContent: UNANSWERED }));
});

it('a page that is answered again takes its notice away', async () => {
  const answers: Answer[] = ['refusal', 'page'];
  const lost = await openPage(answers);
  await vi.waitFor(() => expect([lost.hidden, answers]).toEqual([true, ['page']]));
});
