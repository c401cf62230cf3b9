import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimsCollide, type Claim } from '../../src/runbook/index.ts';

const path = (at: string): Claim => ({ kind: 'path', path: at, role: 'source' });
const unit = (name: string): Claim => ({ kind: 'unit', unit: name });
const dataset = (name: string): Claim => ({ kind: 'dataset', dataset: name });

describe('claimsCollide', () => {
  it.each([
    [path('/nix'), path('/nix'), true],
    [path('/nix'), path('/nix/'), true],
    [path('/nix'), path('/nix/store/x'), true],
    [path('/nix'), path('/nixos'), false],
    [path('/nix//store/'), path('/nix/store/x'), true],
    [path('/home/../nix'), path('/nix/store'), true],
    [path('/'), path('/nix'), true],
    [unit('sonarr'), unit('sonarr.service'), true],
    [unit('sonarr.service'), unit('sonarr.timer'), false],
    [dataset('tank'), dataset('tank/home'), true],
    [dataset('tank/home'), dataset('tank/homes'), false],
    [unit('tank'), dataset('tank'), false],
  ])('%j and %j: %s', (one, other, collide) => {
    expect(claimsCollide(one, other)).toBe(collide);
    expect(claimsCollide(other, one)).toBe(collide);
  });

  it('holds everything beneath a claimed path', () => {
    const parts = fc.array(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(parts, parts, (outer, inner) => {
        const claimed = `/${outer.join('/')}`;
        expect(claimsCollide(path(claimed), path(`${claimed}/${inner.join('/')}`))).toBe(true);
        expect(claimsCollide(path(claimed), path(`${claimed}-${inner.join('/')}`))).toBe(false);
      }),
    );
  });
});
