import { runbook, z } from 'migrate-runbook';

/** What flows is exactly what was said: neither `any` nor a wider type. */

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const exactly = <A, B>(..._same: Same<A, B> extends true ? [] : ['these types differ']): void => {};

export default runbook('outputs', { summary: 'Outputs', params: z.object({ fast: z.stringbool() }) })
  .step('count', {
    readonly: true,
    output: z.object({ bytes: z.coerce.number() }),
    describe: 'Counts',
    run: async () => ({ bytes: '1' }),
  })
  .step('maybe', {
    needs: ['count'],
    when: ({ params, outputs }) => {
      exactly<typeof params, { fast: boolean }>();
      exactly<typeof outputs, { readonly count: { bytes: number } }>();
      return params.fast;
    },
    readonly: true,
    output: z.object({ files: z.number() }),
    describe: 'Counts again',
    run: async () => ({ files: 1 }),
  })
  .step('nothing', { needs: ['maybe'], readonly: true, commands: ({ sh }) => [sh`true`] })
  .step('show', {
    needs: ['nothing', 'maybe'],
    capture: ({ outputs }) => ({ files: outputs.maybe?.files ?? 0 }),
    readonly: true,
    commands: ({ outputs, captured, sh }) => {
      exactly<typeof outputs.nothing, undefined>();
      exactly<typeof outputs.maybe, { files: number } | undefined>();
      exactly<typeof captured, { files: number }>();
      return [sh`true`];
    },
  });
