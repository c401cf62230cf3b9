import { spawn } from 'node:child_process';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { thisMachine } from '../../../src/host/this-machine.ts';
import { sqliteCheck, sqliteSound } from '../../../src/operations/index.ts';
import type { SqliteInput } from '../../../src/operations/services/look-at-databases.ts';
import { sqliteVerdict } from '../../../src/operations/services/sqlite-verdict.ts';
import { howToRead } from '../../../src/sqlite/how-to-read.ts';
import type { LookedAt, Standing } from '../../../src/sqlite/index.ts';
import { temporaryFolder } from '../../host/folder.ts';
import { drive } from '../drive.ts';

const writer = resolve(import.meta.dirname, 'writing-database.ts');

/** A service that writes until it is killed; resolves when it has said its first word. */
async function writing(file: string, mode: 'wal' | 'delete' | 'hot'): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', writer, file, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((done) => void child.once('close', () => done()));
  const kill = () => {
    child.kill('SIGKILL');
    return ended;
  };
  onTestFinished(kill);
  await new Promise<void>((done) => void child.stdout.once('data', () => done()));
  child.stdout.resume();
  return kill;
}

/** All that a look may not change: names, content, and when content and entries were last changed. */
function stateOf(folder: string): unknown {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .concat('.')
    .toSorted()
    .map((name) => {
      const { size, mtimeMs, ctimeMs, ino } = lstatSync(join(folder, name));
      return { name, size, mtimeMs, ctimeMs, ino };
    });
}

function database(file: string, sql = ''): DatabaseSync {
  const made = new DatabaseSync(file);
  // No power is cut here, and a busy disk syncs slowly.
  made.exec(
    `PRAGMA synchronous = OFF; CREATE TABLE series (id INTEGER PRIMARY KEY, title TEXT); CREATE INDEX titles ON series (title);${sql}`,
  );
  const insert = made.prepare('INSERT INTO series (title) VALUES (?)');
  made.exec('BEGIN');
  for (let index = 0; index < 300; index += 1) insert.run(`title ${index} ${'x'.repeat(100)}`);
  made.exec('COMMIT');
  return made;
}

function asking(): never {
  const run = { folder: temporaryFolder() };
  return { host: thisMachine(), run, params: {}, signal: new AbortController().signal } as never;
}

async function look(input: SqliteInput): Promise<readonly LookedAt[]> {
  const scratch = temporaryFolder();
  const driven = await drive(sqliteCheck, { ...input, scratch });
  try {
    return ((await driven.act()) as { databases: LookedAt[] }).databases;
  } finally {
    expect(readdirSync(scratch)).toEqual([]);
  }
}

describe('sqliteCheck of a stopped service', () => {
  test('finds databases by what is in them, and leaves everything as it was', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'a'));
    mkdirSync(join(folder, 'Backups'));
    database(join(folder, 'a/library')).close();
    database(join(folder, 'Backups/old.db')).close();
    const wal = database(join(folder, 'wal.dat'));
    wal.exec('PRAGMA journal_mode = WAL');
    wal.close();
    writeFileSync(join(folder, 'logs.db'), 'SQLite is what I am called, and no more');
    writeFileSync(join(folder, 'empty.db'), '');
    symlinkSync(folder, join(folder, 'again'));
    const before = stateOf(folder);
    const found = await look({ folder, exclude: ['Backup*'], service: 'stopped' });
    expect(found).toMatchObject([
      { path: join(folder, 'a/library'), standing: 'sound', tables: 1, readBy: 'immutable' },
      { path: join(folder, 'wal.dat'), standing: 'sound', readBy: 'immutable' },
    ]);
    expect(stateOf(folder)).toEqual(before);
  });

  test('finds a torn page, wherever it is', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'sonarr.db');
    database(file).close();
    const whole = readFileSync(file);
    const pages = whole.length / 4096;
    expect(pages).toBeGreaterThan(8);
    for (const page of [1, 2, Math.floor(pages / 2), pages - 1]) {
      const torn = Buffer.from(whole);
      torn.fill(0, page * 4096, page * 4096 + 2048);
      const path = join(folder, `torn-${page}.db`);
      writeFileSync(path, torn);
    }
    writeFileSync(join(folder, 'short.db'), whole.subarray(0, whole.length - 4096));
    const finding = await sqliteSound({ folder, service: 'stopped' }).run(asking());
    expect(finding.verdict).toBe('FAIL');
    const standings = (finding.evidence as unknown as { databases: LookedAt[] }).databases.map(
      ({ standing }) => standing,
    );
    expect(standings).toEqual(['damaged', 'sound', ...[1, 2, 3, 4].map(() => 'damaged')]);
  });

  test('reads what a killed service had left in its WAL, from a copy, and leaves the WAL to the service', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'radarr.db');
    await (
      await writing(file, 'wal')
    )();
    expect(readdirSync(folder).toSorted()).toEqual(['radarr.db', 'radarr.db-shm', 'radarr.db-wal']);
    const before = stateOf(folder);
    expect(await look({ folder, service: 'stopped' })).toMatchObject([
      { standing: 'sound', readBy: 'copy', tables: 1 },
    ]);
    expect(stateOf(folder)).toEqual(before);
    // The index of the WAL need not be there.
    rmSync(`${file}-shm`);
    expect(await look({ folder, service: 'stopped' })).toMatchObject([{ standing: 'sound', readBy: 'copy' }]);
    expect(readdirSync(folder).toSorted()).toEqual(['radarr.db', 'radarr.db-wal']);
  });

  test('takes no half-written transaction for damage, since the journal beside it takes it back', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'plex.db');
    await (
      await writing(file, 'hot')
    )();
    expect(readdirSync(folder)).toContain('plex.db-journal');
    const before = stateOf(folder);
    expect(await look({ databases: [file], service: 'stopped' })).toMatchObject([
      { standing: 'sound', readBy: 'copy' },
    ]);
    expect(stateOf(folder)).toEqual(before);
  });

  test('refuses to believe that it is stopped while a process has its database open', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'sonarr.db');
    await writing(file, 'delete');
    await expect(look({ databases: [file], service: 'stopped' })).rejects.toMatchObject({
      code: 'sqlite.in-use',
      message: expect.stringMatching(/its service is not stopped: \S+ \(pid \d+\) has it open$/),
    });
  });

  test('tells a missing, an empty and a foreign file from a database, and a folder without any from one that is sound', async () => {
    const folder = temporaryFolder();
    const at = (name: string) => join(folder, name);
    writeFileSync(at('empty.db'), '');
    writeFileSync(at('text.db'), 'not at all');
    // Its header is gone, and its WAL tells what it was.
    writeFileSync(at('lost.db'), 'x'.repeat(4096));
    writeFileSync(at('lost.db-wal'), 'x'.repeat(4096));
    const named = ['gone.db', 'empty.db', 'text.db'].map(at);
    const finding = await sqliteSound({ databases: named, folder, service: 'stopped' }).run(asking());
    expect(finding.evidence).toMatchObject({
      databases: [
        { path: at('gone.db'), standing: 'missing' },
        { path: at('empty.db'), standing: 'empty' },
        { path: at('text.db'), standing: 'not-a-database' },
        { path: at('lost.db'), standing: 'not-a-database' },
      ],
    });
    await expect(look({ folder: temporaryFolder(), service: 'stopped' })).rejects.toMatchObject({
      code: 'sqlite.too-few',
    });
    await expect(look({ folder: at('nowhere'), service: 'stopped' })).rejects.toMatchObject({
      code: 'sqlite.no-folder',
    });
  });

  test('tells rows that refer to nothing, which are a failure only when they shall be', async () => {
    const folder = temporaryFolder();
    const made = database(
      join(folder, 'a.db'),
      'CREATE TABLE episodes (series INTEGER REFERENCES series (id)); PRAGMA foreign_keys = OFF;',
    );
    made.exec('INSERT INTO episodes VALUES (1), (9999), (8888)');
    made.close();
    expect(await look({ folder, service: 'stopped' })).toMatchObject([
      { standing: 'sound', brokenReferences: 2 },
    ]);
    await expect(look({ folder, service: 'stopped', brokenReferences: 'refuse' })).rejects.toMatchObject({
      code: 'sqlite.broken-references',
    });
  });

  test('reads the other tables where one needs what only its service has', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'library.db');
    const made = database(file, 'CREATE TABLE sorted (title TEXT COLLATE NOCASE PRIMARY KEY);');
    made.exec("INSERT INTO sorted VALUES ('a'), ('b')");
    made.close();
    writeFileSync(file, Buffer.from(readFileSync(file, 'latin1').replaceAll('NOCASE', 'icu_de'), 'latin1'));
    expect(await look({ folder, service: 'stopped' })).toMatchObject([
      { standing: 'unjudged', problems: ['only its service can read sorted'] },
    ]);
  });
});

describe('sqliteCheck of a running service', () => {
  test.each(['wal', 'delete'] as const)('reads a database in mode %s while it is written', async (mode) => {
    const folder = temporaryFolder();
    const file = join(folder, 'sonarr.db');
    const kill = await writing(file, mode);
    const names = () =>
      readdirSync(folder)
        .filter((name) => !name.endsWith('-journal'))
        .toSorted();
    const before = names();
    expect(await look({ folder, service: 'running' })).toMatchObject([
      { standing: 'sound', readBy: 'backup' },
    ]);
    expect(names()).toEqual(before);
    await kill();
  });

  test('reads one that nobody has open in place, and makes no file beside it', async () => {
    const folder = temporaryFolder();
    const wal = database(join(folder, 'wal.db'));
    wal.exec('PRAGMA journal_mode = WAL');
    wal.close();
    const before = stateOf(folder);
    expect(await look({ folder, service: 'running' })).toMatchObject([
      { standing: 'sound', readBy: 'immutable' },
    ]);
    expect(stateOf(folder)).toEqual(before);
  });

  test('finds damage in it', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'a.db');
    const open = database(file, 'PRAGMA journal_mode = WAL;');
    open.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const torn = readFileSync(file);
    torn.fill(0, 3 * 4096, 3 * 4096 + 2048);
    // In place, as a disk would.
    linkSync(file, `${file}.link`);
    writeFileSync(`${file}.link`, torn);
    rmSync(`${file}.link`);
    await expect(look({ databases: [file], service: 'running' })).rejects.toMatchObject({
      code: 'sqlite.damaged',
    });
    open.close();
  });
});

test('a database is read in place only where nothing beside it holds what it lacks', () => {
  const size = fc.option(fc.integer({ min: 0, max: 1e9 }), { nil: undefined });
  fc.assert(
    fc.property(
      size,
      size,
      size,
      fc.boolean(),
      fc.constantFrom('stopped', 'running'),
      (wal, shm, journal, mode, service) => {
        if (howToRead(service, { wal, shm, journal }, mode) !== 'immutable') return;
        expect(wal ?? 0).toBe(0);
        if (service === 'stopped') expect(journal ?? 0).toBe(0);
        else expect(shm).toBeUndefined();
      },
    ),
  );
});

test('several databases are as good as the worst of them', () => {
  const standing = fc.constantFrom<Standing>(
    ...(['sound', 'damaged', 'missing', 'empty', 'not-a-database'] as const),
    ...(['in-use', 'no-space', 'unreadable', 'unjudged'] as const),
  );
  const one = standing.map((each): LookedAt => ({
    path: '/x',
    bytes: 1,
    standing: each,
    problems: [],
    brokenReferences: 0,
    tables: 1,
    readBy: 'immutable',
  }));
  fc.assert(
    fc.property(fc.array(one), (looked) => {
      const { verdict } = sqliteVerdict(looked, {});
      expect(verdict === 'PASS').toBe(looked.length > 0 && looked.every((each) => each.standing === 'sound'));
      expect(verdict === 'FAIL').toBe(
        looked.length === 0 ||
          looked.some((each) => ['damaged', 'missing', 'empty', 'not-a-database'].includes(each.standing)),
      );
    }),
  );
});
