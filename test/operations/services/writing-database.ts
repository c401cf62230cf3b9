import { DatabaseSync } from 'node:sqlite';

/**
 * A service with a database: `node writing-database.ts FILE MODE`. It acknowledges each row on standard output once it
 * is committed, and works until it is killed. In the mode `hot` it waits in the middle of a transaction whose pages
 * have been written.
 */
const [, , file = '', mode = 'wal'] = process.argv;
const database = new DatabaseSync(file, { timeout: 10_000 });
// It is killed, and no power is cut.
database.exec(`PRAGMA synchronous = OFF; PRAGMA journal_mode = ${mode === 'wal' ? 'WAL' : 'DELETE'}`);
database.exec('CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, text TEXT)');
const insert = database.prepare('INSERT INTO rows (text) VALUES (?)');
const text = 'x'.repeat(2_000);
if (mode === 'hot') {
  for (let index = 0; index < 200; index += 1) insert.run(text);
  // So few pages are kept in memory that the others are written, while the journal holds what they were.
  database.exec('PRAGMA cache_size = 5; BEGIN');
  database.exec("UPDATE rows SET text = text || 'y'");
  process.stdout.write('torn\n');
  setInterval(() => {}, 1_000);
} else {
  const write = () => {
    for (let index = 0; index < 20; index += 1) insert.run(text);
    process.stdout.write('written\n');
    // A journal is locked as long as it is written: a service that never pauses lets nobody read.
    setTimeout(write, 25);
  };
  write();
}
