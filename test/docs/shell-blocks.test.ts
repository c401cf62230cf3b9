import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allPages, type Block } from './pages.ts';
import { Reader } from './shell.ts';

/**
 * Blocks that are not typed here, by how they begin, and why. That what they call exists is held by
 * command-line.test.ts.
 */
const notTyped: Readonly<Record<string, string>> = {
  'npm run rehearse -- --yes': 'test/system/setup types it on a bare machine',
  'npm test -- --yes': 'so it does with this one',
  'MIGRATE_WRITE_JOURNALS=1 npm test':
    'it writes fixtures; without the variable, write.test.ts does the same elsewhere',
  'mkdir photos': 'test/readme types it',
  'npm run check': 'it runs these tests',
  'npm run bench': 'it takes minutes and a machine at rest',
  'npm pack': 'test/system/package.test.ts does it',
  'migrate rehearse': 'it takes longer than a test of every day; test/system/docs does it',
  'migrate settle RUN STEP': 'the words in capitals are for the reader to fill in',
  'migrate plan wsl-nix-store': 'it is for a NixOS-WSL machine; test/system/rehearsal runs it in a world',
  'migrate plan sonarr': 'it is for a NixOS machine with ZFS; test/system/rehearsal runs it in a world',
  'migrate run sonarr-back': 'the same; it types the very line that a rollback prints',
  'migrate inventory': 'it walks a whole root file system; test/system/operations/state-discovery does',
  'migrate run tmpfs-impermanence-recovery': 'it is for an installer; its rehearsal runs it in a world',
  'migrate run boot-recovery': 'it is for an installer; test/system/rehearsal runs it in a world',
  'mkdir -p /run/migrate-beneath-sonarr': 'it mounts; what the run itself mounts there is tested in a world',
  'migrate plan ./lidarr.ts': 'the same; test/runbooks/services.test.ts loads such a file',
  'migrate plan postgres --set': 'it is for a NixOS machine; test/system/rehearsal runs it in a world',
  'migrate plan postgres-pitr': 'it is for a NixOS machine with PostgreSQL, and a bucket',
  'sudo migrate run podman-restart-validation':
    'it is for a NixOS machine; test/vm runs it on one that is made like it',
  'migrate run wsl-mount-validation': 'the same; test/system/rehearsal runs it in a world',
  'migrate config set notify': 'test/cli/soak.test.ts sets one',
  'migrate notify send': 'test/cli/notify.test.ts sends some to a server of its own',
  'migrate resume wsl-nix-store': 'the same',
  'migrate boot enable': 'test/vm types it on booted systems',
  'migrate run ./move-home.ts --params params.json --detach': 'the same',
  'migrate status wsl-nix-store': 'the same',
  'migrate report wsl-nix-store': 'test/cli/report.test.ts types it of a run that it has',
};

const shell = allPages()
  .flatMap(({ blocks }) => blocks)
  .filter(({ language }) => language === 'sh');
const typed = new Set<Block>();

function blockOf(page: string, begins: string): Block {
  const here = shell.filter((each) => each.page === page);
  const block = here.find(({ text }) => text === begins) ?? here.find(({ text }) => text.startsWith(begins));
  if (block === undefined) throw new Error(`${page} has no block that begins with ${begins}`);
  typed.add(block);
  return block;
}

const waits = `import { runbook, z } from 'migrate-runbook';
export default runbook('move-home', { summary: 'Waits when it is told to', params: z.object({ wait: z.boolean() }) })
  .step('look', { readonly: true, commands: ({ sh }) => [sh\`true\`] })
  .manual('gate', { needs: ['look'], when: ({ params }) => params.wait, instructions: 'Turn the key.' });
`;

describe('docs/exit-codes.md', () => {
  const block = blockOf('docs/exit-codes.md', 'migrate run ./move-home.ts');

  test.each([
    [false, 'complete'],
    [true, 'waiting: see migrate status'],
  ])('shows a script that tells an end from a gate (%s)', (wait, said) => {
    const reader = new Reader();
    reader.file('move-home.ts', waits);
    reader.file('params.json', JSON.stringify({ wait }));
    // As in a script, where a failure of its first line is looked at by the second.
    const { exit, out } = reader.type(`set +e\n${block.text}`);
    expect(exit).toBe(0);
    expect(out.trimEnd().split('\n').at(-1)).toBe(said);
  });
});

const hasJq = spawnSync('jq', ['--version']).status === 0;
if (!hasJq) console.log('skipped: the recipes of docs/recovery-by-hand.md need jq');

describe.skipIf(!hasJq)('docs/recovery-by-hand.md', () => {
  const page = 'docs/recovery-by-hand.md';
  const recipes = {
    stands: blockOf(page, 'jq -r '),
    doubt: blockOf(page, "jq -rs 'group_by"),
    undo: blockOf(page, "jq -rs '[.[]"),
  };
  const look = blockOf(page, 'sh undo.sh -n');
  const back = blockOf(page, 'sh undo.sh');

  const broken = `import { runbook, z } from 'migrate-runbook';
export default runbook('broken', { summary: 'Fails in its second step' })
  .step('make', {
    commands: ({ run, sh }) => [sh\`mkdir \${run.folder}/made\`],
    undo: ({ run, sh }) => [sh\`rmdir \${run.folder}/made\`],
  })
  .step('fail', { needs: ['make'], commands: ({ sh }) => [sh\`false\`], undo: () => [] });
`;

  function afterFailure(): { reader: Reader; folder: string; read: (block: Block) => string[][] } {
    const reader = new Reader();
    reader.file('broken.ts', broken);
    reader.type('migrate run ./broken.ts || true');
    const runs = join(reader.type('migrate state path').out.trim(), 'runs');
    const folder = join(runs, readdirSync(runs)[0] ?? '');
    const read = (block: Block) => {
      const { exit, out, err } = reader.type(block.text, folder);
      expect({ exit, err }).toEqual({ exit: 0, err: '' });
      return out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t'));
    };
    return { reader, folder, read };
  }

  test('reads a journal with jq: where it stands, what is in doubt, what would undo it', () => {
    const { reader, read } = afterFailure();
    expect(read(recipes.stands).map(([, , type]) => type)).toEqual([
      'run.started',
      ...['step.started', 'command.started', 'command.ended', 'step.completed'],
      ...['step.started', 'command.started', 'command.ended', 'step.failed'],
    ]);
    expect(read(recipes.doubt)).toEqual([['fail', 'step.failed']]);
    const undos = read(recipes.undo);
    expect(undos.map(([step]) => step)).toEqual(['fail', 'make']);
    expect(undos[1]?.[1]).toContain('"rmdir"');

    reader.type('migrate rollback broken --yes');
    expect(read(recipes.doubt)).toEqual([]);
    expect(read(recipes.undo)).toEqual([]);
  });

  test('goes back with undo.sh, and a later migrate takes note of it', () => {
    const { reader, folder } = afterFailure();
    expect(reader.type(look.text, folder).out).toContain('-> rmdir');
    expect(existsSync(join(folder, 'made'))).toBe(true);
    expect(reader.type(`yes | ${back.text}`, folder)).toMatchObject({ exit: 0 });
    expect(existsSync(join(folder, 'made'))).toBe(false);
    const status = reader.type('migrate status broken');
    expect(status.out).toContain('undo.sh');
    expect(reader.type('migrate rollback broken --yes')).toMatchObject({ exit: 0 });
    expect(readFileSync(join(folder, 'journal.jsonl'), 'utf8')).toContain('undo.sh did it at');
  });
});

test('every shell block of the documentation is typed in a test, or it is said why not', () => {
  const rest = shell.filter(
    (block) => !typed.has(block) && !Object.keys(notTyped).some((begins) => block.text.startsWith(begins)),
  );
  expect(rest.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
});
