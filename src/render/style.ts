import { styleText } from 'node:util';

/** What a piece of text means, never what colour it has. */
export type Tone = 'plain' | 'good' | 'warning' | 'bad' | 'faint' | 'strong';

export type Style = (tone: Tone, text: string) => string;

const formats = {
  good: 'green',
  warning: 'yellow',
  bad: 'red',
  faint: 'dim',
  strong: 'bold',
} as const;

/** Gives text its colour, or leaves it as it is; whether there is colour was decided before. */
export function styleFor(colour: boolean): Style {
  if (!colour) return (_, text) => text;
  return (tone, text) =>
    tone === 'plain' ? text : styleText(formats[tone], text, { validateStream: false });
}

/**
 * Whether output to a stream has colour: only on a terminal, and not when `NO_COLOR` holds anything or
 * the operator said no.
 */
export function wantsColour(choices: {
  readonly terminal: boolean;
  readonly wanted: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): boolean {
  const { NO_COLOR: noColor, TERM: term } = choices.environment;
  return choices.terminal && choices.wanted && (noColor === undefined || noColor === '') && term !== 'dumb';
}
