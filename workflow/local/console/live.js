// Runs in the browser. Every page works without it, but does not follow what happens.

const main = document.querySelector('main');
const lost = document.querySelector('.lost');
const UNANSWERED = lost.textContent;
let isTouched = false;

/**
 * Keeps the chosen state in sight, else the one that runs now, else where an error was caught or what has failed,
 * else the first, until the reader scrolls.
 */
function followGraph() {
  for (const box of document.querySelectorAll('.graph-box')) {
    const running = [...box.querySelectorAll('.running')].at(-1);
    const [caught, failed] = ['.caught', '.failed, .aborted'].map((one) =>
      [...box.querySelectorAll(one)].at(-1),
    );
    const shown =
      box.querySelector('.selected') ?? running ?? caught ?? failed ?? box.querySelector('.state');
    if (shown === null || isTouched) continue;
    const [frame, state] = [box.getBoundingClientRect(), shown.getBoundingClientRect()];
    box.scrollBy(
      state.left + state.width / 2 - frame.left - frame.width / 2,
      state.top + state.height / 2 - frame.top - frame.height / 2,
    );
  }
}

/** Whether the reader has selected text of a part, to copy it. */
function isSelected(part) {
  const selection = getSelection();
  return !selection.isCollapsed && selection.containsNode(part, true);
}

/** What can be scrolled, and what can have the focus. */
const SCROLLED = '[data-scroll], .scroll, pre';
const FOCUSABLE = 'a, button, [tabindex]';
const nameOf = (element) =>
  `${element.tagName} ${element.getAttribute('href') ?? element.getAttribute('aria-label') ?? element.textContent}`;

/** Puts a newer part of the page in the place of an older one; what is unfolded, scrolled or focused stays so. */
function replacePart(older, newer) {
  const open = new Set([...older.querySelectorAll('details[open][id]')].map(({ id }) => id));
  const scrolled = [...older.querySelectorAll(SCROLLED)].map((box) => [box.scrollLeft, box.scrollTop]);
  const focused = older.contains(document.activeElement) ? nameOf(document.activeElement) : undefined;
  older.innerHTML = newer.innerHTML;
  for (const details of older.querySelectorAll('details[id]')) details.open = open.has(details.id);
  [...older.querySelectorAll(SCROLLED)].forEach((box, index) => box.scrollTo(...(scrolled[index] ?? [0, 0])));
  if (focused === undefined) return;
  const again = [...older.querySelectorAll(FOCUSABLE)].find((element) => nameOf(element) === focused);
  again?.focus({ preventScroll: true });
}

/** The page cannot be made any more: its execution went with an earlier embedded AWS, for example. */
class RefusedError extends Error {}

async function refresh() {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  if (!answer.ok) throw new RefusedError(page.querySelector('.cause').textContent);
  let isCurrent = true;
  for (const older of document.querySelectorAll('[data-part]')) {
    const newer = page.querySelector(`[data-part="${older.dataset.part}"]`);
    if (newer === null || older.innerHTML === newer.innerHTML) continue;
    if (isSelected(older)) isCurrent = false;
    else replacePart(older, newer);
  }
  followGraph();
  return isCurrent ? page.querySelector('main')?.dataset.refresh : main.dataset.refresh;
}

/** Looks again and again, until a page says that it does not change any more. */
async function follow() {
  for (let millis = main.dataset.refresh; millis !== undefined;) {
    await new Promise((resolve) => setTimeout(resolve, Number(millis)));
    if (document.hidden) continue;
    try {
      millis = await refresh();
      lost.hidden = true;
    } catch (error) {
      lost.textContent =
        error instanceof RefusedError ? `${error.message} This page shows its last state.` : UNANSWERED;
      lost.hidden = false;
    }
  }
}

/** Says at once where the input is not JSON, as the server would. */
function checkJson(field) {
  const problem = document.querySelector('#input-problem');
  try {
    if (field.value.trim() !== '') JSON.parse(field.value);
    field.setCustomValidity('');
  } catch (error) {
    field.setCustomValidity(`The input is not JSON: ${error.message}.`);
  }
  problem.textContent = field.validationMessage;
}

/** Says what the chosen machine does. */
function describeMachine({ currentTarget }) {
  document.querySelector('#machine-comment').textContent = currentTarget.selectedOptions[0].dataset.comment;
}

document.querySelector('#machine')?.addEventListener('change', describeMachine);
for (const field of document.querySelectorAll('[data-json]'))
  field.addEventListener('input', () => checkJson(field));
for (const event of ['wheel', 'touchmove', 'pointerdown', 'keydown'])
  main.addEventListener(event, () => (isTouched = true), { passive: true });
followGraph();
void follow();
