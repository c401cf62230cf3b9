import { expect, test } from 'vitest';
import { parseControlData } from '../../../src/operations/postgres/control-data.ts';

const text = `pg_control version number:            1300
Database system identifier:           7710731002578097836
Database cluster state:               shut down in recovery
Latest checkpoint location:           0/4009198
Latest checkpoint's REDO location:    0/4009160
Latest checkpoint's REDO WAL file:    000000010000000000000004
Latest checkpoint's TimeLineID:       3
Latest checkpoint's oldestCommitTsXid:0
Time of latest checkpoint:            Sat Nov 21 20:59:35 2026
Data page checksum version:           1
`;

test('a control file is read by the words of pg_controldata, and its identifier keeps every digit', () => {
  expect(parseControlData(text, '/data')).toEqual({
    state: 'shut down in recovery',
    systemIdentifier: '7710731002578097836',
    checkpoint: '0/4009198',
    walFile: '000000010000000000000004',
    timeline: 3,
    checksums: true,
  });
});

test('a control file whose own checksum does not hold is damaged, although pg_controldata exits with 0', () => {
  const warned = `WARNING: Calculated CRC checksum does not match value stored in file.\n${text}`;
  expect(() => parseControlData(warned, '/data')).toThrow('/data does not hold its own checksum');
});

test('a line that is missing is named', () => {
  expect(() => parseControlData(text.replace('Database cluster state', 'x'), '/data')).toThrow(
    'Database cluster state',
  );
});
