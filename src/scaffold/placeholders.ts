/** What stands in a plan for something that only its reader knows. */
const patterns = [
  // `<nixpkgs>` and its kind are Nix's own.
  /<(?!nix)([a-zA-Z][\w -]*)>/g,
  /\b([xX]{4,8}(?:-[xX]{4,12})+)\b/g,
  // Such as `backup-location` or `cassie-box-ip`, where a path, a host or an address is meant.
  /(?<![\w./-])([a-z][a-z\d]*(?:-[a-z\d]+)*-(?:location|ip|host|folder|dir|device|uuid|serial))\b(?!\.)/g,
];

export interface Placeholder {
  /** As the plan writes it. */
  readonly text: string;
  /** Of the parameter. */
  readonly name: string;
}

/** The placeholders of a text, each once, in their order. */
export function placeholdersIn(text: string): readonly Placeholder[] {
  const found = patterns.flatMap((pattern) => [...text.matchAll(pattern)]);
  const byText = new Map<string, Placeholder>();
  for (const match of found.toSorted((one, other) => one.index - other.index)) {
    const name = nameOf(match[1] ?? '');
    if (name !== undefined) byText.set(match[0], { text: match[0], name });
  }
  return [...byText.values()];
}

function nameOf(words: string): string | undefined {
  if (/^[xX-]+$/.test(words)) return words.length > 9 ? 'uuid' : 'volumeId';
  const [first = '', ...rest] = words
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter(Boolean);
  const name = [first, ...rest.map((word) => `${word[0]?.toUpperCase() ?? ''}${word.slice(1)}`)].join('');
  return /^[a-z]/.test(name) ? name : undefined;
}

/** A text in pieces: what stands as it is, and the parameters in it. */
export function splitAt(
  text: string,
  placeholders: readonly Placeholder[],
): readonly (string | Placeholder)[] {
  let pieces: (string | Placeholder)[] = [text];
  for (const placeholder of placeholders) {
    pieces = pieces.flatMap((piece) =>
      typeof piece === 'string'
        ? piece
            .split(placeholder.text)
            .flatMap((part, index) => (index === 0 ? [part] : [placeholder, part]))
            .filter((part) => part !== '')
        : [piece],
    );
  }
  return pieces;
}
