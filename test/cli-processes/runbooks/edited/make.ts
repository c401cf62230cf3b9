import { mkdirSync, rmdirSync } from 'node:fs';

interface Context {
  readonly params: { readonly world: string };
}

/** Made and undone by code, in a file of its own. */
export function make(name: string) {
  return {
    describe: `make ${name}`,
    run: async ({ params: { world } }: Context) => mkdirSync(`${world}/${name}`) as undefined,
    undo: {
      describe: `remove ${name}`,
      run: async ({ params: { world } }: Context) => rmdirSync(`${world}/${name}`),
      breakGlass: `rmdir ${name}`,
    },
  };
}
