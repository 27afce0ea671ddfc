import { test, expect } from '@playwright/test';

const link = process.env.DASHBOARD!;
const [address, token] = link.split('/#token=');

const PASSING = `
import { test, expect } from '@playwright/test';
test('add <b>one</b>', async ({ page }) => {
  await page.setContent('<button onclick="this.textContent++">1</button>');
  await page.getByRole('button').click();
  await expect(page.getByRole('button')).toHaveText('2');
  console.log('<img src=x onerror=document.title="owned">');
});`;
const FAILING = `
import { test, expect } from '@playwright/test';
test('reads', async ({ page }) => {
  await page.setContent('<h1>here</h1>');
  await expect(page.getByRole('heading')).toHaveText('there', { timeout: 100 });
});`;
const ENDLESS = `
import { test } from '@playwright/test';
test('waits', async ({ page }) => { await page.waitForTimeout(1e6); });`;

/** What must never happen: a complaint of the browser (of a blocked script, say), or the token in an address. */
test.beforeEach(({ page }) => {
  page.on('console', message => expect.soft(message.type(), message.text()).not.toBe('error'));
  page.on('pageerror', error => expect.soft(error.message, 'an error in the page').toBe(''));
  page.on('request', request => expect.soft(request.url().split('#')[0]).not.toContain(token));
});

test('a person runs a test and sees how it goes', async ({ page }) => {
  await page.goto(link);
  await expect(page).toHaveURL(`${address}/`);
  const agents = page.getByRole('list', { name: 'Agents' });
  await expect(agents.getByRole('listitem')).toContainText(['local']);
  await expect(agents).toContainText('Free');

  await page.getByLabel('Test').fill(PASSING);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'add <b>one</b>' })).toBeVisible();
  await expect(page.locator('#session-status')).toHaveText('Passed', { timeout: 30_000 });
  const steps = page.getByRole('list', { name: 'Steps' }).getByRole('listitem');
  await expect(steps).toHaveCount(3);
  await expect(steps.nth(1)).toContainText('Click the button');
  await expect(page.getByRole('log')).toContainText('<img src=x onerror=');
  await expect(page).toHaveTitle('add <b>one</b> · understudy');

  await steps.nth(1).getByRole('button').click();
  const picture = page.getByRole('img', { name: 'The page after step 2: Click the button' });
  await expect(picture).toBeVisible();
  expect(await picture.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth))).toBe(1280);

  await page.reload();
  await page.getByRole('button', { name: /add <b>one<\/b>/ }).click();
  await expect(steps).toHaveCount(3);
});

test('an agent is shown with its labels', async ({ page }) => {
  await page.route('**/api/v1/agents', async route => {
    const response = await route.fetch();
    const agents = await response.json();
    agents[0].labels = { gpu: 'yes', site: '<b>berlin</b>' };
    await route.fulfill({ response, json: agents });
  });
  await page.goto(link);
  await expect(page.getByRole('list', { name: 'Agents' })).toContainText('gpu=yes · site=<b>berlin</b>');
});

test('what waits says what for', async ({ page }) => {
  const session = { executionId: 'w', phase: 'waiting', agentId: null, ageMs: 5 };
  const start = { event: 'execution:start', payload: { executionId: 'w', code: "test('needs a gpu', …" } };
  const reason = 'No agent with the labels gpu=<b>yes</b> is connected';
  let say: (view: object) => void = () => {};
  await page.routeWebSocket(/socket\.io/, client => {
    const hub = client.connectToServer();
    say = view => client.send(`42${JSON.stringify(['hub:session', { ...session, ...view }])}`);
    client.onMessage(message => {
      hub.send(message);
      if (String(message).includes('hub:replay')) say({ start });
    });
  });
  await page.goto(link);
  const row = page.getByRole('button', { name: 'needs a gpu' });
  await row.click();
  await expect(page.locator('#session-status')).toHaveText('Waiting');
  say({ reason });
  await expect(row).toContainText(reason);
  await expect(page.locator('#session-agent')).toHaveText(reason);
  say({ phase: 'running' });
  await expect(page.locator('#session-status')).toHaveText('Running');
  await expect(page.locator('#session-agent')).toBeEmpty();
  await expect(row).not.toContainText(reason);
});

test('a failure says why, and its test can be changed and run again', async ({ page }) => {
  await page.goto(link);
  await page.getByLabel('Test').fill(FAILING);
  await page.getByLabel('Test').press('Control+Enter');
  await expect(page.locator('#session-status')).toHaveText('Failed', { timeout: 30_000 });
  await expect(page.locator('#verdict')).toContainText('toHaveText');
  await expect(page.getByRole('log')).toContainText('Expected: "there"');
  await page.getByRole('button', { name: 'Edit and run again' }).click();
  await expect(page.getByLabel('Test')).toHaveValue(FAILING);
});

test('what takes too long is cancelled', async ({ page }) => {
  await page.goto(link);
  await page.getByLabel('Test').fill(ENDLESS);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.locator('#session-status')).toHaveText('Running');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('#session-status')).toHaveText('Cancelled', { timeout: 30_000 });
});

test('who has no good token is asked for one', async ({ page }) => {
  await page.goto(address);
  await page.getByLabel('Token').fill('hello');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toHaveText('This token is not valid here, or no longer.');
  await page.getByLabel('Token').fill(token);
  await page.getByLabel('Token').press('Enter');
  await expect(page.getByText('Signed in as you')).toBeVisible();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.reload();
  await expect(page.getByLabel('Token')).toBeVisible();
});
