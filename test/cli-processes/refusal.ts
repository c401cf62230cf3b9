import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { errorDocument } from '../../src/render/documents/index.ts';
import { start, type CallOptions, type Ended } from './migrate.ts';
import { stateOf, tree, type Place } from './place.ts';

/** A call that is a mistake, and what must be said of it. */
export interface Mistake {
  readonly args: readonly string[];
  readonly exit: number;
  /** The place, the cause and the mend: parts of the one message. */
  readonly says: readonly string[];
  readonly options?: CallOptions;
}

const stackLine = /^\s+at .*(:\d+:\d+\)?|<anonymous>\)?)$/m;

/** Whether something printed a stack of JavaScript calls. */
export function hasStack(text: string): boolean {
  return stackLine.test(text) || /\bnode:internal\b|defect of migrate/.test(text);
}

/**
 * Makes each mistake as a person, and the first as a program as well: each time there is one message, and
 * nothing has changed.
 *
 * @param atOnce how many calls at a time; those that lock a run must come one by one
 */
export async function allRefused(place: Place, mistakes: readonly Mistake[], atOnce = 2): Promise<void> {
  const before = everythingIn(place);
  const left = [...mistakes];
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await refusedToPerson(place, next);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const [first] = mistakes;
  if (first !== undefined) await refusedToProgram(place, first);
  expect(everythingIn(place)).toEqual(before);
}

async function refusedToPerson(place: Place, { args, exit, says, options }: Mistake): Promise<void> {
  const ended = await start(place, args, options).ended;
  const name = args.join(' ');
  mustBeOneMessage(ended, name);
  expect(ended.exit, `${name}: ${ended.stderr}`).toBe(exit);
  for (const part of says) expect(ended.stderr).toContain(part);
}

async function refusedToProgram(place: Place, { args, exit, says, options }: Mistake): Promise<void> {
  const ended = await start(place, ['--json', ...args], options).ended;
  expect(ended.stderr).toBe('');
  const error = errorDocument.parse(JSON.parse(ended.stdout));
  expect([ended.exit, error.exitCode]).toEqual([exit, exit]);
  for (const part of says) expect(`${error.message}\n${error.hint ?? ''}`).toContain(part);
}

function mustBeOneMessage({ stdout, stderr }: Ended, name: string): void {
  expect(stdout, name).toBe('');
  expect(
    stderr.split('\n').filter((line) => line.startsWith('error: ')),
    name,
  ).toHaveLength(1);
  expect(stderr.startsWith('error: '), `${name}: ${stderr}`).toBe(true);
  expect(hasStack(stderr), stderr).toBe(false);
}

/** State, claims and world. A lock that was taken and released may leave its empty folder behind. */
function everythingIn(place: Place): unknown {
  return [stateOf(place), claimsIn(place), tree(place.world)];
}

function claimsIn(place: Place): readonly string[] {
  try {
    return readdirSync(place.claims).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}
