/** The indices of a longest increasing part of a list of different numbers. */
export function longestIncreasing(numbers: readonly number[]): readonly number[] {
  // By length less one: the index of the smallest number that ends an increasing part of that length.
  const ends: number[] = [];
  const previous: (number | undefined)[] = [];
  for (const [index, number] of numbers.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[ends[middle] ?? 0] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    previous[index] = low === 0 ? undefined : ends[low - 1];
    ends[low] = index;
  }
  const part: number[] = [];
  for (let at = ends.at(-1); at !== undefined; at = previous[at]) part.push(at);
  return part.toReversed();
}
