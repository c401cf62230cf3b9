let hanging = 0;

/** Counts what may keep this process from ending although nothing waits for it any more. */
export function noteHanging(work: Promise<unknown>): void {
  hanging += 1;
  const end = () => (hanging -= 1);
  work.then(end, end);
}

/** Whether a request was left behind, such as one that looks up a name for minutes. */
export function somethingHangs(): boolean {
  return hanging > 0;
}
