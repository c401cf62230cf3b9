/** How many files the writer replaces in turn. */
export const slots = 16;

/**
 * A script of `sh` that writes until it is ended: `writer FOLDER STORE SECONDS`. Each file is written beside its place,
 * synced, renamed over the one before it, and only then acknowledged; so whatever ends it, each place holds one whole
 * file, and none older than was acknowledged. Where STORE is not empty, it adds to that Nix store as well.
 */
export const writer = `
set -eu
folder=$1 store=$2 end=$(($(date +%s) + $3))
number=0
while [ -d "$folder" ] && [ "$(date +%s)" -lt "$end" ]; do
  number=$((number + 1))
  { echo "begin $number"; seq -f "$number %g" 500; echo "end $number"; } >"$folder/new"
  sync "$folder/new"
  mv -T "$folder/new" "$folder/slot-$((number % ${slots}))"
  sync "$folder"
  echo "$number" >>"$folder/acknowledged"
  sync "$folder/acknowledged"
  if [ -n "$store" ]; then
    cp "$folder/slot-$((number % ${slots}))" "$folder/item"
    nix-store --store "$store" --add "$folder/item" >/dev/null || echo "$number" >>"$folder/not-added"
  fi
done
echo "over" >"$folder/over"
`;

/** What the writer writes the so-many-eth time. */
export function contentOf(number: number): string {
  const lines = Array.from({ length: 500 }, (_, index) => `${number} ${index + 1}`);
  return [`begin ${number}`, ...lines, `end ${number}`, ''].join('\n');
}

/** The last number that was acknowledged whole; a line without its end was cut off. */
export function lastAcknowledged(text: string): number {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return Math.max(
    0,
    ...whole
      .split('\n')
      .filter((line) => /^\d+$/.test(line))
      .map(Number),
  );
}

/**
 * What is wrong with the places, each by its content, after the writer was ended.
 * @param contents by the number of the place; undefined where nothing is there
 */
export function tornSlots(
  contents: readonly (string | undefined)[],
  acknowledged: number,
): readonly string[] {
  return contents.flatMap((content, slot) => {
    // The newest one that was acknowledged for this place; 0 when none was.
    const least = acknowledged - ((((acknowledged - slot) % slots) + slots) % slots);
    if (content === undefined)
      return least > 0 ? [`slot-${slot} is gone, and ${least} was acknowledged`] : [];
    const number = Number(/^begin (\d+)\n/.exec(content)?.[1] ?? Number.NaN);
    if (!(number > 0) || content !== contentOf(number))
      return [`slot-${slot} is torn: it holds ${content.length} bytes of no whole file`];
    if (number % slots !== slot) return [`slot-${slot} holds ${number}, which belongs elsewhere`];
    if (number < least) return [`slot-${slot} holds ${number}, although ${least} was acknowledged`];
    return [];
  });
}
