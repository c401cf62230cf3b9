// Counts what the stages of .ci/run left in a folder: NAME.exit, and for tests NAME.json as vitest writes it.
// Plain JavaScript, since it must also run on an old Node.js, when the setup is what failed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
let passed = 0;
let failed = 0;
let skipped = 0;
for (const name of readdirSync(folder).filter((file) => file.endsWith('.exit'))) {
  const exit = Number(readFileSync(join(folder, name), 'utf8'));
  const results = read(join(folder, name.replace(/exit$/, 'json')));
  passed += results.passed;
  skipped += results.skipped;
  // A stage that failed without a failed test failed all the same: in its setup, or at a check.
  failed += results.failed === 0 && exit !== 0 ? 1 : results.failed;
}
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function read(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(text);
  // Files that could not be loaded have no tests of their own to count.
  const unloaded = testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return { passed: numPassedTests, failed: numFailedTests + unloaded.length, skipped: numPendingTests };
}
