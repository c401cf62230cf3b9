import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createJournal, openJournal, readJournal } from '../../src/host/journal-file.ts';
import type { EventBody } from '../../src/journal/event.ts';
import { damageAnywhere, flip } from '../journal/damage.ts';
import { temporaryFolder } from './folder.ts';

const completed: EventBody = { type: 'run.completed' };
const interrupted = (by: string): EventBody => ({ type: 'run.interrupted', by });

test('events come back in order from a file that only its owner may read', async () => {
  const path = `${temporaryFolder()}/journal.jsonl`;
  const journal = await createJournal(path);
  await journal.append(interrupted('SIGINT'));
  await journal.append(completed);
  await journal.close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const { events, torn } = await readJournal(path);
  expect(events.map(({ seq, type }) => [seq, type])).toEqual([
    [1, 'run.interrupted'],
    [2, 'run.completed'],
  ]);
  expect(events).toEqual(journal.events);
  expect(torn).toBeUndefined();
});

test('a journal is never created over another', async () => {
  const path = `${temporaryFolder()}/journal.jsonl`;
  await (await createJournal(path)).close();
  await expect(createJournal(path)).rejects.toMatchObject({ code: 'journal.exists', exitCode: 6 });
});

test('a folder that is missing is named', async () => {
  const path = `${temporaryFolder()}/no/journal.jsonl`;
  await expect(createJournal(path)).rejects.toMatchObject({ code: 'journal.unwritable', exitCode: 6 });
  await expect(readJournal(path)).rejects.toMatchObject({ code: 'journal.missing' });
});

test('concurrent appends queue, and each gets its own number', async () => {
  const path = `${temporaryFolder()}/journal.jsonl`;
  const journal = await createJournal(path);
  const appended = await Promise.all(
    Array.from({ length: 30 }, (_, index) => journal.append(interrupted(`${index}`))),
  );
  await journal.close();
  expect(appended.map((event) => [event.seq, (event as { by?: string }).by])).toEqual(
    Array.from({ length: 30 }, (_, index) => [index + 1, `${index}`]),
  );
  expect((await readJournal(path)).events).toEqual(appended);
});

test('a value that JSON would change is refused with its path, and the journal goes on', async () => {
  const path = `${temporaryFolder()}/journal.jsonl`;
  const journal = await createJournal(path);
  const output = (value: unknown): EventBody => ({
    type: 'step.completed',
    step: 's',
    attempt: 1,
    by: 'act',
    verified: false,
    output: value,
  });
  await expect(journal.append(output({ at: [new Date()] }))).rejects.toMatchObject({
    code: 'journal.unstorable',
    message: 'the event step.completed cannot be journaled: output.at[0] is a Date',
  });
  await expect(journal.append(output(Number.NaN))).rejects.toThrow('output is NaN');
  await expect(journal.append({ type: 'run.flown' } as never)).rejects.toThrow('cannot be journaled');
  await expect(journal.append({ ...completed, type: 'run.interrupted' } as never)).rejects.toThrow('by');
  expect(await journal.append(output({ absent: undefined }))).toMatchObject({ seq: 1, output: {} });
  await journal.close();
});

test('a torn tail is let be by readers, and cut by the one who opens', async () => {
  const path = `${temporaryFolder()}/journal.jsonl`;
  const journal = await createJournal(path);
  await journal.append(completed);
  await journal.close();
  appendFileSync(path, '{"v":1,"se');
  const before = readFileSync(path);
  expect((await readJournal(path)).torn?.bytes).toBe(10);
  expect(readFileSync(path)).toEqual(before);

  const opened = await openJournal(path);
  await opened.append(completed);
  await opened.close();
  const { events, torn } = await readJournal(path);
  expect(torn).toBeUndefined();
  expect(events.map((event) => event.type)).toEqual(['run.completed', 'journal.repaired', 'run.completed']);
  expect(events[1]).toMatchObject({ cutBytes: 10 });
});

test('a damaged journal is not opened and not changed', async () => {
  const path = `${temporaryFolder()}/journal.jsonl`;
  writeFileSync(path, '{"v":1}\n{"to');
  await expect(openJournal(path)).rejects.toMatchObject({ code: 'journal.damaged' });
  expect(readFileSync(path, 'utf8')).toBe('{"v":1}\n{"to');
});

// The reader is tested at every byte, in test/journal; here each takes several syncs.
test('cut within its last line a journal is repaired, and nothing but that line is lost', async () => {
  const path = `${temporaryFolder()}/journal.jsonl`;
  const journal = await createJournal(path);
  for (const body of [interrupted('SIGINT'), completed, completed]) await journal.append(body);
  await journal.close();
  const whole = readFileSync(path);
  const end = readFileSync(path.replace('.jsonl', '.end'));
  const last = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
  for (let length = last; length < whole.length; length += 3) {
    writeFileSync(path, whole.subarray(0, length));
    // It had been acknowledged, as on a disk that lies about its syncs.
    writeFileSync(path.replace('.jsonl', '.end'), end);
    const opened = await openJournal(path);
    await opened.append(completed);
    await opened.close();
    const { events, torn } = await readJournal(path);
    expect(events.slice(0, 2)).toEqual(journal.events.slice(0, 2));
    const repaired = { type: 'journal.repaired', cutBytes: length - last };
    expect(events.slice(2)).toMatchObject([...(length === last ? [] : [repaired]), completed]);
    expect(torn).toBeUndefined();
  }
});

test('damaged anywhere else a journal is not opened, its line is named, and no byte of it is changed', async () => {
  const folder = temporaryFolder();
  const path = `${folder}/journal.jsonl`;
  const journal = await createJournal(path);
  for (const body of [interrupted('SIGINT'), completed, interrupted('SIGTERM'), completed])
    await journal.append(body);
  await journal.close();
  const whole = readFileSync(path);
  await fc.assert(
    fc.asyncProperty(damageAnywhere, async (damage) => {
      const { damaged, at } = damage(whole);
      const line = whole.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
      writeFileSync(path, damaged);
      await expect(openJournal(path)).rejects.toMatchObject({
        code: 'journal.damaged',
        exitCode: 6,
        message: expect.stringContaining(`is damaged at line ${line} (`) as string,
      });
      expect(readFileSync(path).equals(damaged)).toBe(true);
    }),
    { numRuns: 500 },
  );
  writeFileSync(path, whole.subarray(0, whole.indexOf(0x0a) + 1));
  await expect(openJournal(path)).rejects.toThrow(
    'line 2 (byte 104): it is missing, and all after it: 4 lines were acknowledged',
  );
});

test('the note of how far a journal goes speaks against no sound journal when it is damaged itself', async () => {
  const folder = temporaryFolder();
  const path = `${folder}/journal.jsonl`;
  const journal = await createJournal(path);
  for (const body of [completed, completed]) await journal.append(body);
  await journal.close();
  const end = readFileSync(`${folder}/journal.end`);
  for (let bit = 0; bit < end.length * 8; bit += 3) {
    writeFileSync(`${folder}/journal.end`, flip(bit)(end).damaged);
    const read = await readJournal(path).catch((error: unknown) => error);
    if (!('events' in (read as object))) {
      expect(read).toMatchObject({
        code: 'journal.end-damaged',
        hint: expect.stringContaining(`rm ${folder}/journal.end`) as string,
      });
    }
  }
});

test('after a failed write every later append is refused', async () => {
  const path = `${temporaryFolder()}/journal.jsonl`;
  const journal = await createJournal(path);
  await journal.append(completed);
  await journal.close();
  // A closed file is a write error like any other.
  await expect(journal.append(completed)).rejects.toMatchObject({ code: 'journal.unwritable' });
  await expect(journal.append(completed)).rejects.toMatchObject({ code: 'journal.unwritable', exitCode: 6 });
  expect(journal.events).toHaveLength(1);
});

test('whatever was acknowledged before a SIGKILL is in the journal', async () => {
  const path = `${temporaryFolder()}/journal.jsonl`;
  let acknowledged = 0;
  for (let round = 0; round < 6; round += 1) {
    const child = spawn(
      process.execPath,
      ['test/host/append-forever.ts', path, round === 0 ? 'create' : 'open', '3000'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      // Some lines, and another number of them in each round.
      if (out.split('\n').length > 10 + round * 7) child.kill('SIGKILL');
    });
    await once(child, 'close');
    acknowledged = Number(out.trimEnd().split('\n').at(-1));
    const { events } = await readJournal(path);
    expect(events.length).toBeGreaterThanOrEqual(acknowledged);
    // What a power cut in the middle of the next append would leave.
    if (round % 2 === 1) appendFileSync(path, '{"v":1,"seq":'.padEnd(round * 50, 'x'));
  }
  expect(acknowledged).toBeGreaterThan(60);
});

const inTmpfs = `
  mount -t tmpfs -o size=64k none "$1" || exit 99
  "$2" test/host/append-forever.ts "$1/journal.jsonl" create 1500
  cat "$1/journal.jsonl" > "$3"`;

test.skipIf(process.getuid?.() !== 0)(
  'a full disk is named, and what was acknowledged before is read again',
  async () => {
    const [disk, folder] = [temporaryFolder(), temporaryFolder()];
    const copy = `${folder}/journal.jsonl`;
    const { stdout, stderr } = await promisify(execFile)('unshare', [
      '-m',
      'sh',
      '-c',
      inTmpfs,
      'sh',
      disk,
      process.execPath,
      copy,
    ]);
    expect(stderr).toContain(`the journal ${disk}/journal.jsonl cannot be written: no space is left on`);
    expect(stderr).toContain('Free some space there');
    const acknowledged = Number(stdout.trimEnd().split('\n').at(-1));
    expect(acknowledged).toBeGreaterThan(20);
    const { events } = await readJournal(copy);
    expect(events).toHaveLength(acknowledged);
    const opened = await openJournal(copy);
    await opened.close();
    expect((await readJournal(copy)).torn).toBeUndefined();
  },
);

test('each line of a journal is plain JSON for any other tool', async () => {
  const path = `${temporaryFolder()}/journal.jsonl`;
  const journal = await createJournal(path);
  await journal.append(interrupted('"quoted"\n'));
  await journal.close();
  const node =
    'for (const line of require("fs").readFileSync(0,"utf8").trim().split("\\n")) console.log(JSON.parse(line).type)';
  const out = execFileSync(process.execPath, ['-e', node], { input: readFileSync(path), encoding: 'utf8' });
  expect(out).toBe('run.interrupted\n');
  truncateSync(path, 0);
  expect((await readJournal(path)).events).toEqual([]);
});
