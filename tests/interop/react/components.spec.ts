import { test, expect } from '@playwright/test';

const PASSING = `
import { test, expect } from '@playwright/test';
test('counts', async ({ page }) => {
  await page.setContent('<button onclick="this.textContent++">1</button>');
  await page.getByRole('button').click();
  await expect(page.getByRole('button')).toHaveText('2');
  console.log('counted');
});`;

test.use({ actionTimeout: 30_000 });

test('hooks and components of the documents', async ({ page, request }) => {
  const patient = expect.configure({ timeout: 60_000 });
  const part = (name: string) => page.getByRole('region', { name });
  const failures: string[] = [];
  page.on('pageerror', error => failures.push(error.message));
  const logged: string[] = [];
  page.on('console', message => logged.push(message.text()));
  await page.goto(`${process.env.PAGE}/?execution=r1&session=s1`);

  await patient(part('connection')).toHaveText('Status: Connected');
  await patient(part('header').getByRole('status')).toHaveText('Live Connected');
  await patient(part('execution')).toContainText('Progress: 0%');
  await patient(part('dashboard')).toContainText('Agent: idle');
  await patient(part('dashboard')).toContainText('Connected');

  // 003: in the room, and out of it again.
  const updated = JSON.parse(process.env.UPDATED!);
  const tell = async (name: string) => {
    updated.data.project_name = name;
    const answer = await request.post(`${process.env.HUB}/api/v1/events`, {
      headers: { authorization: `Bearer ${process.env.SERVICE}` }, data: updated,
    });
    expect(answer.status()).toBe(202);
  };
  const project = part('project');
  const done = 'success project:550e8400-e29b-41d4-a716-446655440000';
  await patient(project).toContainText(`connected ${done}`);
  await tell('first');
  await patient(project).toContainText('Updates: first');

  // 002, and what 000 and 004 see of the same session.
  await page.evaluate(code => (globalThis as any).start(code), PASSING);
  await patient(part('execution')).toContainText('Progress: 100%');
  await expect(part('execution')).toContainText('Steps: 3');
  await expect(part('execution')).toContainText(/Logs: [1-9]/);
  await patient(part('dashboard')).toContainText('r1 passed: 3 steps');
  await patient(part('presence')).toContainText(/Busy after [1-9]/);
  await patient.poll(() => logged).toContain('Log: counted');
  await part('presence').getByRole('button').click();

  await expect(part('browser')).not.toContainText('Live Preview Available');
  await part('browser').getByRole('button', { name: 'Navigate' }).click();
  await patient(part('browser')).toContainText('Live Preview Available');

  await project.getByRole('button', { name: 'Leave' }).click();
  await patient(project).toContainText(`connected ${done}, ${done}`);
  await tell('second');

  // A line that was cut is shown, and mended by hand.
  await page.evaluate(() => (globalThis as any).hangUp());
  await patient(part('connection')).toHaveText('Status: Disconnected');
  await part('header').getByRole('button', { name: 'Retry' }).click();
  await patient(part('header').getByRole('status')).toHaveText('Live Connected');
  await expect(project).toContainText('Updates: first');
  await expect(project).not.toContainText('second');
  expect(failures).toEqual([]);
});
