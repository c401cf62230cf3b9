// Shortens a recording of asciinema for a picture: fewer frames, pauses cut, and what a rehearsal says of
// itself stands long enough to be read. What was shown is left as it was.
//   node shorten-recording.mjs <whole.cast >short.cast
import { readFileSync } from 'node:fs';

/** Seconds of the recording between two frames. */
const betweenFrames = 0.4;
/** Seconds that a frame stands. */
const atMost = 0.5;
const whenToBeRead = 1.6;
const theLast = 6;

const toBeRead = /rehearsal: |waiting: |completed: /;
const spinner = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/gu;
/** What the last redraw of the screen says, spinners, seconds and minutes apart. */
const saying = (output) =>
  output
    .slice(output.lastIndexOf('\u001b[?2026h'))
    .replaceAll(spinner, '')
    .replaceAll(/\b\d+(\.\d+)?[sm]\b/g, '');

const [header, ...lines] = readFileSync(0, 'utf8').trimEnd().split('\n');
const frames = [];
let waiting = '';
let said = '';
let since = 0;
let now = 0;
for (const line of lines) {
  const [at, kind, output] = JSON.parse(line);
  if (kind !== 'o') continue;
  waiting += output;
  // The first frame is all that is seen where nothing is animated.
  const wait = frames.length === 0 ? !output.includes('\n') : at - since < betweenFrames;
  if (!toBeRead.test(output) && (wait || saying(waiting) === said)) continue;
  if (frames.length > 0) now += toBeRead.test(frames.at(-1)[1]) ? whenToBeRead : Math.min(at - since, atMost);
  said = saying(waiting);
  since = at;
  frames.push([now, waiting]);
  waiting = '';
}
frames.push([now + atMost, waiting], [now + atMost + theLast, '']);
const events = frames.map(([at, output]) => JSON.stringify([Number(at.toFixed(2)), 'o', output]));
process.stdout.write(`${[header, ...events].join('\n')}\n`);
