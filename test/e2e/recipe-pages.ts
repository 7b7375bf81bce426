import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';

const state = `(() => {
  const saved = document.getElementById('saved').textContent.trim();
  return saved.startsWith('saved') ? document.getElementById('editor').dataset.position : '';
})()`;

/** Does something that changes the recipe, and waits until that is kept and drawn. */
export async function changed(page: Page, act: () => Promise<unknown>): Promise<void> {
  const before = await page.evaluate<string>(state);
  await act();
  // The policy of the pages lets nothing be evaluated in them that waits by itself.
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) {
    const now = await page.evaluate<string>(state);
    if (now !== '' && now !== before) return;
  }
  throw new Error(`The recipe is still at ${before}.`);
}

/** Adds a step behind the one that is looked at: by key, by what it is called, and Enter. */
export async function addStep(page: Page, words: string): Promise<void> {
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('a');
  const find = page.getByRole('searchbox', { name: 'Add a step' });
  await find.waitFor();
  await find.fill(words);
  await changed(page, () => find.press('Enter'));
  await page.locator('#step-form').waitFor();
}

/** The sentences of the steps, in their order. */
export async function sentences(page: Page): Promise<string[]> {
  const all = await page.locator('#steps > li[data-step] .stepname').allTextContents();
  return all.map((text) =>
    text
      .replace(/\s+/g, ' ')
      .replace(/^Step \d+: /, '')
      .trim(),
  );
}

/** The pass over the whole file has come to its end. */
export async function untilChecked(page: Page): Promise<void> {
  await page.getByText('whole file checked in').waitFor();
}
