import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readJournal } from '../../../src/host/journal-file.ts';
import { migrate, type Ended } from '../../cli-processes/migrate.ts';
import { newPlace, type Place } from '../../cli-processes/place.ts';
import { needsRoot, unmountAll } from './loop-disk.ts';

const here = import.meta.dirname;
const points = [
  'before the rename',
  'after the rename',
  'before the rename is synced',
  'before the deletion',
  'in the middle of the deletion',
  'after the deletion',
];

/** An ext4 disk that holds the old copy and the journal of the run that is about to delete it. */
class Stage {
  readonly place: Place;
  readonly old: string;
  readonly copy: string;
  readonly disk: string;
  #image: string;

  constructor() {
    const place = newPlace();
    this.disk = join(place.folder, 'disk');
    this.place = { ...place, state: join(this.disk, 'state') };
    this.old = join(this.disk, 'old');
    this.copy = join(place.folder, 'copy');
    this.#image = join(place.folder, 'image');
    writeFileSync(this.#image, '');
    truncateSync(this.#image, 32 * 1024 * 1024);
    execFileSync('mkfs.ext4', ['-q', this.#image]);
    mkdirSync(this.disk);
    this.mount();
    onTestFinished(() => unmountAll(place.folder));
    mkdirSync(join(this.old, 'sub'), { recursive: true });
    for (const name of ['file-1', 'file-2', 'sub/file-1', 'sub/file-2', 'kept'])
      writeFileSync(join(this.old, name), name);
  }

  mount(): void {
    execFileSync('mount', ['-o', 'loop', this.#image, this.disk]);
  }

  /** As a machine does that lost its power: what was not synced is gone. */
  restart(): void {
    execFileSync('umount', [this.disk]);
    // By another file: while anybody's mount namespace holds the disk that was cut off, it stays as it is.
    execFileSync('cp', ['--sparse=always', this.#image, `${this.#image}.later`]);
    this.#image = `${this.#image}.later`;
    this.mount();
  }

  /** Everything but the deletion. */
  prepare(keep: string): Promise<Ended> {
    const set = Object.entries({ old: this.old, copy: this.copy, keep }).filter(([, value]) => value !== '');
    const args = set.flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    return migrate(this.place, 'run', join(here, 'remove-old.ts'), ...args);
  }

  resume(env: NodeJS.ProcessEnv = {}) {
    const place = { ...this.place, env: { ...this.place.env, ...env } };
    return migrate(place, 'resume', 'remove-old', '--accept-irreversible', 'cleanup');
  }
}

describe.skipIf(needsRoot)('a removal', () => {
  const killed = ['after the rename', 'before the rename is synced', 'in the middle of the deletion'];
  test.each([
    ...points.map((point) => [point, 'cut off from its power'] as const),
    ...killed.map((point) => [point, 'killed'] as const),
  ])('that is, %s, %s is completed by the next attempt, and the copy is whole', async (point, how) => {
    const stage = new Stage();
    const partial = how === 'killed';
    const prepared = await stage.prepare(partial ? join(stage.old, 'kept') : '');
    expect(prepared, prepared.stderr).toMatchObject({ exit: 3 });
    const died = await stage.resume({
      DIE_AT: point,
      ...(how === 'killed' ? {} : { DIE_CUT: stage.disk }),
      NODE_OPTIONS: `--import ${join(here, 'die-at-rename.ts')}`,
      PATH: `${join(here, 'dying-programs')}:${process.env['PATH']}`,
    });
    // Killed, or ended by the first write that its disk refused.
    expect(died.exit, died.stderr).not.toBe(0);
    stage.restart();
    const ended = await stage.resume();
    expect(ended, `${ended.stdout}${ended.stderr}`).toMatchObject({ exit: 0 });
    expect(readdirSync(stage.disk).toSorted()).toEqual(['lost+found', ...(partial ? ['old'] : []), 'state']);
    if (partial) expect(readdirSync(stage.old)).toEqual(['kept']);
    for (const name of ['file-1', 'sub/file-2', 'kept'])
      expect(readFileSync(join(stage.copy, name), 'utf8')).toBe(name);
    const [run = ''] = readdirSync(join(stage.place.state, 'runs'));
    const { events } = await readJournal(join(stage.place.state, 'runs', run, 'journal.jsonl'));
    const notes = events.flatMap((event) => (event.type === 'step.noted' ? [event.note] : []));
    // A deletion has always been preceded by a rename that is in the journal.
    if (notes.includes('deletes the old copy')) expect(notes).toContain('moves the old copy aside');
    expect(notes.indexOf('moves the old copy aside')).toBe(0);
  });
});
