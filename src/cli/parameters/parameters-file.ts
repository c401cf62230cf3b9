import { readFile } from 'node:fs/promises';
import { messageOf, UsageError } from '../../errors.ts';
import { isTree, type Tree } from './assemble.ts';

/**
 * The JSON object in a file of parameters.
 * @throws UsageError `params.unreadable`, `params.not-json` or `params.not-an-object`
 */
export async function readParametersFile(file: string): Promise<Tree> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(
      'params.unreadable',
      `--params ${file}: cannot read it: ${messageOf(cause)}`,
      undefined,
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
  if (isTree(value)) return value;
  throw new UsageError(
    'params.not-an-object',
    `--params ${file}: expected one JSON object`,
    'Such as {"dataset": "tank/home"}.',
  );
}
