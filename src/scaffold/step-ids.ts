const longest = 40;

/** Gives ids for titles: short, of a runbook's letters, and each only once. */
export function stepIds(): (title: string) => string {
  const given = new Set<string>();
  return (title) => {
    const id = idOf(title) || 'step';
    let unique = id;
    for (let count = 2; given.has(unique); count += 1) unique = `${id}-${count}`;
    given.add(unique);
    return unique;
  };
}

/** Words of a title, joined by dashes; empty when it has none. */
export function idOf(title: string): string {
  const words = title
    .normalize('NFKD')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter(Boolean);
  while (words.length > 0 && !/^[a-z]/.test(words[0] ?? '')) words.shift();
  let id = words.shift() ?? '';
  for (const word of words) {
    if (id.length + word.length >= longest) break;
    id = `${id}-${word}`;
  }
  return id.slice(0, longest);
}
