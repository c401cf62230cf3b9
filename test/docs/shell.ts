import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { project } from './pages.ts';

/** A folder in which a reader types what a page says, with `migrate` at hand. */
export class Reader {
  /** Not in the temp folder, which may lie in memory, where no state is kept. */
  readonly #root = mkdtempSync('/var/tmp/migrate-docs-');
  readonly folder = join(this.#root, 'here');

  constructor() {
    onTestFinished(() => rmSync(this.#root, { recursive: true, force: true }));
    mkdirSync(this.folder);
    mkdirSync(join(this.#root, 'bin'));
    const migrate = join(this.#root, 'bin/migrate');
    writeFileSync(migrate, `#!/bin/sh\nexec ${process.execPath} ${project}/src/cli/migrate.ts "$@"\n`);
    chmodSync(migrate, 0o755);
  }

  file(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** Types a block of a page, as `sh -e` reads it. */
  type(block: string, folder = this.folder): { exit: number | null; out: string; err: string } {
    const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', block], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: `${this.#root}/bin:${process.env['PATH']}`,
        LANG: 'C.UTF-8',
        HOME: this.#root,
        XDG_CONFIG_HOME: join(this.#root, 'config'),
        MIGRATE_STATE_DIR: join(this.#root, 'state'),
        MIGRATE_CLAIMS_DIR: join(this.#root, 'claims'),
        NODE_COMPILE_CACHE: join(project, 'node_modules/.cache/migrate-test'),
      },
    });
    return { exit: status, out: stdout, err: stderr };
  }
}
