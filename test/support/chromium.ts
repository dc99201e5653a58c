import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

/** Where there is no Chromium, what only a browser can show is not tested. */
export const hasChromium = executablePath !== undefined;

/** Nothing of the browser's own goes to the network. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: executablePath ?? '', args });
}

/** Contrast of each text against its panel, by WCAG's formula; evaluated in the page. */
export const contrastRatios = `(() => {
  const luminance = (color) => {
    const [red, green, blue] = color.match(/[\\d.]+/g).slice(0, 3).map((channel) => {
      const share = channel / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ratio = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const background = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return /^rgba\\(.*, 0\\)$/.test(color) ? background(element.parentElement) : color;
  };
  const texts = 'h1, h2, h3, .lead, .pill, .tile dt, .tile dd, small, .cause, .next, td, th, dt, dd, summary';
  return [...document.querySelectorAll(texts)].map((element) => ratio(getComputedStyle(element).color, background(element)));
})()`;
