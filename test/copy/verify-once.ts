/** Verifies a copy and says each file that it read, so that a test can kill it wherever it likes. */
import { openManifest } from '../../src/copy/manifest-read.ts';
import { VerifiedLog } from '../../src/copy/verified-log.ts';
import { verify } from '../../src/copy/verify.ts';

const [file = '', target = '', inode = ''] = process.argv.slice(2);
const manifest = openManifest(file);
const header = {
  manifest: manifest.summary.sha256,
  target: inode,
  since: { wall: Date.now(), boottime: 0, bootId: '' },
};
const log = new VerifiedLog(`${file}.verifying`, header, manifest.summary.entries, () => true);
let now = 0;
const { first, filesRead, filesReadBefore } = await verify(
  { manifest, target, log, readers: 1 },
  // Each look at the clock is seconds later, so that each batch is synced and told.
  { progress: ({ doneFiles }) => console.log(`read ${doneFiles}`), now: () => (now += 10_000) },
);
log.close();
console.log(`end ${JSON.stringify({ first: first.map(({ path }) => path), filesRead, filesReadBefore })}`);
