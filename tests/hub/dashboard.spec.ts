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

test('what is pressed while the hub is away is not swallowed', async ({ page }) => {
  let away = false;
  let leave = () => {};
  await page.routeWebSocket(/socket\.io/, client => {
    if (away) return void client.close();
    client.connectToServer();
    leave = () => client.close();
  });
  await page.goto(link);
  await expect(page.locator('#connection')).toHaveText('Connected');
  away = true;
  leave();
  await expect(page.locator('#connection')).toHaveText('Connection lost, trying again…');
  const refusal = page.getByText('The hub is not connected: nothing was started. Try again when it is.').filter({ visible: true });
  await page.getByLabel('Test').fill(PASSING);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(refusal).toBeVisible();
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await expect(refusal).toBeHidden();
  await page.getByLabel('Address', { exact: true }).fill(address);
  await page.getByRole('button', { name: 'Start recording' }).click();
  await expect(refusal).toBeVisible();
  away = false;
  await expect(page.locator('#connection')).toHaveText('Connected', { timeout: 30_000 });
  await expect(refusal).toBeHidden();
  await page.getByRole('button', { name: 'New run' }).click();
  await expect(page.getByLabel('Test')).toHaveValue(PASSING);
});

test('what is pressed before the hub is there is started when it is', async ({ page }) => {
  let come = () => {};
  const there = new Promise<void>(resolve => { come = resolve; });
  await page.routeWebSocket(/socket\.io/, async client => {
    await there;
    client.connectToServer();
  });
  await page.goto(link);
  await expect(page.locator('#connection')).toHaveText('Connecting…');
  await page.getByLabel('Test').fill(PASSING);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page.getByRole('alert')).toBeHidden();
  come();
  await expect(page.locator('#session-status')).toHaveText('Passed', { timeout: 30_000 });
});

test('a session that the hub has forgotten does not go on for ever', async ({ page }) => {
  let forgets = false;
  let leave = () => {};
  await page.routeWebSocket(/socket\.io/, client => {
    const hub = client.connectToServer();
    client.onMessage(message => hub.send(message));
    hub.onMessage(message => {
      if (!forgets || !String(message).includes('executionId')) client.send(message);
    });
    leave = () => client.close();
  });
  await page.goto(link);
  await page.getByLabel('Test').fill(ENDLESS);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  const status = page.locator('#session-status');
  await expect(status).toHaveText('Running');
  leave();
  await expect(page.locator('#connection')).toHaveText('Connected', { timeout: 30_000 });
  await expect(status).toHaveText('Running');
  forgets = true;
  leave();
  await expect(status).toHaveText('Lost', { timeout: 30_000 });
  await expect(page.locator('#verdict')).toHaveText('The hub was started anew and does not know this session any more: how it ends is not told here.');
  await expect(page.getByRole('button', { name: 'Cancel', exact: true })).toBeHidden();
  forgets = false;
  await page.reload();
  await expect(status).toHaveText('Running');
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await expect(status).toHaveText('Cancelled', { timeout: 30_000 });
});

test('a narrow screen shows all of it', async ({ page }) => {
  await page.setViewportSize({ width: 340, height: 700 });
  await page.goto(link);
  await expect(page.locator('#connection')).toHaveText('Connected');
  const lines = (element: HTMLElement) => {
    const { paddingTop, paddingBottom, lineHeight } = getComputedStyle(element);
    return Math.round((element.clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom)) / parseFloat(lineHeight));
  };
  expect(await page.getByRole('button', { name: 'Sign out' }).evaluate(lines)).toBe(1);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(340);
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
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
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
