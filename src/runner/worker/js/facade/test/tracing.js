// `use: { trace }`: what a test did, as an archive for the trace viewer.
import { op } from '../op.js';
import { native } from '../native.js';
import { openSteps } from '../steps.js';
import { gap } from './timing.js';

/** What writing a large archive may take on a slow machine; ms. */
const TIMEOUT = 60_000;

export const modeOf = option => (typeof option === 'string' ? option : option?.mode) ?? 'off';

/** Whether an attempt is traced or filmed; the numbers of its retries decide. */
export function isRecorded(mode, retry) {
  if (mode === 'on' || mode === 'retain-on-failure' || mode === 'retain-on-failure-and-retries') return true;
  if (mode === 'on-first-retry' || mode === 'retry-with-trace' || mode === 'retry-with-video') return retry === 1;
  if (mode === 'on-all-retries') return retry > 0;
  return mode === 'retain-on-first-failure' && retry === 0;
}

/** Whether somebody wants it now that the attempt is over. */
export function isKept(mode, info) {
  const failed = info.status !== info.expectedStatus && info.status !== 'skipped' && info.status !== 'interrupted';
  if (mode === 'retain-on-failure' || mode === 'retain-on-first-failure') return failed;
  return mode !== 'retain-on-failure-and-retries' || failed || info.retry > 0;
}

/** Begins a trace where the option says so. */
export async function beginTrace(info, option) {
  const mode = modeOf(option);
  if (!isRecorded(mode, info.retry)) return;
  const { screenshots = true, snapshots = true } = Object(option);
  await op('tracing.begin', { screenshots, snapshots, open: openSteps() });
  info._trace = { mode, option };
}

/** Ends it; where it is kept it becomes an attachment. Never throws. */
export async function endTrace(info) {
  const { mode, option } = info._trace ?? {};
  if (!mode) return;
  const { sources = true, attachments = true } = Object(option);
  const path = isKept(mode, info) ? info.outputPath('trace.zip') : undefined;
  const files = attachments && path ? info.attachments.map(({ name, contentType, body, path }) => ({ name, contentType, path, body: body && Buffer.from(body).toString('base64') })) : [];
  gap(TIMEOUT);
  try {
    await op('tracing.end', {
      path, attachments: files, sources: sources && path ? JSON.parse(native.sources()) : {},
      errors: info.errors.map(({ _report, message }) => ({ message: _report?.message ?? message, location: _report?.location })),
    });
    if (path) info.attachments.push({ name: 'trace', contentType: 'application/zip', path });
  } catch (error) {
    info.errors.push({ message: error.message, stack: error.stack });
  }
}
