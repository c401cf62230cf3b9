import { z } from 'zod';

/** A configuration of a flake, as `nixos-rebuild` takes it in two parts. */
export const configuration = {
  /** A folder or a flake reference, without the `#host`. */
  flake: z.string().regex(/^(\/|[a-z][a-z0-9+.-]*:)[^#]*$/, {
    error: 'expected an absolute path or a flake reference, without #',
  }),
  host: z.string().regex(/^[\w.-]+$/, { error: 'expected the name of a configuration in the flake' }),
};
