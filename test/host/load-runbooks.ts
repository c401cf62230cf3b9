import { keepSources, keptSource, loadRunbook } from '../../src/host/runbook-file.ts';

// Loads each runbook that it is given, in a Node.js of its own as a user has it, and prints what came of it.
const warnings: string[] = [];
process.on('warning', (warning) => warnings.push(warning.message));
const results: Record<string, unknown> = {};
const [keepIn = '', ...names] = process.argv.slice(2);
for (const [index, name] of names.entries()) {
  try {
    const loaded = await loadRunbook(name);
    const kept = await keepSources(loaded, `${keepIn}/${index}`);
    // A copy does not find the packages that lie beside the original.
    const again = await loadRunbook(kept).catch(() => undefined);
    results[name] = {
      id: loaded.runbook.id,
      steps: loaded.runbook.nodes.map(({ id }) => id),
      file: loaded.file,
      files: Object.keys(loaded.files),
      kept: again?.runbook.nodes.map(({ id }) => id),
      found: kept === keptSource(JSON.parse(JSON.stringify(loaded)), `${keepIn}/${index}`),
    };
  } catch (error) {
    const { code, message, hint, exitCode } = error as Error & {
      code: string;
      hint: string;
      exitCode: number;
    };
    results[name] = { code, message, hint, exitCode };
  }
}
await new Promise((resolve) => setImmediate(resolve));
console.log(JSON.stringify({ results, warnings }));
