import type { RunbookBuilder } from 'migrate-runbook';
import { zfsDataset } from 'migrate-runbook/operations';
import type { Service } from './catalogue.ts';
import type { ServiceParams } from './params.ts';
import type { Placed } from './place.ts';

/** A step for each dataset beside the one that takes the data; `ids` are their names, for `needs`. */
export function withFurtherDatasets<
  Steps extends { readonly place: Placed; readonly dataset: unknown } & Readonly<Record<string, unknown>>,
>(
  chain: RunbookBuilder<ServiceParams, Steps>,
  { datasets, owner }: Service,
): { readonly chain: RunbookBuilder<ServiceParams, Steps>; readonly ids: readonly never[] } {
  type Plain = RunbookBuilder<ServiceParams, { readonly place: Placed; readonly dataset: unknown }>;
  let longer = chain as unknown as Plain;
  const ids: string[] = [];
  for (const { name, mode } of datasets.slice(1)) {
    const id = `dataset-${name}`;
    ids.push(id);
    longer = longer.step(id as 'place-of-its-own', {
      title: `The dataset ${name}`,
      needs: ['place', 'dataset'],
      use: zfsDataset,
      with: ({ params: p, outputs }) => {
        const found = outputs.place.datasets.find((one) => one.name === name);
        const { dataset = '', mountPoint = '', properties = {} } = found ?? {};
        return {
          dataset,
          mountPoint,
          properties,
          drift: p.drift,
          ...(mode === undefined ? {} : { mode }),
          ...(owner === undefined ? {} : { owner: `${owner.user}:${owner.group}` }),
        };
      },
    }) as unknown as Plain;
  }
  return {
    chain: longer as unknown as RunbookBuilder<ServiceParams, Steps>,
    ids: ids as never[],
  };
}
