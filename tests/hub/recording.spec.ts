import { test, expect as hurried, Locator, Page } from '@playwright/test';

/** Three browsers work for these, on whatever machine there is. */
const expect = hurried.configure({ timeout: 30_000 });
test.describe.configure({ timeout: 90_000 });

const link = process.env.DASHBOARD!;
const site = process.env.SITE!;
const SIZE = { width: 1280, height: 720 };

/** What must never happen: a complaint of the browser, of a blocked script, say. */
test.beforeEach(({ page }) => {
  page.on('console', message => expect.soft(message.type(), message.text()).not.toBe('error'));
  page.on('pageerror', error => expect.soft(error.message, 'an error in the page').toBe(''));
});

/** A person before the dashboard. A page of their own tells where things are in the picture. */
class Person {
  private twin!: Page;

  constructor(readonly page: Page) {}

  async records(path: string, language = 'Playwright Test (TypeScript)') {
    this.twin = await this.page.context().newPage();
    await this.twin.setViewportSize(SIZE);
    await this.twin.goto(site + path);
    await this.page.bringToFront();
    await this.page.goto(link);
    await this.page.getByRole('button', { name: 'Record', exact: true }).click();
    await this.page.getByLabel('Address', { exact: true }).fill(site + path);
    await this.page.getByLabel('Code for').selectOption(language);
    await this.page.getByRole('button', { name: 'Start recording' }).click();
    await this.sees('Recording');
  }

  async sees(status: string) {
    await expect(this.page.locator('#record-status')).toHaveText(status);
  }

  get code() {
    return this.page.locator('#record-code');
  }

  /** Where in the picture it is. */
  async place(find: (page: Page) => Locator) {
    const box = (await find(this.twin).boundingBox())!;
    const picture = (await this.page.getByRole('img', { name: 'The page as it looks now' }).boundingBox())!;
    const scale = picture.width / SIZE.width;
    expect(picture.height / SIZE.height, 'the picture keeps its proportions').toBeCloseTo(scale, 2);
    return [picture.x + (box.x + box.width / 2) * scale, picture.y + (box.y + box.height / 2) * scale] as const;
  }

  /** Clicks in the picture, and waits for the line. */
  async clicks(find: (page: Page) => Locator, line: string) {
    await this.page.mouse.click(...await this.place(find));
    await expect(this.code).toContainText(line);
    await find(this.twin).click();
  }

  /** Clicks in the picture on what is not to be done. */
  async points(find: (page: Page) => Locator, line: string) {
    await this.page.mouse.click(...await this.place(find));
    await expect(this.code).toContainText(line);
  }

  async types(text: string, line: string) {
    await this.page.keyboard.type(text);
    await expect(this.code).toContainText(line);
    await this.twin.keyboard.type(text);
  }
}

test('what is done in the picture becomes code, and runs', async ({ page }) => {
  const ada = new Person(page);
  await ada.records('/index.html');
  await ada.clicks(its => its.getByLabel('Search'), "getByRole('searchbox', { name: 'Search' }).click();");
  await ada.types('lamp', "getByRole('searchbox', { name: 'Search' }).fill('lamp');");
  await ada.clicks(its => its.getByRole('button', { name: 'Add to cart' }), "getByRole('button', { name: 'Add to cart' }).click();");
  await page.mouse.click(...await ada.place(its => its.getByLabel('Order')));
  await page.getByRole('listbox', { name: 'Options' }).press('End');
  await page.getByRole('listbox', { name: 'Options' }).press('Enter');
  await expect(ada.code).toContainText("selectOption('name');");
  await ada.clicks(its => its.getByRole('link', { name: 'Cart' }), "getByRole('link', { name: 'Cart' }).click();");
  await page.getByRole('button', { name: 'Assert text' }).click();
  await ada.points(its => its.getByTestId('total'), "expect(page.getByTestId('total')).toContainText('€49.00');");
  await expect(page.getByRole('list', { name: 'Actions' }).getByRole('listitem').last()).toHaveText('Expect text ‘total’ €49.00');

  await page.getByRole('button', { name: 'Finish' }).click();
  await ada.sees('Recorded');
  await page.getByRole('button', { name: 'Run it' }).click();
  await expect(page.locator('#session-status')).toHaveText('Passed');
  await expect(page.getByRole('list', { name: 'Steps' }).getByRole('listitem')).toHaveCount(7);
  await expect(page.getByRole('img', { name: /^The page after step 7/ })).toBeVisible();
});

test('another language runs too, and secrets are asked for', async ({ page }) => {
  const ada = new Person(page);
  await ada.records('/login.html', 'Python, pytest');
  await ada.clicks(its => its.getByLabel('User'), 'get_by_role("textbox", name="User").click()');
  await ada.types('ada', 'fill("ada")');
  await page.keyboard.press('Tab');
  await ada.types('engine', 'fill(os.environ["PASSWORD"])');
  await page.keyboard.press('Enter');
  await expect(ada.code).toContainText('press("Enter")');
  await page.getByRole('button', { name: 'Finish' }).click();
  await ada.sees('Recorded');
  await page.getByRole('button', { name: 'Run it' }).click();
  await expect(page.getByLabel('PASSWORD')).toBeFocused();
  await page.getByLabel('PASSWORD').fill('engine');
  await page.getByRole('button', { name: 'Run it' }).click();
  await expect(page.locator('#session-status')).toHaveText('Passed');
  const steps = page.getByRole('list', { name: 'Steps' });
  await expect(steps).toContainText('Fill the field ‘Password’ with ‘***’');
  expect(await page.content()).not.toContain('engine');
});

test('a pause, a dialog, a page that is reloaded', async ({ page }) => {
  const ada = new Person(page);
  await ada.records('/play/dialogs.html');
  await page.getByRole('button', { name: 'Pause' }).click();
  await ada.sees('Paused');
  await page.getByRole('button', { name: 'Resume' }).click();
  await ada.sees('Recording');
  await page.reload();
  await expect(ada.code).toContainText('/play/dialogs.html');
  await page.mouse.click(...await ada.place(its => its.getByRole('button', { name: 'Prompt' })));
  await page.getByLabel('Answer').fill('Ada');
  await page.keyboard.press('Enter');
  await expect(ada.code).toContainText("dialog.accept('Ada')");
  await expect(page.getByRole('alertdialog')).toBeHidden();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await ada.sees('Cancelled');
});

test('what cannot be recorded says why', async ({ page }) => {
  await page.goto(link);
  await page.getByRole('button', { name: 'Record', exact: true }).click();
  await page.getByLabel('Address', { exact: true }).fill(site);
  await page.getByLabel('Device').fill('iphone13');
  await page.getByRole('button', { name: 'Start recording' }).click();
  await expect(page.getByRole('alert')).toContainText('Did you mean iPhone 13');
  await page.getByRole('button', { name: 'Record again' }).click();
  await expect(page.getByLabel('Device')).toHaveValue('iphone13');
});
