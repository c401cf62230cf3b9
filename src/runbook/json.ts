export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * Whether a value comes back from JSON as it went in; what a journal stores must.
 * `undefined` properties are let through, since they are simply absent afterwards.
 */
export function survivesJson(value: unknown): boolean {
  return firstLoss(value, '') === undefined;
}

/** The path of the first part that JSON would change, with the reason; `undefined` when there is none. */
export function firstLoss(value: unknown, path: string): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') {
    return Number.isFinite(value) && !Object.is(value, -0) ? undefined : `${path || 'the value'} is ${value}`;
  }
  if (typeof value !== 'object') return `${path || 'the value'} is of type ${typeof value}`;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const loss = firstLoss(item, `${path}[${index}]`);
      if (loss !== undefined) return loss;
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return `${path || 'the value'} is a ${value.constructor.name}`;
  }
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const loss = firstLoss(item, path === '' ? key : `${path}.${key}`);
    if (loss !== undefined) return loss;
  }
  return undefined;
}
