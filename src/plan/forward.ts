import { stepState, type RunState } from '../journal/state.ts';
import type { Node } from '../runbook/index.ts';

/** What stands in the way of the steps that are left. */
export interface Frontier {
  /** May begin now, in page order. */
  readonly ready: readonly Node[];
  /** Cannot be reached any more, since something that they need failed and the run goes on without it. */
  readonly unreachable: readonly Node[];
  /** Nothing is left to do but what is unreachable or skipped. */
  readonly finished: boolean;
}

/**
 * How a step stands for those that need it. `lost`: given up, or it needs what was, of which `unreachable` is still
 * to be recorded.
 */
type Standing = 'settled' | 'lost' | 'unreachable' | 'ready' | 'blocked';

function standingOf(
  node: Node,
  state: RunState,
  skip: ReadonlySet<string>,
  standings: ReadonlyMap<string, Standing>,
): Standing {
  const { status, skipped } = stepState(state, node.id);
  if (status === 'done' || (status === 'skipped' && skipped !== 'failed-need')) return 'settled';
  if (node.onFailure === 'continue' && status === 'failed' && skip.has(node.id)) return 'lost';
  const needs = node.needs.map((need) => standings.get(need));
  if (needs.some((need) => need === 'lost' || need === 'unreachable'))
    return status === 'skipped' ? 'lost' : 'unreachable';
  return !skip.has(node.id) && needs.every((need) => need === 'settled') ? 'ready' : 'blocked';
}

/**
 * Which steps may begin, by the graph and what is recorded.
 *
 * @param skip steps that this process is at, or has given up on
 */
export function frontier(nodes: readonly Node[], state: RunState, skip: ReadonlySet<string>): Frontier {
  const standings = new Map<string, Standing>();
  // Page order is a legal order, so one pass sees every need before what needs it.
  for (const node of nodes) standings.set(node.id, standingOf(node, state, skip, standings));
  const those = (standing: Standing) => nodes.filter(({ id }) => standings.get(id) === standing);
  const [ready, blocked] = [those('ready'), those('blocked')];
  return { ready, unreachable: those('unreachable'), finished: ready.length + blocked.length === 0 };
}

/** The frontier of a run that goes on: looks only at what may have changed, and at what needs that. */
export class FrontLine {
  readonly #nodes: readonly Node[];
  readonly #state: RunState;
  readonly #skip: ReadonlySet<string>;
  readonly #places: ReadonlyMap<string, number>;
  readonly #dependents: ReadonlyMap<string, readonly number[]>;
  readonly #standings = new Map<string, Standing>();
  readonly #ready: Node[] = [];
  readonly #unreachable: Node[] = [];

  /** @param skip as of `frontier`; it may change, and whoever changes it tells with `look` */
  constructor(nodes: readonly Node[], state: RunState, skip: ReadonlySet<string>) {
    this.#nodes = nodes;
    this.#state = state;
    this.#skip = skip;
    this.#places = new Map(nodes.map(({ id }, place) => [id, place]));
    const dependents = new Map(nodes.map(({ id }) => [id, [] as number[]]));
    for (const [place, { needs }] of nodes.entries())
      for (const need of needs) dependents.get(need)?.push(place);
    this.#dependents = dependents;
    for (const place of nodes.keys()) this.#judge(place);
  }

  /** In page order. */
  get ready(): readonly Node[] {
    return this.#ready;
  }

  /** In page order. */
  get unreachable(): readonly Node[] {
    return this.#unreachable;
  }

  /** Looks again at a step of which something was recorded, or which is skipped now, or no longer. */
  look(id: string): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    // What needs a step stands behind it, so each is judged after all that it needs.
    const waiting = [place];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (!this.#judge(next)) continue;
      for (const dependent of this.#dependents.get(this.#nodes[next]?.id ?? '') ?? []) {
        const at = placeOf(waiting, dependent, (other) => other);
        if (waiting[at] !== dependent) waiting.splice(at, 0, dependent);
      }
    }
  }

  /** Whether the step stands otherwise now. */
  #judge(place: number): boolean {
    const node = this.#nodes[place];
    if (node === undefined) return false;
    const before = this.#standings.get(node.id);
    const now = standingOf(node, this.#state, this.#skip, this.#standings);
    if (before === now) return false;
    this.#standings.set(node.id, now);
    for (const [standing, list] of [
      ['ready', this.#ready],
      ['unreachable', this.#unreachable],
    ] as const) {
      if (before !== standing && now !== standing) continue;
      const at = placeOf(list, place, ({ id }) => this.#places.get(id) ?? 0);
      list.splice(at, before === standing ? 1 : 0, ...(now === standing ? [node] : []));
    }
    return true;
  }
}

/** Where a place stands, or would, among items in page order. */
function placeOf<Item>(items: readonly Item[], place: number, placeIn: (item: Item) => number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (placeIn(items[middle] as Item) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Chooses what to begin beside what runs: steps before gates, a reboot only when nothing else is left,
 * never two that hold the same lock, and nothing beside what cannot be undone or must be confirmed.
 */
export function choose(ready: readonly Node[], running: readonly Node[], jobs: number): Node[] {
  if (running.some(mustBeAlone)) return [];
  const chosen: Node[] = [];
  const held = new Set(running.flatMap((node) => node.locks));
  for (const node of ready) {
    if (running.length + chosen.length >= jobs) break;
    if (node.kind !== 'step' && node.kind !== 'check') continue;
    if (node.locks.some((lock) => held.has(lock))) continue;
    if (mustBeAlone(node)) {
      if (running.length + chosen.length === 0) return [node];
      continue;
    }
    for (const lock of node.locks) held.add(lock);
    chosen.push(node);
  }
  if (chosen.length > 0 || running.length > 0) return chosen;
  const gate = ready.find((node) => node.kind !== 'reboot') ?? ready[0];
  return gate === undefined ? [] : [gate];
}

/** The evidence for what cannot be undone, or the way back of what may cut the operator off, is about nothing else. */
function mustBeAlone(node: Node): boolean {
  return node.kind === 'step' && (node.reversal === 'irreversible' || node.confirmWithin !== undefined);
}
