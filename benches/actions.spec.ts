import { test, expect } from '@playwright/test';

// A thousand calls of ten kinds, as tests make them. Run by `understudy run` and by the official runner on the same Chromium.
test('a thousand actions', async ({ page }) => {
  test.setTimeout(0);
  await page.setContent(`<label>Name <input id="name"></label><label><input type="checkbox"> News</label>
    <label>Fruit <select><option value="a">Apple</option><option value="b">Banana</option></select></label>
    <button onclick="count.textContent = 1 + Number(count.textContent)">Add</button><p data-testid="count" id="count">0</p>
    <ul>${'<li><a href="#x">link</a> <b>word</b></li>'.repeat(100)}</ul>`);
  const start = performance.now();
  for (let round = 1; round <= 100; round++) {
    await page.getByLabel('Name').fill(`round ${round}`);
    await page.getByLabel('Name').press('End');
    await page.getByLabel('News').check();
    await page.getByLabel('News').uncheck();
    await page.getByLabel('Fruit').selectOption(round % 2 ? 'a' : 'b');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.locator('li').nth(round % 10).hover();
    await expect(page.getByTestId('count')).toHaveText(String(round));
    expect(await page.locator('#name').inputValue()).toBe(`round ${round}`);
    expect(await page.evaluate(n => n + 1, round)).toBe(round + 1);
  }
  console.log(`took ${(performance.now() - start).toFixed(1)} ms`);
});
