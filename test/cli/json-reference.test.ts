import { expect, test } from 'vitest';
import { jsonReference } from './json-reference.ts';

test('docs/json.md says what the schemas say', async () => {
  await expect(jsonReference()).toMatchFileSnapshot('../../docs/json.md');
});
