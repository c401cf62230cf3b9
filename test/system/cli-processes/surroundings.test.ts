import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runsOf } from '../../cli-processes/journal-facts.ts';
import { migrate, program, startProgram, type Ended } from '../../cli-processes/migrate.ts';
import { newPlace, writeRunbook, type Place } from '../../cli-processes/place.ts';
import { hasStack } from '../../cli-processes/refusal.ts';
import { letGo, runWaits } from '../../cli-processes/waits.ts';

const timeout = 300_000;
const isRoot = process.getuid?.() === 0;

/** Everything beneath a folder, itself included, that anybody but its owner may read, write or enter. */
function openToOthers(path: string): string[] {
  const stat = lstatSync(path);
  const own =
    (stat.mode & 0o077) === 0 || stat.isSymbolicLink() ? [] : [`${path} ${(stat.mode & 0o777).toString(8)}`];
  if (!stat.isDirectory()) return own;
  return [...own, ...readdirSync(path).flatMap((name) => openToOthers(join(path, name)))];
}

const several = `import { runbook, sh, z } from 'migrate-runbook';
  import { name } from './deep/inside/name.ts';
  export default runbook('several', {
    summary: 'Leaves files of every kind', params: z.object({ world: z.string() }),
    claims: ({ params: { world } }) => [{ kind: 'path', path: world, role: 'target' }],
  })
    .step('make', {
      idempotent: true,
      commands: ({ params: { world } }) => [sh\`mkdir -p \${world}/\${name}\`, sh\`echo made\`],
      undo: ({ params: { world } }) => [sh\`rm -r -f \${world}/\${name}\`],
    })
    .confirm('go', { needs: ['make'], ask: 'Go?' });`;

test.each(['0000', '0077'])(
  'whatever the umask (%s), state and claims are for their owner only, from the first to the last file',
  {
    timeout,
  },
  async (mask) => {
    const place = newPlace();
    mkdirSync(join(place.folder, 'deep/inside'), { recursive: true });
    writeFileSync(join(place.folder, 'deep/inside/name.ts'), "export const name: string = 'made';\n");
    const file = writeRunbook(place, 'several.ts', several);
    const call = async (...args: string[]): Promise<Ended> => {
      writeFileSync(
        join(place.folder, 'masked.ts'),
        `process.umask(0o${mask});\nawait import(${JSON.stringify(program)});\n`,
      );
      return startProgram(place, join(place.folder, 'masked.ts'), args).ended;
    };
    expect(await call('run', file, '--set', `world=${place.world}`)).toMatchObject({ exit: 3 });
    expect([...openToOthers(place.state), ...openToOthers(place.claims)]).toEqual([]);
    const moved = join(place.folder, 'moved');
    expect(await call('state', 'move', moved)).toMatchObject({ exit: 0 });
    expect([...openToOthers(moved), ...openToOthers(place.state), ...openToOthers(place.claims)]).toEqual([]);
  },
);

describe('state that others could have written', () => {
  async function waiting(): Promise<{ place: Place; run: string }> {
    const place = newPlace();
    letGo(place);
    expect(await migrate(place, ...runWaits(place.world), '--until', 'before')).toMatchObject({ exit: 0 });
    return { place, run: runsOf(place)[0] ?? '' };
  }
  async function refused(place: Place, says: string, calls: readonly (readonly string[])[]): Promise<void> {
    const ended = await Promise.all(calls.map((args) => migrate(place, ...args)));
    for (const [index, { exit, stdout, stderr }] of ended.entries()) {
      const name = calls[index]?.join(' ') ?? '';
      expect([exit, stdout, hasStack(stderr)], `${name}: ${stderr}`).toEqual([6, '', false]);
      expect(stderr, name).toContain(says);
    }
  }

  test(
    'is neither resumed nor rolled back, and none of its code is loaded: whoever may write it could have chosen it',
    { timeout },
    async () => {
      const { place, run } = await waiting();
      const calls = [['resume'], ['rollback', run, '--yes'], ['abort', run, '--yes'], runWaits(place.world)];
      chmodSync(place.state, 0o777);
      await refused(place, 'everybody may write there (mode 777)', calls);
      chmodSync(place.state, 0o700);
      chmodSync(join(place.state, 'runs', run), 0o722);
      await refused(place, `the state in ${join(place.state, 'runs', run)} cannot be trusted`, [['resume']]);
      chmodSync(join(place.state, 'runs', run), 0o700);
      renameSync(place.state, `${place.state}.real`);
      symlinkSync('state.real', place.state);
      await refused(place, 'it is a symlink, which may point elsewhere tomorrow', [
        ['resume'],
        runWaits(place.world),
      ]);
      expect(await migrate({ ...place, state: `${place.state}.real` }, 'resume')).toMatchObject({ exit: 0 });
    },
  );

  test.skipIf(!isRoot)(
    'of another user is told to be theirs, and they go on with it',
    { timeout },
    async () => {
      const { place } = await waiting();
      chownSync(place.state, 1234, 1234);
      await refused(place, 'it belongs to the user 1234, not to 0 who runs this', [
        ['resume'],
        runWaits(place.world),
      ]);
      chownSync(place.state, 0, 0);
      expect(await migrate(place, 'resume')).toMatchObject({ exit: 0 });
    },
  );
});

test(
  'a state folder of any name serves: newlines, quotes, a leading dash, 255 bytes',
  { timeout },
  async () => {
    const plain = newPlace();
    letGo(plain);
    const names = ['two\nlines "and" \'quotes\' $(touch hit) \u001b[31mred\u202e', `-rf${'n'.repeat(252)}`];
    await Promise.all(
      names.map(async (name, index) => {
        const world = join(plain.world, String(index));
        mkdirSync(world);
        writeFileSync(join(world, 'go'), '');
        const place = { ...plain, world, state: join(plain.folder, name, 'state') };
        const run = await migrate(place, ...runWaits(world), '--until', 'wait');
        expect(run, run.stderr).toMatchObject({ exit: 0, stderr: '' });
        for (const args of [['doctor'], ['status'], ['rollback', 'waits', '--yes']]) {
          // oxlint-disable-next-line no-await-in-loop
          const { exit, stdout, stderr } = await migrate(place, ...args);
          expect(
            [
              [0, 3].includes(exit ?? -1),
              stderr,
              ['\u001b', '\u202e'].some((drives) => stdout.includes(drives)),
            ],
            `${name} ${args[0]}`,
          ).toEqual([true, '', false]);
        }
      }),
    );
    expect(existsSync(join(plain.folder, 'hit'))).toBe(false);
    expect(existsSync('/hit')).toBe(false);
  },
);

test(
  'parameters that look like options or shell reach rsync as the paths they are, and relative or dotted ones are refused',
  { timeout },
  async () => {
    const place = newPlace();
    const file = writeRunbook(
      place,
      'copies.ts',
      `import { runbook, z } from 'migrate-runbook';
     import { copyTree } from 'migrate-runbook/operations';
     export default runbook('copies', { summary: 'Copies', params: z.object({ from: z.string(), to: z.string(), manifest: z.string() }) })
       .step('copy', { use: copyTree, with: ({ params }) => ({ ...params, pass: 'final' }) });`,
    );
    const from = join(place.world, '--rsync-path=touch hit;');
    const to = join(place.world, '-e sh -c $(touch hit) `touch hit` host:');
    const odd = Buffer.concat([Buffer.from(`${from}/-e sh\n`), Buffer.from([0xff])]);
    mkdirSync(from);
    writeFileSync(odd, 'odd');
    writeFileSync(join(from, '--delete'), 'dashes');
    const set = (values: Record<string, string>) =>
      Object.entries({ from, to, manifest: join(place.folder, 'manifest'), ...values }).flatMap(
        ([key, value]) => ['--set', `${key}=${value}`],
      );
    const run = await migrate(place, 'run', file, ...set({}));
    expect(run, run.stdout + run.stderr).toMatchObject({ exit: 0, stderr: '' });
    expect(readdirSync(to, 'buffer').map((name) => name.toString('latin1'))).toEqual(
      readdirSync(from, 'buffer').map((name) => name.toString('latin1')),
    );
    expect(await migrate(place, 'rollback', 'copies', '--yes')).toMatchObject({ exit: 0 });
    const refused = await migrate(place, 'run', file, ...set({ to: `${place.world}/../hit` }));
    expect([refused.exit, hasStack(refused.stdout + refused.stderr)], refused.stdout).toEqual([1, false]);
    expect(refused.stdout).toContain('expected an absolute path without');
    expect([
      existsSync(join(place.folder, 'hit')),
      existsSync(join(place.world, 'hit')),
      existsSync('/hit'),
    ]).toEqual([false, false, false]);
  },
);
