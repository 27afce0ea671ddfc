//! Videos are played by Chromium itself: as long, as large and of the colours that the pages had.

use super::support::Folder;

const SPEC: &str = r#"
import { expect, test, type Page } from '@playwright/test';
import { readFileSync, statSync } from 'node:fs';

/** Plays a video up to each of these moments; what its corner looks like there. */
const play = (page: Page, path: string, moments: number[]) => page.evaluate(async ({ url, moments }) => {
  const video = Object.assign(document.createElement('video'), { muted: true, src: url });
  await new Promise((loaded, failed) => {
    video.onloadeddata = loaded;
    video.onerror = () => failed(new Error(video.error!.message));
  });
  const { videoWidth: width, videoHeight: height, duration } = video;
  const colours: string[] = [];
  for (const moment of moments) {
    video.currentTime = moment < 0 ? duration + moment : moment;
    await new Promise(sought => { video.onseeked = sought; });
    const canvas = new OffscreenCanvas(width, height).getContext('2d')!;
    const middle = () => canvas.getImageData(width / 2, height / 2, 1, 1).data;
    // The place is found before its picture is there to be drawn.
    for (canvas.drawImage(video, 0, 0); middle()[3] === 0; canvas.drawImage(video, 0, 0))
      await new Promise(drawn => requestAnimationFrame(drawn));
    const [red, green, blue] = middle();
    colours.push(red > 200 && green < 80 && blue < 80 ? 'red' : blue > 200 && red < 80 && green < 80 ? 'blue' : `${red} ${green} ${blue}`);
  }
  return { width, height, duration, colours };
}, { url: `data:video/webm;base64,${readFileSync(path).toString('base64')}`, moments });

test('a video plays', async ({ browser, page }, info) => {
  const context = await browser.newContext({ viewport: { width: 640, height: 400 }, recordVideo: { dir: info.outputPath() } });
  const filmed = await context.newPage();
  await filmed.setContent('<body style="background: #f00">');
  // Two seconds of a life, in which nothing moves but once: in the page's time, not in ours.
  await filmed.evaluate(() => new Promise(later => setTimeout(later, 1000)));
  await filmed.evaluate(() => { document.body.style.background = '#00f'; });
  await filmed.evaluate(() => new Promise(later => setTimeout(later, 1000)));
  await context.close();
  const { width, height, duration, colours } = await play(page, await filmed.video()!.path(), [-0.1]);
  expect([width, height]).toEqual([640, 400]);
  expect(duration).toBeGreaterThan(1.9);
  expect(duration).toBeLessThan(60);
  expect(colours).toEqual(['blue']);
});

test('one of a size, of a page that is larger', async ({ browser, page }, info) => {
  const context = await browser.newContext({ viewport: { width: 500, height: 1000 }, recordVideo: { dir: info.outputPath(), size: { width: 320, height: 200 } } });
  const filmed = await context.newPage();
  await filmed.setContent('<body style="background: #f00">');
  await expect.poll(() => filmed.evaluate(() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(() => drawn(1)))))).toBe(1);
  await context.close();
  const { width, height, colours } = await play(page, await filmed.video()!.path(), [-0.1]);
  expect([width, height]).toEqual([320, 200]);
  // The page is in the corner, the rest is grey.
  expect(colours[0]).toMatch(/^(12[5-9]|13[0-3]) (12[5-9]|13[0-3]) (12[5-9]|13[0-3])$/);
});

test('one of a page in which nothing was', async ({ browser, page }, info) => {
  const filmed = await browser.newPage({ recordVideo: { dir: info.outputPath() } });
  await filmed.close();
  const path = await filmed.video()!.path();
  expect(statSync(path).size).toBeGreaterThan(100);
  expect((await play(page, path, [])).duration).toBeGreaterThanOrEqual(1);
});
"#;

#[test]
fn videos_play() {
    let folder = Folder::with(&[("video.spec.ts", SPEC)]);
    let done = folder.run(&["run", "video.spec.ts"]);
    assert_eq!(done.code, Some(0), "{}\n{}", done.out, done.err);
}
