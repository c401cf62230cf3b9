/** Milliseconds of processor time that some work takes, which say the same on a busy machine as on an idle one. */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
