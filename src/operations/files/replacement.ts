import { StepError } from '../../errors.ts';

/**
 * The text with its only `from` replaced by `to`; the same text when that was done before.
 *
 * @param path for the messages
 * @throws StepError `edit.not-once` when `from` is there never or several times
 */
export function replaceOnce(
  text: string,
  { from, to, path }: { from: string; to: string; path: string },
): string {
  const places = occurrences(text, from);
  const replaced = to === '' ? [] : occurrences(text, to);
  // An inserted text contains what it was inserted at, so the one place of `from` may lie in a finished edit.
  const covered = (place: number) =>
    replaced.some((start) => place >= start && place + from.length <= start + to.length);
  if (replaced.length === 1 && places.every(covered)) return text;
  if (places.length === 1) {
    const [place = 0] = places;
    return text.slice(0, place) + to + text.slice(place + from.length);
  }
  throw new StepError(
    'edit.not-once',
    `${path} must hold ${quote(from)} exactly once, and holds it ${
      places.length === 0 ? 'nowhere' : `${places.length} times, in lines ${lines(text, places).join(', ')}`
    }`,
    places.length === 0
      ? 'Compare the text with the file, spaces and line ends too, and correct it.'
      : 'Give more of the text around it, so that it names one place only.',
  );
}

/** A piece of text in a message: on one line, and not too long. */
export function quote(text: string): string {
  const shown = JSON.stringify(text);
  return shown.length > 80 ? `${shown.slice(0, 76)}…"` : shown;
}

function occurrences(text: string, part: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) places.push(at);
  return places;
}

function lines(text: string, places: readonly number[]): number[] {
  return places.slice(0, 10).map((place) => text.slice(0, place).split('\n').length);
}
