import { z, type ActContext, type Command, type Host } from 'migrate-runbook';
import { requireMounted } from 'migrate-runbook/operations';
import { params, storage, type Params } from './params.ts';
import { mountedOr } from './mounted.ts';
import { propertiesOf } from './unit.ts';

export const experimentInput = z.strictObject({ p: params });

/** What an experiment with the mount must leave as it was. */
export interface Before {
  readonly type: string;
  readonly options: string;
  readonly wasUp: boolean;
}

const ofTheMount = new Set([
  'rw',
  'ro',
  'noatime',
  'nodiratime',
  'relatime',
  'nosuid',
  'nodev',
  'noexec',
  'discard',
]);

export async function lookBefore(host: Host, p: Params): Promise<Before> {
  const mount = (await host.mounts()).findLast(({ point }) => point === p.storageMount);
  const { ActiveState } = await propertiesOf(host, p.mountUnit);
  const options = mount?.options.filter((option) => ofTheMount.has(option)) ?? [];
  return { type: mount?.type ?? 'ext4', options: options.join(',') || 'rw', wasUp: ActiveState === 'active' };
}

const byUuid = (p: Params) => `/dev/disk/by-uuid/${p.storageUuid}`;
const asItWas = (p: Params, { type, options }: Before) => [
  ...['mount', '-t', type, '-o', options, byUuid(p)],
  p.storageMount,
];

type Acting = Pick<ActContext, 'host' | 'exec' | 'sh'>;

/**
 * The disk at its place and the unit as it was, whatever an experiment has come to.
 * @throws StepError `mount.*` when the disk cannot be brought back
 */
export async function restoreMount({ host, exec, sh }: Acting, p: Params, before: Before): Promise<void> {
  const isUp = async () => (await propertiesOf(host, p.mountUnit)).ActiveState === 'active';
  if ((await mountedOr(host, p)) !== true) {
    if (before.wasUp) await exec(sh`systemctl restart ${p.mountUnit}`, { anyExit: true });
    if ((await mountedOr(host, p)) !== true) {
      const [program = '', ...words] = asItWas(p, before);
      await exec(sh`mkdir -p ${p.storageMount}`);
      await exec({ argv: [program, ...words] });
    }
  }
  if (before.wasUp && !(await isUp())) await exec(sh`systemctl start ${p.mountUnit}`);
  if (!before.wasUp && (await isUp())) await exec(sh`systemctl stop ${p.mountUnit}`);
  await requireMounted(host, storage(p));
}

/** The same for a rescue shell. 32: it is mounted already. */
export function restoreByHand(p: Params, before: Before): readonly Command[] {
  const [program = '', ...words] = asItWas(p, before);
  return [
    { argv: [program, ...words], ok: [0, 32] },
    ...(before.wasUp ? [{ argv: ['systemctl', 'start', p.mountUnit] as const }] : []),
  ];
}
