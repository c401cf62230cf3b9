/** A text as Nix reads it back. */
export function nixString(text: string): string {
  const escaped = text.replaceAll(/["\\]|\$\{/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`);
  return `"${escaped}"`;
}
