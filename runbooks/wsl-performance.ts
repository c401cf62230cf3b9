import { MigrateError, runbook } from 'migrate-runbook';
import { forcedBuildBenchmark } from 'migrate-runbook/operations';
import { compareBenchmarks } from './wsl-nix-store/benchmarks.ts';
import { mustLiveOnStorage } from './wsl-nix-store/live.ts';
import { params, type Params } from './wsl-performance/params.ts';
import { rehearsal } from './wsl-performance/rehearsal.ts';
import { storeBenchmark } from './wsl-performance/store-benchmark.ts';

const onFailure = 'continue' as const;
const expect = '30–60 % faster than before';
const worse = 'FAIL' as const;
const locks = ['disk'];

const build = ({ params: p }: { readonly params: Params }) => ({ runs: p.runs, mebibytes: p.buildMebibytes });
const large = ({ params: p }: { readonly params: Params }) => ({ runs: p.runs, mebibytes: p.largeMebibytes });
const collect = ({ params: p }: { readonly params: Params }) => ({
  ...{ source: p.source, work: 'collect' as const, runs: p.runs, mebibytes: p.garbageMebibytes },
});
const both = ({ params: p }: { readonly params: Params }) => ({
  ...{ source: p.source, work: 'both' as const, runs: p.runs, mebibytes: p.ioMebibytes },
});

export default runbook('wsl-performance', {
  summary: 'Compare how fast Nix works before and after its store moved onto the SSD',
  params,
  tools: ['nix-store', 'nix-instantiate', 'dd', 'sync', 'findmnt', 'blkid'],
  root: true,
  rehearsal,
})
  .phase('Before')
  .step('build-before', {
    title: 'Time forced local builds',
    locks,
    use: forcedBuildBenchmark,
    with: build,
  })
  .step('large-before', {
    title: 'Time a large derivation',
    needs: ['build-before'],
    locks,
    use: forcedBuildBenchmark,
    with: large,
  })
  .step('collect-before', {
    title: 'Time the collection of a path added for it',
    needs: ['large-before'],
    locks,
    use: storeBenchmark,
    with: collect,
  })
  .step('both-before', {
    title: 'Time the store while the disk is written to',
    needs: ['collect-before'],
    locks,
    use: storeBenchmark,
    with: both,
  })

  .phase('Move')
  .manual('move', {
    title: 'Move the store onto the SSD',
    needs: ['both-before'],
    instructions: ({ params: p }) =>
      `move ${p.source} onto the SSD: migrate run wsl-nix-store, through its restart. Then go on here`,
    probe: async ({ host, params: p }) => {
      try {
        await mustLiveOnStorage(host, p);
        return true;
      } catch (thrown) {
        if (thrown instanceof MigrateError) return thrown.message;
        throw thrown;
      }
    },
  })

  .phase('After')
  .step('build-after', {
    title: 'Time the same builds',
    needs: ['move'],
    locks,
    use: forcedBuildBenchmark,
    with: build,
  })
  .step('large-after', {
    title: 'Time the same large derivation',
    needs: ['build-after'],
    locks,
    use: forcedBuildBenchmark,
    with: large,
  })
  .step('collect-after', {
    title: 'Time the collection of a path again',
    needs: ['large-after'],
    locks,
    use: storeBenchmark,
    with: collect,
  })
  .step('both-after', {
    title: 'Time the store while the disk is written to again',
    needs: ['collect-after'],
    locks,
    use: storeBenchmark,
    with: both,
  })

  .phase('Compare')
  .check('build', {
    title: 'Builds',
    needs: ['build-before', 'build-after', 'both-after'],
    onFailure,
    expect,
    run: ({ outputs }) =>
      compareBenchmarks(outputs['build-before'], outputs['build-after'], {
        title: 'Forced local builds',
        worse,
      }),
  })
  .check('large', {
    title: 'A large derivation',
    needs: ['large-before', 'large-after', 'both-after'],
    onFailure,
    expect,
    run: ({ outputs }) =>
      compareBenchmarks(outputs['large-before'], outputs['large-after'], {
        title: 'A large derivation',
        worse,
      }),
  })
  .check('collect', {
    title: 'Garbage collection',
    needs: ['collect-before', 'collect-after', 'both-after'],
    onFailure,
    expect,
    run: ({ outputs }) =>
      compareBenchmarks(outputs['collect-before'], outputs['collect-after'], {
        title: 'Collecting one path',
        worse,
      }),
  })
  .check('both', {
    title: 'I/O while both work',
    needs: ['both-before', 'both-after'],
    onFailure,
    expect,
    run: ({ outputs }) =>
      compareBenchmarks(outputs['both-before'], outputs['both-after'], {
        title: 'Adding a path while the disk is written to',
        worse,
      }),
  });
