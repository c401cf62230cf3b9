import { messageOf, UsageError } from '../../errors.ts';
import { readGivenFile } from '../../host/given-file.ts';
import { isTree, type Tree } from './assemble.ts';

/** Deeper than any parameters, and shallow enough for whatever walks them. */
const deepest = 100;

/**
 * The JSON object in a file of parameters.
 * @throws UsageError `params.unreadable`, `params.not-json`, `params.too-deep` or `params.not-an-object`
 */
export async function readParametersFile(file: string): Promise<Tree> {
  let text: string;
  try {
    text = await readGivenFile(file);
  } catch (cause) {
    throw new UsageError(
      'params.unreadable',
      `--params ${file}: cannot read it: ${messageOf(cause)}`,
      'Give a file that holds one JSON object, such as {"dataset": "tank/home"}.',
      cause,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const yaml = /\.ya?ml$/i.test(file) ? ' YAML is not understood.' : '';
    throw new UsageError(
      'params.not-json',
      `--params ${file}: this is not JSON: ${messageOf(cause)}`,
      `Parameters come as one JSON object, such as {"dataset": "tank/home"}.${yaml}`,
      cause,
    );
  }
  if (depthOf(text) > deepest) {
    throw new UsageError(
      'params.too-deep',
      `--params ${file}: its values lie in each other more than ${deepest} deep`,
      'No runbook asks for that; check that this is the file that was meant.',
    );
  }
  if (isTree(value)) return value;
  throw new UsageError(
    'params.not-an-object',
    `--params ${file}: expected one JSON object`,
    'Such as {"dataset": "tank/home"}.',
  );
}

/** How deep the values of a JSON text lie in each other. */
function depthOf(text: string): number {
  let [depth, most] = [0, 0];
  for (const [bracket] of text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, '').matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    most = Math.max(most, depth);
  }
  return most;
}
