/** A dataset or snapshot that is to go. */
export interface Doomed {
  readonly name: string;
  readonly guid: string;
  /** The snapshot that it is a clone of. */
  readonly origin?: string | undefined;
}

/**
 * The order in which each can be destroyed by itself: what lies beneath first, and clones before the
 * snapshot that they are made of. What is left over, because each waits for the other, comes back apart.
 */
export function destroyOrder(doomed: readonly Doomed[]): {
  readonly order: readonly Doomed[];
  readonly stuck: readonly Doomed[];
} {
  const left = new Map(doomed.map((one) => [one.name, one]));
  const order: Doomed[] = [];
  for (let went = true; went;) {
    went = false;
    for (const one of [...left.values()].toReversed()) {
      const waits = [...left.values()].some(
        (other) => other.origin === one.name || liesBeneath(other.name, one.name),
      );
      if (waits) continue;
      left.delete(one.name);
      order.push(one);
      went = true;
    }
  }
  return { order, stuck: [...left.values()] };
}

/** Whether one is a snapshot or a child, however deep, of the other. */
export function liesBeneath(name: string, above: string): boolean {
  return name !== above && (name.startsWith(`${above}/`) || name.startsWith(`${above}@`));
}
