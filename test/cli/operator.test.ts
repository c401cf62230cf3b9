import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { operatorOf } from '../../src/cli/terminal/operator.ts';
import { valueSchemaOf } from '../../src/cli/parameters/schema.ts';
import type { Prompts } from '../../src/cli/terminal/prompts.ts';

/** Somebody who gives these answers in turn; `undefined` breaks a question off. */
function answering(...answers: (string | boolean | undefined)[]): Prompts & { readonly asked: string[] } {
  const asked: string[] = [];
  const next = (question: string) => {
    asked.push(question);
    return Promise.resolve(answers.shift() as never);
  };
  return {
    asked,
    agree: next,
    choose: next,
    pick: next,
    async text(question, complaint) {
      const answer: string | undefined = await next(question);
      expect(answer === undefined ? undefined : complaint?.(answer)).toBeUndefined();
      return answer;
    },
  };
}

const nobody = { yes: false, accepted: [], prompts: undefined, inputSchema: () => ({}) };
const input = z.object({ serial: z.string(), turns: z.int().default(1) });

describe('the operator', () => {
  test('is absent when nobody can be asked, whatever the question', async () => {
    const operator = operatorOf(nobody);
    expect(await operator.confirm('go', 'Go?', 'confirm')).toBe('absent');
    expect(await operator.confirm('key', 'Turn it.', 'manual')).toBe('absent');
    expect(await operator.acceptIrreversible('cleanup', 'gone')).toBe('absent');
    expect(await operator.gateInput('key', ['serial'])).toBeUndefined();
    expect(await operator.soakStopped('settle', ['web'])).toBe('absent');
  });

  test.each(['rollback', 'go-on', 'stop'])(
    'says what becomes of a soak that stopped: %s; --yes does not',
    async (answer) => {
      const prompts = answering(answer);
      const operator = operatorOf({ ...nobody, yes: true, prompts });
      expect(await operator.soakStopped('settle', ['web: no answer', 'disk'])).toBe(answer);
      expect(prompts.asked).toEqual(['"settle" is not healthy: web: no answer; disk']);
      expect(await operatorOf({ ...nobody, yes: true }).soakStopped('settle', [])).toBe('absent');
      expect(await operatorOf({ ...nobody, prompts: answering(undefined) }).soakStopped('settle', [])).toBe(
        'absent',
      );
    },
  );

  test('agrees with --yes to ordinary questions, never to work by hand or to what cannot be undone', async () => {
    const operator = operatorOf({ ...nobody, yes: true });
    expect(await operator.confirm('go', 'Go?', 'confirm')).toBe('flag');
    expect(await operator.confirm('key', 'Turn it.', 'manual')).toBe('absent');
    expect(await operator.acceptIrreversible('cleanup', 'gone')).toBe('absent');
  });

  test('consents to exactly the steps that were named', async () => {
    const operator = operatorOf({ ...nobody, accepted: ['cleanup'] });
    expect(await operator.acceptIrreversible('cleanup', 'gone')).toBe('flag');
    expect(await operator.acceptIrreversible('wipe', 'gone too')).toBe('absent');
  });

  test('consents by the whole phrase, which is shown with the reason, and by nothing less', async () => {
    const prompts = answering('cleanup for good', 'y', 'cleanup', undefined);
    const operator = operatorOf({ ...nobody, yes: true, prompts });
    const ask = () => operator.acceptIrreversible('cleanup', 'the old copy is gone');
    expect(await ask()).toBe('phrase');
    expect(prompts.asked[0]).toContain('the old copy is gone');
    expect(prompts.asked[0]).toContain('"cleanup for good"');
    expect([await ask(), await ask(), await ask()]).toEqual(['no', 'no', 'absent']);
  });

  test('answers a gate with values as its schema wants them, defaults by an empty line', async () => {
    const inputSchema = () => valueSchemaOf(input);
    const asks = (...answers: (string | undefined)[]) =>
      operatorOf({ ...nobody, prompts: answering(...answers), inputSchema }).gateInput('key', [
        'serial',
        'turns',
      ]);
    expect(await asks('0042', '3')).toEqual({ serial: '0042', turns: 3 });
    expect(await asks('0042', '')).toEqual({ serial: '0042' });
    expect(await asks('0042', undefined)).toBeUndefined();
  });

  test('who breaks a question off has not said yes', async () => {
    const operator = operatorOf({ ...nobody, prompts: answering(undefined, false, true) });
    expect(await operator.confirm('go', 'Go?', 'confirm')).toBe('absent');
    expect(await operator.confirm('go', 'Go?', 'confirm')).toBe('no');
    expect(await operator.confirm('key', 'Turn it.', 'manual')).toBe('yes');
  });
});
