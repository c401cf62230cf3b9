import type { RunbookBuilder, StepContext } from 'migrate-runbook';
import { zfsSnapshot } from 'migrate-runbook/operations';
import type { Service } from '../catalogue.ts';
import type { Kind } from '../kind.ts';
import { beneathFolder, oldFolder } from '../old-folder.ts';
import { mountPointOf, targetOf } from '../place.ts';
import { manifestOf } from '../step-inputs.ts';
import { copyAtRest, copyAtWork, readEveryByte } from '../steps/copy-tree.ts';
import {
  clusterShutDown,
  copiesSound,
  databasesSound,
  sameCluster,
  type Cluster,
} from '../steps/data-at-rest.ts';
import { agreeToStop, stopAndMask } from '../steps/pause.ts';
import { leftOut, type beginBack } from './begin.ts';
import type { BackParams } from './params.ts';

/** The copy, first with the service at work, then at rest; verified. */
export function copyBack(service: Service, own: Kind, chain: ReturnType<typeof beginBack>) {
  const isSqlite = () => service.data.kind === 'sqlite';
  const isPostgres = () => service.data.kind === 'postgres';
  const onDataset = (p: BackParams) => targetOf(service, p);
  const inOldFolder = (p: BackParams) => oldFolder(service, p);
  const whole = ({ params: p, run, outputs }: IntoOldFolder) => ({
    from: onDataset(p),
    to: inOldFolder(p),
    exclude: leftOut(own),
    manifest: manifestOf(run),
    ...oldDisk(service, p, outputs),
  });

  const copied = chain
    .phase('Copy')
    .step('warm-copy', { needs: ['old-disk', 'fits'], ...copyAtWork(whole) })
    .phase('Move back')
    .confirm('stop', { needs: ['warm-copy'], ...agreeToStop(service) })
    .step('freeze', { needs: ['stop'], ...stopAndMask(service) })
    .step('databases', { needs: ['freeze'], when: isSqlite, ...databasesSound(onDataset) })
    .step('shutdown', { needs: ['databases'], when: isPostgres, ...clusterShutDown(onDataset) })
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
    .step('final-copy', { needs: ['old-disk', 'snapshot'], ...copyAtRest(whole) })
    .step('verify-copy', { needs: ['old-disk', 'final-copy'], ...readEveryByte(whole) });
  const further = withReturns(copied, service, own);

  return further.chain
    .step('copied-databases', {
      needs: ['verify-copy', ...further.ids],
      when: isSqlite,
      ...copiesSound(inOldFolder),
    })
    .step('copied-shutdown', {
      needs: ['copied-databases', 'shutdown'],
      when: isPostgres,
      ...sameCluster(inOldFolder, (outputs: { readonly shutdown: Cluster | undefined }) => outputs.shutdown),
    });
}

interface OldDisk {
  readonly uuid?: string | undefined;
}

type IntoOldFolder = StepContext<BackParams, { readonly 'old-disk': OldDisk }>;

/** After a boot nothing is beneath, and the folder in memory must not be written to. */
function oldDisk(service: Service, p: BackParams, { 'old-disk': { uuid } }: IntoOldFolder['outputs']) {
  return p.point === 'bind-mount' && uuid !== undefined
    ? { expectMount: { point: beneathFolder(service), uuid } }
    : {};
}

/** A copy, and its verification, for each dataset that belongs into a folder of the old one. */
function withReturns<Steps extends { readonly 'old-disk': OldDisk } & Readonly<Record<string, unknown>>>(
  chain: RunbookBuilder<BackParams, Steps>,
  service: Service,
  { returns = [] }: Kind,
): { readonly chain: RunbookBuilder<BackParams, Steps>; readonly ids: readonly never[] } {
  type Plain = RunbookBuilder<
    BackParams,
    { readonly 'old-disk': OldDisk; readonly 'verify-copy': unknown; readonly 'copy-into': unknown }
  >;
  let longer = chain as unknown as Plain;
  const ids: string[] = [];
  for (const { dataset, into } of returns) {
    const name = into.replaceAll(/[^a-z0-9]+/g, '-');
    const part = ({ params: p, run, outputs }: IntoOldFolder) => ({
      from: mountPointOf(dataset, p),
      to: `${oldFolder(service, p)}/${into}`,
      manifest: `${manifestOf(run)}-${name}`,
      ...oldDisk(service, p, outputs),
    });
    ids.push(`verify-${name}`);
    longer = longer
      .step(`copy-${name}` as 'copy-into-it', {
        needs: ['old-disk', 'verify-copy'],
        ...copyAtRest(part),
        title: `Copy ${dataset} into ${into}`,
      })
      .step(`verify-${name}` as 'verify-it', {
        needs: ['old-disk', `copy-${name}` as 'copy-into'],
        ...readEveryByte(part),
        title: `Read every byte of ${into} and compare`,
      }) as unknown as Plain;
  }
  return { chain: longer as unknown as RunbookBuilder<BackParams, Steps>, ids: ids as never[] };
}
