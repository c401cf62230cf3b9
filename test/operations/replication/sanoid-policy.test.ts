import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgePolicy } from '../../../src/operations/replication/policy-problems.ts';
import { parseSanoidConf } from '../../../src/operations/replication/sanoid-conf.ts';
import { sanoidPolicies } from '../../../src/operations/replication/sanoid-policy.ts';

const production = '[template_production]\nhourly = 24\ndaily = 7\nautosnap = yes\nautoprune = yes\n';
const recursive = '[tank/persist]\nuse_template = production\nrecursive = yes\n';
const withoutPlex = '[tank/persist/plex]\nautosnap = no\n';
const datasets = ['tank', 'tank/persist', 'tank/persist/plex', 'tank/persist/sonarr', 'backup-pool'];
const wanted = {
  dataset: 'tank/persist',
  template: 'production',
  without: ['tank/persist/plex'],
  replica: 'backup-pool/tank-replica',
};
const problemsOf = (text: string) =>
  judgePolicy({ text, path: '/etc/sanoid/sanoid.conf' }, wanted, datasets).problems;

describe('a policy of sanoid', () => {
  it('is as wanted when the parent is recursive and the child that is left out stands behind it', () => {
    expect(problemsOf(recursive + withoutPlex + production)).toEqual([]);
  });

  it.each([
    ['no section', production, ['there is no section [tank/persist]', 'gets no snapshots']],
    ['only a property on plex', recursive + production, ['does not read com.sun:auto-snapshot']],
    ['plex before its parent', withoutPlex + recursive + production, ['stands before [tank/persist]']],
    [
      'atomic recursion',
      recursive.replace('= yes', '= zfs') + withoutPlex + production,
      ['has recursive = zfs, which no section of a child can limit'],
    ],
    ['a template that is not there', recursive + withoutPlex, ['there is no [template_production]']],
    [
      'another template',
      recursive.replace('production', 'other') + withoutPlex + production.replace('production', 'other'),
      ['does not use the template production'],
    ],
    [
      'no recursion',
      recursive.replace('recursive = yes', '') + production,
      ['tank/persist/sonarr gets no snapshots'],
    ],
    [
      'nothing to keep',
      `${recursive}${withoutPlex}[template_production]\nhourly=0\ndaily=0\nmonthly=0\n`,
      ['tank/persist gets no snapshots'],
    ],
    [
      'snapshots of the replica',
      `${recursive}${withoutPlex}${production}[backup-pool]\nrecursive = yes\n`,
      ['is a replica and gets snapshots of its own'],
    ],
  ])('is told to be wrong with %s', (_, text, said) => {
    const problems = problemsOf(text).join('\n');
    for (const one of said) expect(problems).toContain(one);
  });

  it.each([
    ['hourly = 1\n', 'line 1: hourly stands before the first [section]'],
    ['[a]\nhourly\n', 'line 2: neither a [section] nor a setting: hourly'],
    ['[a]\nhourly = 1\nhourly = 2\n', 'line 3: hourly is set twice; first in line 2'],
  ])('that cannot be read is named with its line', (text, said) => {
    expect(() => parseSanoidConf(text, '/etc/sanoid/sanoid.conf')).toThrow(said);
  });

  it('leaves a child out by its own section behind any recursive one, wherever the templates stand', () => {
    const names = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(fc.uniqueArray(names, { minLength: 1 }), names, fc.boolean(), (children, left, first) => {
        const parent = '[p]\nuse_template = t\nrecursive = yes\n';
        const template = '[template_t]\nhourly = 1\n';
        const text = `${first ? template : ''}${parent}[p/${left}]\nautosnap = no\n${first ? '' : template}`;
        const all = ['p', ...children.map((name) => `p/${name}`)];
        const policies = sanoidPolicies(parseSanoidConf(text, 'x'), all);
        for (const name of all) expect(policies.get(name)?.snapshots).toBe(name !== `p/${left}`);
      }),
    );
  });
});
