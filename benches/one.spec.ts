import { test, expect } from '@playwright/test';

test('one', async ({ page }) => {
  const start = performance.now();
  await page.setContent('<button onclick="this.textContent = \'done\'">Go</button>');
  await page.getByRole('button', { name: 'Go' }).click();
  await expect(page.getByRole('button')).toHaveText('done');
  console.log(`page ${(performance.now() - start).toFixed(1)} ms`);
});
