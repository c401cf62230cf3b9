#!/usr/bin/env node
// Node.js 18 must be able to read this file, to say that it is too old: nothing newer may be imported here.
import { enableCompileCache } from './compile-cache.ts';

const oldest = 24;

if (Number.parseInt(process.versions.node, 10) < oldest) {
  process.stderr.write(
    `migrate needs Node.js ${oldest} or newer, and this is ${process.versions.node}.\n` +
      `Install Node.js ${oldest}, or name one: /path/to/node ${process.argv[1] ?? 'migrate'}\n`,
  );
  process.exitCode = 2;
} else {
  enableCompileCache();
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
}
