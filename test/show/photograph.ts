import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import type { Page } from './stories.ts';

/** A phone, a tablet and a desk, in pixels. */
export const WIDTHS = [390, 800, 1_280] as const;
export const SCHEMES = ['light', 'dark'] as const;

/** The pictures of a page, as names of files in the folder. */
export interface Pictures {
  readonly page: Page;
  readonly images: readonly Picture[];
  /** On A4. */
  readonly pdf: string | undefined;
}

export interface Picture {
  readonly file: string;
  readonly width: number;
  readonly scheme: (typeof SCHEMES)[number];
}

/** Takes a page at every width, light and dark, from its top to its end, and prints it. */
export async function photograph(
  browser: Browser,
  { page, name }: { readonly page: Page; readonly name: string },
  folder: string,
): Promise<Pictures> {
  const tab = await browser.newPage();
  const images: Picture[] = [];
  for (const width of WIDTHS) {
    await tab.setViewportSize({ width, height: 900 });
    await tab.goto(page.url);
    for (const scheme of SCHEMES) {
      const file = `${name}-${width}-${scheme}.png`;
      await tab.emulateMedia({ colorScheme: scheme });
      await tab.screenshot({ path: join(folder, file), fullPage: true });
      images.push({ file, width, scheme });
    }
  }
  const pdf = page.isPrinted === true ? `${name}.pdf` : undefined;
  if (pdf !== undefined) await tab.pdf({ path: join(folder, pdf), preferCSSPageSize: true });
  await tab.close();
  return { page, images, pdf };
}
