import { document } from '../../functions/shared/runs/page/page.ts';
import { Html, html } from '../../functions/shared/runs/page/html.ts';
import type { Recording } from '../integration/cli/run-command.ts';
import { type Cell, createScreen } from '../support/screen.ts';

/** What the screen shows from a moment on: HTML for a `pre`. */
type Frame = readonly [seconds: number, screen: string];

/** Outputs that come so soon after each other are one frame. */
const FRAME_SECONDS = 0.06;

const STYLE = `
.terminal { background: #14171f; color: #d9dde5; border-radius: 10px; padding: 18px 20px; overflow-x: auto; margin: 14px 0;
  font: 14px/1.45 "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.terminal .c1 { font-weight: 700; color: #ffffff; } .terminal .c2 { color: #939bab; } .terminal .c31 { color: #ff8a8a; }
.terminal .c32 { color: #4fd09a; } .terminal .c33 { color: #e9b552; } .terminal .c36 { color: #55bdd6; }
.player { display: flex; gap: 14px; align-items: center; } .player input { flex: 1; }
`;

const PLAYER = `
const frames = JSON.parse(document.querySelector('#frames').textContent);
const [screen, slider, button] = ['pre', 'input', 'button'].map((name) => document.querySelector(name));
const show = () => (screen.innerHTML = frames[slider.value][1]);
slider.max = frames.length - 1;
slider.value = slider.max;
slider.oninput = show;
button.onclick = () => {
  const startedAt = performance.now();
  const draw = () => {
    const seconds = (performance.now() - startedAt) / 1000;
    slider.value = Math.max(0, frames.findLastIndex(([at]) => at <= seconds));
    show();
    if (seconds < frames.at(-1)[0]) requestAnimationFrame(draw);
  };
  draw();
};
show();
`;

/** A page that plays a recording. At first it shows the end. */
export function terminalPage(recording: Recording, title: string): string {
  const frames = framesOf(recording);
  const data = JSON.stringify(frames).replaceAll('<', '\\u003c');
  const width = `width: calc(${recording.columns}ch + 40px)`;
  return document(
    { title, tone: 'good', style: STYLE },
    html`<header><h1>${title}</h1></header>
<pre class="terminal" style="${width}"></pre>
<p class="player"><button>Play</button><input type="range" min="0" aria-label="Moment"></p>
<script type="application/json" id="frames">${new Html(data)}</script><script>${new Html(PLAYER)}</script>`,
  );
}

function framesOf({ columns, writes }: Recording): readonly Frame[] {
  const screen = createScreen(columns);
  const frames: Frame[] = [];
  for (const [index, [seconds, text]] of writes.entries()) {
    screen.write(text);
    const next = writes[index + 1]?.[0] ?? Infinity;
    if (next - seconds > FRAME_SECONDS) frames.push([seconds, screen.cells.map(lineHtml).join('\n')]);
  }
  return frames;
}

function lineHtml(cells: readonly Cell[]): string {
  const pieces: { style: string; text: string }[] = [];
  for (const { character, style } of cells) {
    const last = pieces.at(-1);
    if (last?.style === style) last.text += character;
    else pieces.push({ style, text: character });
  }
  return html`${pieces.map(({ style, text }) => html`<span class="${classesOf(style)}">${text}</span>`)}`.toString();
}

const classesOf = (style: string): string =>
  style
    .split(';')
    .map((code) => `c${code}`)
    .join(' ');
