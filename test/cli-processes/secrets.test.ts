import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { allPids } from '../../src/host/process.ts';
import { runsOf } from './journal-facts.ts';
import { start, type Call } from './migrate.ts';
import { newPlace, tree, type Place } from './place.ts';
import { allRefused } from './refusal.ts';
import { letGo, untilItWaits } from './waits.ts';

const timeout = 120_000;
const file = resolve(import.meta.dirname, 'runbooks/secrets.ts');
const token = 'canary-of-the-token-4f1c';
const password = 'canary of "the" pass$word-9b2e';

function call(place: Place, ...args: readonly string[]): Call {
  return start(place, args, { env: { THE_TOKEN: token } });
}

function runSecrets(place: Place, ...more: readonly string[]): readonly string[] {
  const secretFile = join(place.folder, 'password');
  writeFileSync(secretFile, `${password}\n`);
  const params = [
    `world=${place.world}`,
    `programs=${import.meta.dirname}`,
    'token=env:THE_TOKEN',
    `password=file:${secretFile}`,
  ];
  return ['run', file, ...params.flatMap((param) => ['--set', param]), ...more];
}

/** Looks at the arguments of all processes, again and again, for a secret. */
function watchArguments(): { stop(): { looks: number; found: readonly string[] } } {
  const found = new Set<string>();
  let looks = 0;
  const timer = setInterval(() => {
    looks += 1;
    for (const pid of allPids()) {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (words.includes(token) || words.includes(password)) found.add(words.replaceAll('\0', ' '));
      } catch {
        // It has ended.
      }
    }
  }, 10);
  return {
    stop: () => {
      clearInterval(timer);
      return { looks, found: [...found] };
    },
  };
}

/** Where a secret, or most of it, stands in a text. */
function leaks(text: string): readonly string[] {
  return [token, password, JSON.stringify(password).slice(1, -1)].filter((secret) => text.includes(secret));
}

test(
  'a secret reaches the commands that it is given to, and no other, and is in no file, output, plan or argument of any process',
  { timeout },
  async () => {
    const place = newPlace();
    const watch = watchArguments();
    const outputs: string[] = [];
    const told = async (one: Call) => {
      const { exit, stdout, stderr } = await one.ended;
      outputs.push(stdout, stderr);
      return exit;
    };
    expect(await told(call(place, 'plan', ...runSecrets(place).slice(1)))).toBe(0);
    const run = call(place, ...runSecrets(place, '--verbose'));
    await untilItWaits(place);
    await told(call(place, 'status', '--json'));
    letGo(place);
    expect(await told(run), outputs.join('\n')).toBe(1);
    const [id = ''] = runsOf(place);
    for (const words of [
      ['status', id],
      ['logs', id],
      ['report', id],
      ['report', id, '--format', 'html'],
      ['doctor', id],
      ['plan', file],
      ['rollback', id, '--dry-run'],
    ]) {
      // What failed is in doubt for the doctor.
      const exit = words[0] === 'doctor' ? 3 : 0;
      expect(await told(call(place, ...words))).toBe(exit);
      expect(await told(call(place, ...words, '--json'))).toBe(exit);
    }
    expect(await told(call(place, 'resume', '--json', '--verbose'))).toBe(1);
    expect(await told(call(place, 'rollback', id, '--yes', '--json', '--verbose'))).toBe(0);
    const { looks, found } = watch.stop();

    // They did reach those who were to have them.
    const lengths = Object.fromEntries(
      ['told', 'captured', 'probed', 'by-code', 'tried', 'undone'].map((name) => [
        name,
        readFileSync(join(place.world, name), 'utf8').trim(),
      ]),
    );
    expect(lengths).toEqual({
      told: `${token.length} ${password.length}`,
      captured: `0 ${password.length}`,
      probed: `${token.length} 0`,
      'by-code': `${token.length} 0`,
      tried: `${token.length} 0`,
      undone: `${token.length} 0`,
    });
    expect(outputs.join('\n')).toContain('‹env:THE_TOKEN›');

    expect(looks).toBeGreaterThan(50);
    expect(found).toEqual([]);
    expect(outputs.flatMap(leaks)).toEqual([]);
    const files = { ...tree(place.state), ...tree(place.claims) };
    for (const kind of ['by-command.1.log', 'journal.jsonl', 'undo.sh', 'sources/secrets.ts']) {
      expect(Object.keys(files).some((name) => name.endsWith(kind))).toBe(true);
    }
    expect(Object.entries(files).filter(([, content]) => leaks(content).length > 0)).toEqual([]);
  },
);

test(
  'the secret itself, where its reference belongs, is refused and told to nobody; one that is not there is refused before anything begins',
  { timeout },
  async () => {
    const place = newPlace();
    const args = [...runSecrets(place), '--set', `token=${token}`];
    await allRefused(place, [
      { args, exit: 2, says: ['token: ', 'never the secret itself'] },
      {
        args: [...runSecrets(place), '--set', 'token=env:NO_SUCH_VARIABLE'],
        exit: 2,
        says: ['the secret env:NO_SUCH_VARIABLE is not set', 'Set NO_SUCH_VARIABLE'],
      },
      {
        args: [...runSecrets(place), '--set', 'token=file:/no/such/file'],
        exit: 2,
        says: ['the secret file:/no/such/file cannot be read'],
      },
    ]);
    const { stdout, stderr } = await call(place, ...args).ended;
    expect(leaks(stdout + stderr)).toEqual([]);
    expect(readdirSync(place.folder)).not.toContain('state');
  },
);
