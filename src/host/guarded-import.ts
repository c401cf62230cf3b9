import { setImmediate } from 'node:timers/promises';

/**
 * Imports a module of somebody else's, whose failure must be no failure of this program: that it ends the
 * process, waits for what never comes, or throws where nobody catches. A loop that never ends is for Ctrl-C.
 *
 * @throws whatever went wrong
 */
export function guarded<Module>(load: () => Promise<Module>): Promise<Module> {
  // One at a time, since each changes what is the whole process's.
  const loaded = before.then(() => loadGuarded(load));
  before = loaded.catch(() => {});
  return loaded;
}

let before: Promise<unknown> = Promise.resolve();

async function loadGuarded<Module>(load: () => Promise<Module>): Promise<Module> {
  let fail: (thrown: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => {});
  // Nothing is left that could ever go on, and Node.js would end without a word.
  const idle = () => fail(new Error('it waits for something that never happens'));
  // oxlint-disable-next-line typescript/unbound-method -- it is put back as it was
  const { exit } = process;
  process.exit = () => {
    throw new Error('it ends the process while it is loaded');
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  process.once('beforeExit', idle);
  try {
    const module = await Promise.race([load(), failed]);
    // What was rejected while it was loaded is only known a turn later.
    await Promise.race([setImmediate(), failed]);
    return module;
  } finally {
    process.exit = exit;
    process.off('uncaughtException', fail);
    process.off('unhandledRejection', fail);
    process.off('beforeExit', idle);
  }
}
