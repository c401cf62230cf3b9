import { describe, it } from 'vitest';
import { killedBothWays } from './killed-both-ways.ts';
import { obstacle } from './services-stage.ts';

describe.skipIf(obstacle !== undefined)('the move of sonarr', () => {
  it('ends whole although it is killed in drawn acts and before their records, and killed in each undo goes back to the very start', () =>
    killedBothWays('sonarr', {
      share: 0.3,
      shown: `systemctl show sonarr -p ExecStart | grep -o "/persist[^ ;]*" | head -n 1; curl -fs http://127.0.0.1:8989/`,
      is: /^\/persist\/sonarr\/sonarr\.db\n\{"status":"OK","rows":200\}/,
    }));
});
