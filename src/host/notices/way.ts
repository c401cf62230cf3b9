import { UsageError } from '../../errors.ts';
import { secretReference, type SecretReference } from '../../runbook/secret.ts';

/** How somebody is reached who is not at the terminal, beyond the system's own log. */
export type Way =
  | { readonly kind: 'program'; readonly path: string }
  | ({ readonly kind: 'webhook' | 'ntfy' } & HttpWay);

export interface HttpWay {
  /** A reference where the address itself is the key to it. */
  readonly url: string | SecretReference;
  readonly token?: SecretReference | undefined;
  readonly headers: readonly { readonly name: string; readonly value: SecretReference }[];
}

export interface WayGiven {
  readonly notify: string;
  /** `none`, or a reference. */
  readonly token: string;
  /** Each `Name=reference`. */
  readonly headers: readonly string[];
}

/** What `notify` may be, as a pattern; what it leaves open `wayOf` refuses. */
export const notifyPattern = /^(auto|none|\/.+|(webhook|ntfy):(https?:\/\/.+|file:\/.+|env:[A-Za-z_]\w*))$/;
export const tokenPattern = /^(none|env:[A-Za-z_]\w*|file:\/.+)$/;
export const headerPattern = /^[A-Za-z0-9-]+=(env:[A-Za-z_]\w*|file:\/.+)$/;

/**
 * The way that the preferences name; none for `auto` and `none`.
 * @throws UsageError `notify.address` for an address that is none, or that holds a password
 */
export function wayOf({ notify, token, headers }: WayGiven): Way | undefined {
  if (notify === 'auto' || notify === 'none') return undefined;
  if (notify.startsWith('/')) return { kind: 'program', path: notify };
  const colon = notify.indexOf(':');
  const kind = notify.slice(0, colon) as 'webhook' | 'ntfy';
  const address = notify.slice(colon + 1);
  const reference = secretReference.safeParse(address);
  return {
    kind,
    url: reference.success ? reference.data : checkedAddress(kind, address),
    ...(token === 'none' ? {} : { token: secretReference.parse(token) }),
    headers: headers.map((header) => {
      const equals = header.indexOf('=');
      return { name: header.slice(0, equals), value: secretReference.parse(header.slice(equals + 1)) };
    }),
  };
}

/** @throws UsageError `notify.address`, which never says the address itself: it may hold a key */
export function checkedAddress(kind: 'webhook' | 'ntfy', address: string): string {
  const url = URL.parse(address);
  const wrong =
    url === null || !['http:', 'https:'].includes(url.protocol)
      ? 'is no address of http or https'
      : url.username !== '' || url.password !== ''
        ? 'holds a user or a password'
        : kind === 'ntfy' && topicOf(url) === ''
          ? 'names no topic'
          : undefined;
  if (wrong === undefined) return address;
  throw new UsageError(
    'notify.address',
    `the address for ${kind} ${wrong}`,
    kind === 'ntfy'
      ? 'Such as ntfy:https://ntfy.example/my-topic, with the token by migrate config set notify-token file:/path'
      : 'Such as webhook:https://hooks.example/migrate, or webhook:file:/path of a file that holds a secret one',
  );
}

/** The last part of an address of ntfy. */
export function topicOf(url: URL): string {
  return decodeURIComponent(url.pathname.replace(/\/+$/, '').split('/').at(-1) ?? '');
}

/** What a way is called where others may read it: no path and no query, which may be the key to it. */
export function nameOf(way: Way): string {
  if (way.kind === 'program') return way.path;
  if (typeof way.url !== 'string') return `${way.kind} ‹${way.url.secret}:${way.url.name}›`;
  return `${way.kind} ${URL.parse(way.url)?.host ?? ''}`.trim();
}
