/** Makes the compiler complain when a case of a union was forgotten. */
export function unreachable(value: never): never {
  throw new Error(`not foreseen: ${JSON.stringify(value)}`);
}
