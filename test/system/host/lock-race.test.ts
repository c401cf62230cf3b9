import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';

const [contenders, rounds] = [50, 200];

/** A process that lives through many rounds. */
class Contender {
  readonly child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  /** @param flock holds the kernel's lock as well; the others race faster, since that takes a process each time */
  constructor(folder: string, flock: boolean) {
    this.child = spawn(process.execPath, ['test/system/host/lock-contender.ts', folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: flock ? process.env : { ...process.env, PATH: '/nowhere' },
    });
    this.#answers = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  ask(what: string): void {
    this.child.stdin!.write(`${what}\n`);
  }

  async answer(): Promise<string> {
    const { value } = (await this.#answers.next()) as { value?: string };
    return value ?? 'died';
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'close');
  }
}

test('of fifty long-lived processes that race for a lock in two hundred rounds, one owns it in each, also after an owner was killed', async () => {
  // In memory, where there is such a place: ten thousand syncs prove nothing here.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'migrate-race-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const all = Array.from({ length: contenders }, (_, index) => new Contender(folder, index % 10 === 0));
  onTestFinished(() => Promise.all(all.map((one) => one.kill())).then(() => {}));
  await Promise.all(all.map((one) => one.answer()));
  let killed = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const one of all) one.ask('try');
    const answers = await Promise.all(all.map((one) => one.answer()));
    const winners = all.filter((_, index) => answers[index] === 'won');
    expect(winners, `round ${round}: ${answers.join(' ')}`).toHaveLength(1);
    const [winner] = winners as [Contender];
    // Nobody was told of another owner.
    const told = answers.filter((answer) => answer !== 'won');
    expect(new Set(told)).toEqual(new Set([`refused ${winner.child.pid}`]));
    if (round % 20 === 19) {
      await winner.kill();
      killed += 1;
      const next = new Contender(folder, killed % 2 === 0);
      await next.answer();
      all[all.indexOf(winner)] = next;
    } else {
      winner.ask('free');
      expect(await winner.answer()).toBe('freed');
    }
  }
  expect(killed).toBe(10);
  // What the losers drafted is gone, and so are the owners of the past.
  expect(readdirSync(folder).length).toBeLessThanOrEqual(contenders);
});
