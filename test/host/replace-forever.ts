// Replaces a file until it is killed, and prints each version once it is acknowledged.
import { writeSync } from 'node:fs';
import { systemFiles } from '../../src/host/files.ts';

const [path] = process.argv.slice(2) as [string];
for (let version = 1; ; version += 1) {
  await systemFiles.replace(path, `${version}\n`.repeat(2000));
  writeSync(1, `${version}\n`);
}
