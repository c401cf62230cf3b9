import { operation, StepError, z, type Host } from 'migrate-runbook';
import { postgresQuery } from 'migrate-runbook/operations';

const names = ['archive_mode', 'archive_command', 'wal_level', 'max_wal_senders'];
const input = z.strictObject({
  server: z.strictObject({ user: z.string(), socket: z.string(), port: z.number() }),
  unit: z.string(),
  /** Units that are gone after a rollback; one that has failed would be listed for ever. */
  gone: z.array(z.string()),
});
type Server = z.output<typeof input>['server'];

/** Milliseconds in which a server that was told to read its configuration has done so. */
const uptake = 10_000;

/**
 * Remembers how archiving stands. Its undo comes after the settings are back: it restarts the server when
 * they wait for that, since a server that goes on in archive mode without its archive_command keeps all
 * WAL until the disk is full; and it proves that archiving stands as before.
 */
export const archivingBefore = operation({
  operation: 'archiving-before',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input }) => ({ before: await archiving(host, input.server) }),
  idempotent: true,
  describe: ({ input }) =>
    `remember how archiving stands, so that a rollback restarts ${input.unit} and proves it`,
  run: async ({ captured, log }) => {
    for (const [name, value] of Object.entries(captured.before)) log(`${name} = ${value}`);
  },
  undo: {
    describe: ({ input }) => `restart ${input.unit} where the old settings wait for it, and prove them`,
    run: async ({ host, input, captured, exec, sh }) => {
      const until = host.clock.now().monotonic + uptake;
      let restarted = false;
      for (;;) {
        const now = await archiving(host, input.server);
        const other = names.filter((name) => now[name] !== captured.before[name]);
        if (other.length === 0) break;
        if (!restarted && (await pending(host, input.server))) {
          await exec(sh`systemctl restart ${input.unit}`);
          restarted = true;
        } else if (host.clock.now().monotonic > until) {
          throw new StepError(
            'pitr.still-archives',
            other.map((name) => `${name} is ${now[name]} and was ${captured.before[name]}`).join('; '),
            `See which file sets it (pg_settings.sourcefile), and restart ${input.unit}. In archive mode without a working archive_command WAL fills the disk.`,
          );
        }
        await host.clock.sleep(200);
      }
      // It refuses those that it does not know, which is as well.
      for (const unit of input.gone) await exec(sh`systemctl reset-failed ${unit}`, { anyExit: true });
    },
    breakGlass: ({ input }) => [{ argv: ['systemctl', 'restart', input.unit] }],
  },
});

async function archiving(host: Host, server: Server): Promise<Record<string, string>> {
  const rows = await postgresQuery(
    host,
    server,
    `SELECT name, setting FROM pg_settings WHERE name = ANY (string_to_array(:'names', ','))`,
    { names: names.join(',') },
  );
  return Object.fromEntries(rows.map(({ name, setting }) => [String(name), String(setting)]));
}

/** Whether a setting waits for a restart. */
export async function pending(host: Host, server: Server): Promise<boolean> {
  const rows = await postgresQuery(host, server, 'SELECT name FROM pg_settings WHERE pending_restart');
  return rows.length > 0;
}
