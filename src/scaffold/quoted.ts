/** A text as a string of TypeScript. */
export function quoted(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return `'${escaped.replaceAll("'", "\\'").replaceAll(/[\u2028\u2029]/g, (each) => `\\u${each.codePointAt(0)?.toString(16)}`)}'`;
}

/** The same; a text of several lines stays readable. */
export function quotedLong(text: string): string {
  if (!text.includes('\n')) return quoted(text);
  const lines = text.split('\n').map((line) => `      ${quoted(line)},`);
  return `[\n${lines.join('\n')}\n    ].join('\\n')`;
}
