import type { RunbookBuilder, RunInfo } from 'migrate-runbook';
import {
  copyTree,
  freezeUnits,
  postgresShutdown,
  sqliteCheck,
  verifyTree,
  zfsSnapshot,
} from 'migrate-runbook/operations';
import type { Service } from '../catalogue.ts';
import type { Kind } from '../kind.ts';
import { beneathFolder, oldFolder } from '../old-folder.ts';
import { mountPointOf, targetOf } from '../place.ts';
import { manifestOf } from '../step-inputs.ts';
import { leftOut, type beginBack } from './begin.ts';
import type { BackParams } from './params.ts';

/** The copy, first with the service at work, then at rest; verified. */
export function copyBack(service: Service, own: Kind, chain: ReturnType<typeof beginBack>) {
  const { units, data } = service;
  const isSqlite = () => data.kind === 'sqlite';
  const isPostgres = () => data.kind === 'postgres';
  /** After a boot nothing is beneath, and the folder in memory must not be written to. */
  const disk = (p: BackParams, { uuid }: { readonly uuid?: string | undefined }) =>
    p.point === 'bind-mount' && uuid !== undefined
      ? { expectMount: { point: beneathFolder(service), uuid } }
      : {};
  const copyOf = (p: BackParams, run: RunInfo, old: { readonly uuid?: string | undefined }) => ({
    from: targetOf(service, p),
    to: oldFolder(service, p),
    exclude: leftOut(own),
    manifest: manifestOf(run),
    laterWrites: p.laterWrites,
    ...disk(p, old),
  });

  const copied = chain
    .phase('Copy')
    .step('warm-copy', {
      title: 'Copy while the service is at work',
      needs: ['old-disk', 'fits'],
      use: copyTree,
      with: ({ params: p, run, outputs }) => ({
        ...copyOf(p, run, outputs['old-disk']),
        pass: 'warm' as const,
      }),
    })
    .phase('Move back')
    .confirm('stop', {
      title: 'Ready to stop the service',
      needs: ['warm-copy'],
      ask: () => `Shall ${units.join(', ')} stop now, for the last copy?`,
    })
    .step('freeze', {
      title: 'Stop it, and keep it from being started',
      needs: ['stop'],
      use: freezeUnits,
      with: () => ({ units }),
    })
    .step('databases', {
      title: 'The databases are sound',
      needs: ['freeze'],
      when: isSqlite,
      use: sqliteCheck,
      with: ({ params: p }) => ({ folder: targetOf(service, p), service: 'stopped' as const }),
    })
    .step('shutdown', {
      title: 'The cluster is shut down',
      needs: ['databases'],
      when: isPostgres,
      use: postgresShutdown,
      with: ({ params: p }) => ({ folder: targetOf(service, p) }),
    })
    .step('snapshot', {
      title: 'A snapshot that holds the dataset, as it is at rest',
      needs: ['place', 'shutdown'],
      use: zfsSnapshot,
      with: ({ outputs, run }) => ({
        datasets: outputs.place.datasets.map(({ dataset }) => dataset),
        name: `migrate-${run.id}`,
        hold: 'migrate',
      }),
    })
    .step('final-copy', {
      title: 'Copy what changed since',
      needs: ['old-disk', 'snapshot'],
      use: copyTree,
      with: ({ params: p, run, outputs }) => ({
        ...copyOf(p, run, outputs['old-disk']),
        pass: 'final' as const,
      }),
    })
    .step('verify-copy', {
      title: 'Read every byte of the copy and compare, with owners and modes',
      needs: ['old-disk', 'final-copy'],
      use: verifyTree,
      with: ({ params: p, run, outputs }) => ({
        target: oldFolder(service, p),
        manifest: manifestOf(run),
        ...disk(p, outputs['old-disk']),
      }),
    });
  const further = withReturns(copied, service, own, disk);

  return further.chain
    .step('copied-databases', {
      title: 'Their copies are sound',
      needs: ['verify-copy', ...further.ids],
      when: isSqlite,
      use: sqliteCheck,
      with: ({ params: p }) => ({ folder: oldFolder(service, p), service: 'stopped' as const }),
    })
    .step('copied-shutdown', {
      title: 'The copy is the same cluster, shut down',
      needs: ['copied-databases', 'shutdown'],
      when: isPostgres,
      use: postgresShutdown,
      with: ({ params: p, outputs }) => ({
        folder: oldFolder(service, p),
        ...(outputs.shutdown === undefined ? {} : { systemIdentifier: outputs.shutdown.systemIdentifier }),
      }),
    });
}

interface OldDisk {
  readonly uuid?: string | undefined;
}

/** A copy, and its verification, for each dataset that belongs into a folder of the old one. */
function withReturns<Steps extends { readonly 'old-disk': OldDisk } & Readonly<Record<string, unknown>>>(
  chain: RunbookBuilder<BackParams, Steps>,
  service: Service,
  { returns = [] }: Kind,
  disk: (p: BackParams, old: OldDisk) => object,
): { readonly chain: RunbookBuilder<BackParams, Steps>; readonly ids: readonly never[] } {
  type Plain = RunbookBuilder<
    BackParams,
    { readonly 'old-disk': OldDisk; readonly 'verify-copy': unknown; readonly 'copy-into': unknown }
  >;
  let longer = chain as unknown as Plain;
  const ids: string[] = [];
  for (const { dataset, into } of returns) {
    const name = into.replaceAll(/[^a-z0-9]+/g, '-');
    const manifest = ({ folder }: RunInfo) => `${folder}/manifest-${name}`;
    const to = (p: BackParams) => `${oldFolder(service, p)}/${into}`;
    ids.push(`verify-${name}`);
    longer = longer
      .step(`copy-${name}` as 'copy-into-it', {
        title: `Copy ${dataset} into ${into}`,
        needs: ['old-disk', 'verify-copy'],
        use: copyTree,
        with: ({ params: p, run, outputs }) => ({
          from: mountPointOf(dataset, p),
          to: to(p),
          manifest: manifest(run),
          laterWrites: p.laterWrites,
          pass: 'final' as const,
          ...disk(p, outputs['old-disk']),
        }),
      })
      .step(`verify-${name}` as 'verify-it', {
        title: `Read every byte of ${into} and compare`,
        needs: ['old-disk', `copy-${name}` as 'copy-into'],
        use: verifyTree,
        with: ({ params: p, run, outputs }) => ({
          target: to(p),
          manifest: manifest(run),
          ...disk(p, outputs['old-disk']),
        }),
      }) as unknown as Plain;
  }
  return { chain: longer as unknown as RunbookBuilder<BackParams, Steps>, ids: ids as never[] };
}
