import { postgresEntry } from '../postgres/entry.ts';
import type { ServiceEntry } from './catalogue.ts';

/** For SQLite and small files. */
const small = { recordsize: '16K', compression: 'lz4' };

/** The services whose runbooks come with this program. */
export const entries = {
  sonarr: {
    service: 'sonarr',
    owner: { user: 'sonarr', group: 'sonarr' },
    datasets: [{ properties: small }],
    data: { kind: 'sqlite', mustHold: ['sonarr.db', 'config.xml'] },
    health: { address: 'http://localhost:8989' },
    snapshots: 'automatic',
    backup: { tags: ['sonarr', 'media'] },
  },
  radarr: {
    service: 'radarr',
    owner: { user: 'radarr', group: 'radarr' },
    datasets: [{ properties: small }],
    data: { kind: 'sqlite', mustHold: ['radarr.db', 'config.xml'] },
    health: { address: 'http://localhost:7878' },
    snapshots: 'automatic',
    backup: { tags: ['radarr', 'media'] },
  },
  plex: {
    service: 'plex',
    owner: { user: 'plex', group: 'plex' },
    // A large cache of pictures that is rewritten often: snapshots would hold all of it.
    datasets: [{ properties: { recordsize: '1M', compression: 'lz4' } }],
    data: { kind: 'sqlite' },
    health: { address: 'http://localhost:32400/identity' },
    snapshots: 'none',
    backup: { tags: ['plex', 'media'] },
  },
  'home-assistant': {
    service: 'home-assistant',
    owner: { user: 'hass', group: 'hass' },
    datasets: [{ properties: small }],
    data: { kind: 'sqlite', mustHold: ['home-assistant_v2.db', 'configuration.yaml'] },
    health: { address: 'http://localhost:8123' },
    snapshots: 'automatic',
    backup: { tags: ['home-assistant', 'automation'] },
  },
  postgres: postgresEntry,
} satisfies Readonly<Record<string, ServiceEntry>>;
