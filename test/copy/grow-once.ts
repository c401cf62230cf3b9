/** Makes a sample tree as whoever runs it. */
import { growTree } from './sample-tree.ts';

const [root = '', seed = '1'] = process.argv.slice(2);
growTree(root, { seed: Number(seed) });
