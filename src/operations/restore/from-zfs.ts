import { messageOf, StepError } from '../../errors.ts';
import { sh, type Host } from '../../runbook/index.ts';
import { sendAndReceive } from '../zfs/receive.ts';
import type { DataPlace } from './data-place.ts';
import { beforeSsh, hostThrough, newestFirst, readDataset, type DatasetSnapshot } from './datasets.ts';
import { lookAtTree } from './look-at.ts';
import type { Asked, ReplicaSource } from './sources.ts';
import { clearStaging, makeHolder, mountStaged, mustFit, type Staging } from './staging.ts';
import { endsAll, type Working } from './time-limit.ts';

/** A look into a snapshot costs little, and those taken after a loss are empty. */
const mostLooks = 48;
const mostReceived = 3;

interface DatasetStaging extends Staging {
  readonly dataset: string;
}

/**
 * Brings the newest sound snapshot of the data's own dataset back as a clone, which takes no room. What is there
 * now stays as it is.
 * @throws StepError `restore.none-fits`, and those of `readDataset`
 */
export async function fromSnapshot(
  context: Working,
  place: DataPlace,
  staging: DatasetStaging,
): Promise<Asked> {
  const { exec, host } = context;
  return newestSound(context, {
    there: host,
    from: place.dataset ?? '',
    most: mostLooks,
    place,
    staging,
    stage: async (snapshot) => {
      const { dataset, root } = staging;
      await exec(sh`zfs clone -o canmount=noauto -o ${`mountpoint=${root}`} ${snapshot.name} ${dataset}`);
    },
    clone: true,
  });
}

/**
 * Receives the newest sound snapshot of a replica, in another pool or on another machine, into a new dataset.
 * Nothing is ever rolled back for it.
 * @throws StepError `restore.none-fits`, `restore.other-guid`, and those of `readDataset`
 */
export async function fromReplica(
  context: Working,
  place: DataPlace,
  source: ReplicaSource,
  staging: DatasetStaging,
): Promise<Asked> {
  const { exec, host } = context;
  return newestSound(context, {
    there: hostThrough(host, source.ssh),
    from: source.dataset,
    most: mostReceived,
    place,
    staging,
    stage: async (snapshot) => {
      const { dataset, root } = staging;
      await mustFit(host, place, snapshot.referenced, snapshot.name);
      // Without resuming: a staging that is begun again begins empty.
      await sendAndReceive(context, [snapshot.name], dataset, false, beforeSsh(source.ssh));
      const [received] = await newestFirst(host, dataset);
      if (received?.guid !== snapshot.guid) {
        throw new StepError(
          'restore.other-guid',
          `what was received is not ${snapshot.name}: its GUID is ${received?.guid ?? 'missing'}, not ${snapshot.guid}`,
        );
      }
      await exec(sh`zfs set canmount=noauto ${dataset}`);
      await exec(sh`zfs set ${`mountpoint=${root}`} ${dataset}`);
    },
    clone: false,
  });
}

interface Search {
  readonly there: Host;
  readonly from: string;
  readonly most: number;
  readonly place: DataPlace;
  readonly staging: DatasetStaging;
  readonly stage: (snapshot: DatasetSnapshot) => Promise<void>;
  readonly clone: boolean;
}

async function newestSound(context: Working, search: Search): Promise<Asked> {
  const { there, from, most, place, staging } = search;
  if ((await readDataset(there, from)) === undefined) {
    return { is: 'none', proof: `its pool is there and has no dataset ${from}` };
  }
  const snapshots = await newestFirst(there, from);
  if (snapshots.length === 0) return { is: 'none', proof: `${from} has no snapshot` };
  const wrong: string[] = [];
  for (const snapshot of snapshots.slice(0, most)) {
    await clearStaging(context, staging);
    await makeHolder(context, place, staging);
    try {
      await search.stage(snapshot);
      await mountStaged(context, staging);
      const { state, why } = await lookAtTree(context.host, staging.root, place, context.run.folder);
      if (state === 'present') {
        const { name } = snapshot;
        return { is: 'staged', snapshot: name, detail: name, tree: staging.root, clone: search.clone };
      }
      wrong.push(`${snapshot.name}: ${state}, ${why}`);
    } catch (error) {
      if (endsAll(error, context.signal)) throw error;
      wrong.push(`${snapshot.name}: ${messageOf(error)}`);
    }
  }
  await clearStaging(context, staging);
  throw new StepError('restore.none-fits', `none of its snapshots is sound: ${wrong.slice(0, 3).join('; ')}`);
}
