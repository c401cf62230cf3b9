import { fragment } from 'migrate-runbook';
import { copyTree, verifyTree } from 'migrate-runbook/operations';
import { params, type Params } from './params.ts';

/** Restores one tree to the new root, and reads what was written. */
export function recovered(tree: {
  readonly name: string;
  readonly from: (p: Params) => string;
  readonly to: (p: Params) => string;
  readonly when: (p: Params) => boolean;
}) {
  const when = ({ params: p }: { readonly params: Params }) => tree.when(p);
  const target = (p: Params) => ({ point: p.target, uuid: p.targetUuid });
  return fragment({ params })
    .step('copy', {
      title: `Restore ${tree.name}`,
      when,
      use: copyTree,
      with: ({ params: p, run }) => ({
        from: tree.from(p),
        to: tree.to(p),
        pass: 'final' as const,
        manifest: `${run.folder}/${tree.name}.manifest`,
        into: 'existing' as const,
        // Nothing is ever written to what it comes from.
        laterWrites: 'drop' as const,
        exclude: ['lost+found'],
        expectMount: target(p),
      }),
    })
    .step('verify', {
      title: `Read ${tree.name}`,
      needs: ['copy'],
      when,
      use: verifyTree,
      with: ({ params: p, run }) => ({
        target: tree.to(p),
        manifest: `${run.folder}/${tree.name}.manifest`,
        expectMount: target(p),
      }),
    });
}

export const isBackup = ({ from }: Params) => from === 'backup';
const ofBackup = (name: string, to: string) => ({
  name,
  from: (p: Params) => `${p.source}/${name}`,
  to: (p: Params) => `${p.target}${to}`,
  when: isBackup,
});

export const wholeRoot = {
  name: 'root',
  from: (p: Params) => p.oldRoot,
  to: (p: Params) => p.target,
  when: (p: Params) => !isBackup(p),
};
export const varLib = ofBackup('var-lib', '/var/lib');
export const etc = ofBackup('etc', '/etc');
export const home = ofBackup('home', '/home');
