export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * The path of the first part of a value that would not come back from JSON as it went in, with the
 * reason; `undefined` when there is none. What a journal stores must have none. Properties that are
 * undefined are let through, since they are simply absent afterwards.
 */
export function firstLoss(value: unknown, path: string): string | undefined {
  return lossIn(value, path, new Set());
}

function lossIn(value: unknown, path: string, within: Set<object>): string | undefined {
  const place = path === '' ? 'the value' : path;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') {
    if (Object.is(value, -0)) return `${place} is -0`;
    return Number.isFinite(value) ? undefined : `${place} is ${value}`;
  }
  if (typeof value !== 'object') return `${place} is of type ${typeof value}`;
  if (within.has(value)) return `${place} holds itself`;
  within.add(value);
  const loss = Array.isArray(value) ? lossInArray(value, path, within) : lossInObject(value, path, within);
  within.delete(value);
  return loss;
}

function lossInArray(value: readonly unknown[], path: string, within: Set<object>): string | undefined {
  for (const [index, item] of value.entries()) {
    const loss = lossIn(item, `${path}[${index}]`, within);
    if (loss !== undefined) return loss;
  }
  return undefined;
}

function lossInObject(value: object, path: string, within: Set<object>): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    const kind = (value.constructor as { name?: string } | undefined)?.name;
    return `${path === '' ? 'the value' : path} is ${kind === undefined ? 'no plain object' : `a ${kind}`}`;
  }
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const loss = lossIn(item, path === '' ? key : `${path}.${key}`, within);
    if (loss !== undefined) return loss;
  }
  return undefined;
}
