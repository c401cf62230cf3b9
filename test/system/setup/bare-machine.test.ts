import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blocks } from '../../readme/blocks.ts';
import { cloneInto, createBareMachine, type BareMachine } from './bare-machine.ts';

const [rehearse = '', runTests = ''] = blocks('Try it', 'sh');
const withoutYes = (command: string): string => command.replace(' -- --yes', '');
const isRoot = process.getuid?.() === 0;

// Building another system needs root.
describe.skipIf(!isRoot)('a fresh clone on a Debian 12 with npm and nothing else', () => {
  let machine: BareMachine;

  beforeAll(() => {
    machine = createBareMachine();
    cloneInto(machine, '/root/migrate');
  });
  afterAll(() => machine.remove());

  test('names what is missing, exits 2 and installs nothing, when nobody can say yes', async () => {
    const { exit, output } = await machine.run(withoutYes(rehearse), { cwd: '/root/migrate' });
    expect(output).toContain('apt-get install --no-install-recommends');
    expect(exit).toBe(2);
    expect(await machine.run('test -e node_modules', { cwd: '/root/migrate' })).toMatchObject({ exit: 1 });
  });

  test('sets itself up and rehearses the first runbook from end to end, with one command', async () => {
    const { exit, output } = await machine.run(rehearse, { cwd: '/root/migrate' });
    expect(exit, output).toBe(0);
    expect(output).toContain('rehearsed: wsl-nix-store');
  });

  test('sets itself up and runs the tests, with one command', async () => {
    // A few of them: all of them run on a bare machine wherever this whole suite does.
    const some = `${runTests} test/runbook test/journal`;
    const { exit, output } = await machine.run(some, { cwd: '/root/migrate' });
    expect(output).toMatch(/Tests .*passed/);
    expect(exit, output).toBe(0);
  });

  test('rehearses for an ordinary user too, once the programs are there', async () => {
    await machine.run('useradd --create-home anna');
    cloneInto(machine, '/home/anna/migrate');
    await machine.run('chown -R anna:anna /home/anna');
    const { exit, output } = await machine.run(withoutYes(rehearse), {
      user: 'anna',
      cwd: '/home/anna/migrate',
    });
    expect(exit, output).toBe(0);
    expect(output).toContain('rehearsed: wsl-nix-store');
  });
});
