// `use: { video }`: what pages of the test looked like.
import { isKept, isRecorded, modeOf } from './tracing.js';

/** `recordVideo` for the context of this attempt, or undefined. */
export function filming(info, option) {
  if (info?.retry === undefined || !isRecorded(modeOf(option), info.retry)) return undefined;
  const { size, fps, show } = Object(option);
  return { recordVideo: { dir: info.project.outputDir, size, fps, showActions: show?.actions, lazy: true } };
}

/** The attempt is over and its context closed: videos that are kept become attachments. */
export async function endVideos(info, option, videos) {
  if (!isKept(modeOf(option), info)) {
    await Promise.all(videos.map(video => video.delete()));
    return;
  }
  for (const [index, video] of videos.entries()) {
    const path = info.outputPath(`video${index ? `-${index}` : ''}.webm`);
    try {
      await video.saveAs(path);
      info.attachments.push({ name: 'video', contentType: 'video/webm', path });
      await video.delete();
    } catch (error) {
      // It is no fault of the test's.
      console.warn(`no video is kept: ${error.message}`);
    }
  }
}
