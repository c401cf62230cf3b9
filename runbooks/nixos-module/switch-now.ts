/** A switch whose undo takes effect at once: no mount that the system lives on changes. */
export function switchNow({ flake, host }: { readonly flake: string; readonly host: string }) {
  return { flake, host, action: 'switch' as const, back: 'now' as const };
}
