import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderReport } from '../../../workflow/cli/report-html/render-report.ts';
import { renderSyncReport } from '../../../workflow/cli/report-html/render-sync-report.ts';
import { contrastRatios, hasChromium, launchChromium } from '../../support/chromium.ts';
import { checkedReportOf, lateReportOf, syncViewOf } from '../../unit/cli/sync-fixtures.ts';
import { hugeView, longNamesView } from '../../unit/cli/extreme-fixtures.ts';
import { failedView, largeView, restoreView, smallView } from '../../unit/cli/report-fixtures.ts';

const pages = {
  small: () => renderReport(smallView()),
  large: () => renderReport(largeView()),
  failed: () => renderReport(failedView()),
  restore: () => renderReport(restoreView()),
  sync: () => renderSyncReport(syncViewOf(checkedReportOf(false))),
  huge: () => renderReport(hugeView()),
  late: () => renderSyncReport(syncViewOf(lateReportOf())),
  'long names': () => renderReport(longNamesView()),
} as const;
/** Pixels between the margins of a page. */
const A4_WIDTH = 703;
const widths = { desk: 1_200, phone: 360 } as const;

interface OpenPage {
  readonly page: Page;
  readonly problems: readonly string[];
}

// Where there is no Chromium these are skipped; the page's text is tested without one.
describe.skipIf(!hasChromium)('the report in a browser', () => {
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), 'report-'));

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  async function open(
    name: keyof typeof pages,
    how: { readonly width: number; readonly colorScheme: 'light' | 'dark' },
  ): Promise<OpenPage> {
    const path = join(folder, `${name}.html`);
    writeFileSync(path, pages[name]());
    const page = await browser.newPage({
      viewport: { width: how.width, height: 900 },
      colorScheme: how.colorScheme,
      javaScriptEnabled: true,
    });
    const problems: string[] = [];
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) problems.push(request.url());
    });
    await page.goto(pathToFileURL(path).href);
    return { page, problems };
  }

  it.each(['small', 'large', 'failed', 'restore', 'sync'] as const)(
    'shows a %s run without an error or a request',
    async (name) => {
      const { page, problems } = await open(name, { width: widths.desk, colorScheme: 'light' });
      expect(await page.locator('h1').innerText()).toMatch(/\.$/);
      expect(await page.locator('svg.wide').first().isVisible()).toBe(true);
      expect(await page.locator('svg.narrow').first().isVisible()).toBe(false);
      expect(problems).toEqual([]);
      await page.close();
    },
  );

  it.each(['large', 'failed', 'restore', 'sync'] as const)(
    'fits a phone, a %s run: nothing sticks out, and the pictures are drawn for its width',
    async (name) => {
      const { page } = await open(name, { width: widths.phone, colorScheme: 'light' });
      const [content, viewport] = await page.evaluate<[number, number]>(
        '[document.documentElement.scrollWidth, innerWidth]',
      );
      expect(content).toBe(viewport);
      expect(await page.locator('svg.narrow').first().isVisible()).toBe(true);
      expect(await page.locator('svg.wide').first().isVisible()).toBe(false);
      await page.close();
    },
  );

  it.each(['large', 'failed', 'restore', 'sync'] as const)(
    'is whole and light on paper, a %s run',
    async (name) => {
      const { page } = await open(name, { width: A4_WIDTH, colorScheme: 'dark' });
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      const [outside, background, legends] = await page.evaluate<[string[], string, string[]]>(`[
        [...document.querySelectorAll('main *')]
          .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 1)
          .map((element) => element.outerHTML.slice(0, 200)),
        getComputedStyle(document.body).backgroundColor,
        [...document.querySelectorAll('.legend i')].map((sign) => getComputedStyle(sign).printColorAdjust),
      ]`);
      expect(outside).toEqual([]);
      expect(background).toBe('rgb(255, 255, 255)');
      expect(legends.filter((adjust) => adjust !== 'exact')).toEqual([]);
      expect(await page.locator('svg.wide').first().isVisible()).toBe(true);
      const pdf = await page.pdf({ preferCSSPageSize: true });
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
      await page.close();
    },
  );

  it.each(['small', 'large', 'failed', 'restore', 'sync', 'huge', 'late'] as const)(
    'writes no label over another, cuts none off, and leaves no hole among the figures on top, in a %s run',
    async (name) => {
      for (const width of [widths.phone, A4_WIDTH, 800, widths.desk]) {
        const { page } = await open(name, { width, colorScheme: 'light' });
        const [overlapping, cut, holes] = await page.evaluate<[string[], string[], number]>(`[
          [...document.querySelectorAll('svg:not(.graph)')].filter((svg) => svg.checkVisibility()).flatMap((svg) => {
            const texts = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
            return texts.flatMap(([one, a], index) => texts.slice(index + 1)
              .filter(([, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2)
              .map(([other]) => one + ' / ' + other));
          }),
          [...document.querySelectorAll('svg text')].filter((text) => text.checkVisibility()).filter((text) => {
            const [own, frame] = [text, text.ownerSVGElement].map((element) => element.getBoundingClientRect());
            return own.left < frame.left - 1 || own.right > frame.right + 1;
          }).map((text) => text.textContent),
          [...document.querySelectorAll('.tiles')].filter((box) =>
            box.lastElementChild.getBoundingClientRect().right < box.getBoundingClientRect().right - 2).length,
        ]`);
        expect(overlapping, `at ${width}`).toEqual([]);
        expect(cut, `at ${width}`).toEqual([]);
        expect(holes, `at ${width}`).toBe(0);
        await page.close();
      }
    },
  );

  it.each(['large', 'huge', 'long names'] as const)(
    'shows every figure and every outcome whole, at every width, of a %s run',
    async (name) => {
      for (const width of [widths.phone, 800, widths.desk]) {
        const { page } = await open(name, { width, colorScheme: 'light' });
        const [content, figures, outcomes] = await page.evaluate<[number, string[], string[]]>(`[
          document.documentElement.scrollWidth,
          [...document.querySelectorAll('.tile, .tile dt, .tile dd, .facts dt')]
            .filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.textContent),
          [...document.querySelectorAll('section[aria-labelledby="tables-heading"] .pill, section[aria-labelledby="quarantine-heading"] td')]
            .filter((cell) => cell.getBoundingClientRect().right > cell.closest('.scroll').getBoundingClientRect().right + 1)
            .map((cell) => cell.textContent),
        ]`);
        expect(content, `at ${width}`).toBe(width);
        expect(figures, `at ${width}`).toEqual([]);
        expect(outcomes, `at ${width}`).toEqual([]);
        await page.close();
      }
    },
  );

  it('shows a phone the way that was taken, and a desk what surrounds it', async () => {
    for (const [width, states] of [
      [widths.phone, 'succeeded'],
      [widths.desk, 'idle'],
    ] as const) {
      const { page } = await open('large', { width, colorScheme: 'light' });
      const shown = page.locator('.graph-scroll:visible');
      expect(await shown.count()).toBe(1);
      expect(await shown.locator(`.state.${states}`).count()).toBeGreaterThan(0);
      const idle = await shown.locator('.state.idle').count();
      expect(idle > 0).toBe(width === widths.desk);
      await page.close();
    }
  });

  it('selects a command whole, as it is to be pasted', async () => {
    const { page } = await open('failed', { width: widths.phone, colorScheme: 'light' });
    await page.locator('.next .command').first().click({ clickCount: 2 });
    expect(await page.evaluate('getSelection().toString()')).toBe('npm run migrate -- --stage prod');
    await page.close();
  });

  it.each(['large', 'restore', 'long names'] as const)(
    'fits a tablet, with no table cut, a %s run',
    async (name) => {
      const { page } = await open(name, { width: 800, colorScheme: 'light' });
      const cut = await page.evaluate<number>(
        "[...document.querySelectorAll('section > .scroll, .pair .scroll')].filter((box) => box.scrollWidth > box.clientWidth + 1).length",
      );
      expect(cut).toBe(0);
      await page.close();
    },
  );

  it('shows a phone every monthly figure, and breaks names at hyphens only', async () => {
    const { page } = await open('failed', { width: widths.phone, colorScheme: 'light' });
    const [outside, lines] = await page.evaluate<[number, number[]]>(`[
      [...document.querySelectorAll('.monthly td')].filter((cell) => cell.getBoundingClientRect().right > innerWidth).length,
      [...document.querySelectorAll('td code')].map((name) => name.getClientRects().length),
    ]`);
    expect(outside).toBe(0);
    expect(Math.max(...lines)).toBe(2);
    await page.close();
  });

  it('is dark when the reader wants it, pictures included', async () => {
    const colors = async (colorScheme: 'light' | 'dark'): Promise<readonly string[]> => {
      const { page } = await open('large', { width: widths.desk, colorScheme });
      const found = await page.evaluate<string[]>(`[
        getComputedStyle(document.body).backgroundColor,
        getComputedStyle(document.querySelector('svg.wide path[fill="var(--backup)"]')).fill,
      ]`);
      await page.close();
      return found;
    };
    const [light, dark] = [await colors('light'), await colors('dark')];
    expect(light).toEqual(['rgb(246, 247, 249)', 'rgb(58, 111, 216)']);
    expect(dark).toEqual(['rgb(14, 17, 22)', 'rgb(108, 155, 245)']);
  });

  it.each(['failed', 'sync'] as const)(
    'has enough contrast for its text, light and dark, in a %s run',
    async (name) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page } = await open(name, { width: widths.desk, colorScheme });
        const ratios = await page.evaluate<number[]>(contrastRatios);
        expect(Math.min(...ratios)).toBeGreaterThan(4.5);
        await page.close();
      }
    },
  );

  it('unfolds the table behind each picture from the keyboard', async () => {
    const { page } = await open('large', { width: widths.desk, colorScheme: 'light' });
    const table = page.locator('details table').first();
    expect(await table.isVisible()).toBe(false);
    await page.locator('summary').first().focus();
    await page.keyboard.press('Enter');
    expect(await table.isVisible()).toBe(true);
    expect(await table.innerText()).toContain('MigrateProducts');
    await page.close();
  });
});
