/** The lowest dataset that has all of them beneath it, or is the only one of them that does. */
export function commonAncestor(datasets: readonly string[]): string {
  const [first = [], ...others] = datasets.map((dataset) => dataset.split('/'));
  const differs = first.findIndex((part, index) => others.some((other) => other[index] !== part));
  return (differs < 0 ? first : first.slice(0, differs)).join('/');
}
