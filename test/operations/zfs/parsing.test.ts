import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { datasetName, datasetOf, parentOf, poolOf, snapshotName } from '../../../src/operations/zfs/names.ts';
import { parseScrub } from '../../../src/operations/zfs/scrub.ts';
import { parseFeatures, parsePropertyTable, unsupported } from '../../../src/operations/zfs/supported.ts';
import { canonicalValue, driftOf, tellDrift } from '../../../src/operations/zfs/values.ts';
import { parsePoolLine, parseZfsGet } from '../../../src/operations/zfs/zfs-output.ts';

describe('names', () => {
  test.each(['tank', 'tank/a b', 'tank/a.b:c_d-e', 'rpool/safe/persist', 'tank/..a'])(
    '%s names a dataset',
    (name) => expect(datasetName.safeParse(name).success).toBe(true),
  );
  test.each([
    '',
    '-tank',
    'tank/',
    '/tank',
    'tank//a',
    'tank/-a',
    'tank/a@b',
    'tank/é',
    'tank/a ',
    'tank/..',
    'a;b',
    '1a',
    `tank/${'x'.repeat(251)}`,
  ])('%j names none', (name) => expect(datasetName.safeParse(name).success).toBe(false));
  test('a snapshot belongs to its dataset, its pool and the dataset above', () => {
    expect(snapshotName.safeParse('tank/a b@x-1').success).toBe(true);
    for (const name of ['tank/a', 'tank@', 'tank@a@b', 'tank@-a', '@a', 'tank@a b'])
      expect(snapshotName.safeParse(name).success).toBe(false);
    expect([poolOf('tank/a@b'), datasetOf('tank/a@b'), parentOf('tank/a/b@c'), parentOf('tank')]).toEqual([
      'tank',
      'tank/a',
      'tank/a',
      undefined,
    ]);
  });
});

describe('what zfs get tells', () => {
  const properties = ['guid', 'migrate:run', 'mountpoint'];
  const name = fc.stringMatching(/^[a-z][a-z0-9 /@:_-]{0,12}$/);
  const value = fc.string({ unit: fc.constantFrom('a', ' ', '\t', '\n', '/', '-', 'é'), maxLength: 12 });
  const source = fc.constantFrom('local', 'default', '-', 'inherited from tank/a b');

  test('is read back as it was, whatever tabs and line breaks a value holds', () => {
    const answer = fc.uniqueArray(
      fc.tuple(name, fc.array(fc.tuple(value, source), { minLength: 3, maxLength: 3 })),
      {
        selector: ([one]) => one,
        maxLength: 5,
      },
    );
    fc.assert(
      fc.property(answer, (entries) => {
        const text = entries
          .flatMap(([one, found]) =>
            found.map(([given, from], index) => `${one}\t${properties[index]}\t${given}\t${from}\n`),
          )
          .join('');
        expect([...parseZfsGet(text, properties)]).toEqual(
          entries.map(([one, found]) => [
            one,
            Object.fromEntries(
              found.map(([given, from], index) => [properties[index], { value: given, source: from }]),
            ),
          ]),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('in another form is an error, and never taken for an answer', () => {
    for (const text of ['tank', 'tank\tguid\t1\n', 'something else\n'])
      expect(() => parseZfsGet(text, ['guid'])).toThrow(expect.objectContaining({ code: 'zfs.answer' }));
    expect(() => parsePoolLine('tank2\t1\tONLINE\t3%\n', 'tank')).toThrow(
      expect.objectContaining({ code: 'zfs.answer' }),
    );
    expect(parsePoolLine('tank\t123\tFAULTED\t-\n', 'tank')).toEqual({
      guid: '123',
      health: 'FAULTED',
      capacity: undefined,
    });
  });
});

describe('values', () => {
  test('a size means the same however it is written', () => {
    const power = fc.constantFrom(...['', 'K', 'M', 'G', 'T'].entries());
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1023 }),
        power,
        fc.constantFrom('', 'B', 'iB'),
        (count, [exponent, letter], end) => {
          const bytes = String(count * 1024 ** exponent);
          const suffix = letter === '' ? '' : `${letter}${end}`;
          expect(canonicalValue('quota', `${count}${suffix}`)).toBe(bytes);
          expect(canonicalValue('quota', canonicalValue('quota', `${count}${suffix.toLowerCase()}`))).toBe(
            bytes,
          );
        },
      ),
    );
    expect([
      canonicalValue('quota', 'none'),
      canonicalValue('recordsize', '1M'),
      canonicalValue('user:note', '1M'),
    ]).toEqual(['0', '1048576', '1M']);
  });

  test('drift names what is found, where it comes from, and what is wanted', () => {
    const found = {
      recordsize: { value: '131072', source: 'default' },
      atime: { value: 'off', source: 'local' },
    };
    expect(tellDrift(driftOf({ recordsize: '16K', atime: 'off', 'com.sun:x': 'y' }, found))).toBe(
      'recordsize is 131072 (default), wanted is 16K; com.sun:x is unknown, wanted is y',
    );
  });
});

describe('what a pool supports', () => {
  const openZfs = parsePropertyTable(`The following properties are supported:
	PROPERTY       EDIT  INHERIT   VALUES
	available        NO       NO   <size>
	compression     YES      YES   on | off | lzjb | gzip | gzip-[1-9] | zle | lz4 | zstd | zstd-[1-19] | zstd-fast | zstd-fast-[1-10,20,30,40,50,60,70,80,90,100,500,1000]
	logbias         YES      YES   latency | throughput
	acltype         YES      YES   off | nfsv4 | posix
	quota           YES       NO   <size> | none
	recordsize      YES      YES   512 to 16M, power of 2
	sharenfs        YES      YES   on | off | NFS share options
`);
  const features = parseFeatures(
    'tank  feature@lz4_compress  active  local\ntank  feature@large_blocks  disabled  local\ntank  health  ONLINE  -\n',
  );
  const refused = (wanted: Record<string, string>, given = features) =>
    unsupported(wanted, openZfs, given, 'tank');

  test('is told by the feature that it lacks and how to enable it', () => {
    expect(
      refused({
        compression: 'lz4',
        recordsize: '128K',
        logbias: 'throughput',
        quota: '5G',
        'com.sun:auto-snapshot': 'false',
      }),
    ).toEqual([]);
    expect(refused({ recordsize: '1M' })).toEqual([
      {
        property: 'recordsize',
        value: '1M',
        why: 'the feature large_blocks of the pool tank is disabled',
        mend: expect.stringContaining('zpool set feature@large_blocks=enabled tank') as string,
      },
    ]);
    expect(refused({ compression: 'zstd-3' })[0]?.why).toBe(
      'the feature zstd_compress of the pool tank is unknown to its ZFS',
    );
  });

  test('values out of range, misspelt values and unknown properties are refused, and what cannot be judged is not', () => {
    for (const [property, value] of Object.entries({
      compression: 'gzip-12',
      recordsize: '100K',
      logbias: 'fast',
      recordsiz: '1M',
    }))
      expect(refused({ [property]: value })).toHaveLength(1);
    expect(refused({ recordsize: '32M' })).toHaveLength(1);
    for (const [property, value] of Object.entries({
      acltype: 'posixacl',
      compression: 'gzip-9',
      sharenfs: 'rw=@10.0.0.0/8',
      quota: 'none',
    }))
      expect(refused({ [property]: value })).toEqual([]);
    expect(refused({ recordsize: '100M' }, new Map())[0]?.why).toContain('512 to 16M');
  });
});

describe('what a pool says of its scrub', () => {
  test.each([
    [
      '  scan: scrub repaired 0B in 00:00:01 with 0 errors on Sun Mar 10 00:24:05 2024\nerrors: No known data errors',
      'done',
      0,
      0,
    ],
    [
      " scrub: scrub completed after 0h0m with 3 errors on Sat Nov 21 20:55:07 2026\nerrors: 2 data errors, use '-v' for a list",
      'done',
      3,
      2,
    ],
    [
      '  scan: scrub in progress since Sun Mar 10 00:24:05 2024\nerrors: No known data errors',
      'running',
      undefined,
      0,
    ],
    ['  scan: none requested\nerrors: No known data errors', 'never', undefined, 0],
    [
      '  scan: scrub canceled on Sun Mar 10 00:24:05 2024\nerrors: Permanent errors have been detected',
      'cancelled',
      undefined,
      1,
    ],
    [
      '  scan: resilvered 1.2G in 00:01:00 with 0 errors on Sun Mar 10 00:24:05 2024\nerrors: No known data errors',
      'resilver',
      undefined,
      0,
    ],
    ['  pool: tank\nerrors: No known data errors', 'unknown', undefined, 0],
  ])('%j', (text, state, errors, dataErrors) => {
    expect(parseScrub(text)).toMatchObject({ state, errors, dataErrors });
  });

  test('the time at which it was done is local', () => {
    const { at } = parseScrub(
      '  scan: scrub repaired 0B in 00:00:01 with 0 errors on Sun Mar 10 00:24:05 2024\n',
    );
    expect(at).toBe(new Date(2024, 2, 10, 0, 24, 5).getTime());
  });
});
