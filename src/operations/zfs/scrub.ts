/** What a pool says of its last scrub. */
export interface Scrub {
  readonly state: 'never' | 'running' | 'done' | 'cancelled' | 'resilver' | 'unknown';
  /** Errors that it could not repair; of a scrub that is done. */
  readonly errors: number | undefined;
  /** When it was done, milliseconds since 1970. */
  readonly at: number | undefined;
  /** Data errors that the pool knows of now. */
  readonly dataErrors: number;
  /** The pool's own words. */
  readonly said: string;
}

/** Reads `zpool status POOL`: `scan:` is what `scrub:` is in older versions. Times are local. */
export function parseScrub(text: string): Scrub {
  const said = /^\s*(?:scan|scrub): (.*)$/m.exec(text)?.[1]?.trim() ?? '';
  const errors = /^errors: (.*)$/m.exec(text)?.[1]?.trim() ?? '';
  const count = /^(\d+) data errors/.exec(errors)?.[1];
  const dataErrors = count !== undefined ? Number(count) : /^no known data errors/i.test(errors) ? 0 : 1;
  const done = /^scrub (?:repaired|completed)\b.* with (\d+) errors on (.+)$/i.exec(said);
  const at = done === null ? Number.NaN : Date.parse(done[2] ?? '');
  return {
    state: stateOf(said, done !== null),
    errors: done === null ? undefined : Number(done[1]),
    at: Number.isNaN(at) ? undefined : at,
    dataErrors,
    said: said === '' ? 'nothing about a scrub' : said,
  };
}

function stateOf(said: string, done: boolean): Scrub['state'] {
  if (done) return 'done';
  if (/^none requested/i.test(said)) return 'never';
  if (/^scrub (?:in progress|paused)/i.test(said)) return 'running';
  if (/^scrub (?:cancell?ed|stopped)/i.test(said)) return 'cancelled';
  return /^resilver/i.test(said) ? 'resilver' : 'unknown';
}
