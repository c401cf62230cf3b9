import type { Files } from '../runbook/index.ts';

/** The same files, with a place to die at after every change to them: an act that is code is cut in two there. */
export function crashableFiles(files: Files, pass: () => void | Promise<void>): Files {
  const passing =
    <Given extends readonly unknown[], Result>(change: (...given: Given) => Promise<Result>) =>
    async (...given: Given): Promise<Result> => {
      const result = await change(...given);
      await pass();
      return result;
    };
  return {
    read: (path) => files.read(path),
    stat: (path) => files.stat(path),
    readLink: (path) => files.readLink(path),
    realPath: (path) => files.realPath(path),
    list: (path) => files.list(path),
    space: (path) => files.space(path),
    replace: passing((...given) => files.replace(...given)),
    makeFolder: passing((...given) => files.makeFolder(...given)),
    rename: passing((...given) => files.rename(...given)),
    remove: passing((...given) => files.remove(...given)),
  };
}
