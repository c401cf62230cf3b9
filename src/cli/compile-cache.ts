import module from 'node:module';
import { userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * Lets Node.js keep what it compiled, which halves the time to start from the sources, and saves a tenth
 * from what is published. Does nothing where it cannot.
 *
 * Not in Node.js's own choice of place, the temp folder: this program often runs as root, and what it
 * finds in its cache it executes. The home folder is the one that the user database names, since `HOME`
 * may still be another user's under sudo.
 */
export function enableCompileCache(): void {
  try {
    module.enableCompileCache(
      process.env['NODE_COMPILE_CACHE'] ?? join(userInfo().homedir, '.cache', 'migrate', 'compiled'),
    );
  } catch {
    // A user without an entry in the user database has no home folder, and starts a little slower.
  }
}
