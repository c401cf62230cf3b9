import { quoteWord } from '../../runbook/index.ts';
import type { NewDocument } from '../documents/new.ts';

export function newText({ files }: NewDocument): string {
  const [runbook = '', test = ''] = files.map(quoteWord);
  return [
    `Wrote ${files[0]}`,
    `      ${files[1]}`,
    '',
    `See it work in its throw-away world:  migrate rehearse ${runbook}`,
    `Kill it at every point of every step: node --test ${test}`,
    `What it would do here:                migrate plan ${runbook} --set from=… --set to=…`,
  ].join('\n');
}
