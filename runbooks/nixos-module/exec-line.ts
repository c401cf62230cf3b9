/** Words as systemd reads them back: its specifiers and variables are none of ours. */
export function execLine(words: readonly string[]): string {
  return words
    .map((word) => {
      const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
      return /^[\w@%+=:,./!-]+$/.test(plain) ? plain : JSON.stringify(plain);
    })
    .join(' ');
}
