import type { Finding } from 'migrate-runbook';

const gib = 1024 ** 3;

/** The memory of a machine, from the text of /proc/meminfo; in bytes. */
export function memoryOf(meminfo: string): number | undefined {
  const kib = /^MemTotal:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

/** Whether a root file system of that size leaves enough memory to what runs. */
export function judgeMemory(meminfo: string, rootGigabytes: number): Finding {
  const memory = memoryOf(meminfo);
  if (memory === undefined)
    return { verdict: 'BLOCKED', observed: '/proc/meminfo does not say how much memory there is' };
  const size = rootGigabytes * gib;
  const observed = `${rootGigabytes} GiB of ${(memory / gib).toFixed(1)} GiB of memory`;
  const evidence = { memory, size };
  if (size >= memory) {
    return {
      verdict: 'FAIL',
      observed: `${observed}: a full root would leave nothing to what runs`,
      evidence,
    };
  }
  return size > memory / 2
    ? { verdict: 'PARTIAL', observed: `${observed}: more than half of it`, evidence }
    : { verdict: 'PASS', observed, evidence };
}
