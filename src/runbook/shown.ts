/** Any value in a message, also one that is no JSON and cannot become text. */
export function shown(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return `of the type ${typeof value}`;
  }
}
