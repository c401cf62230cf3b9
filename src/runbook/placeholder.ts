const mark = Symbol('placeholder');

/**
 * Stands in a plan for a value that is known only at run time. It prints as `‹snapshot.name›`,
 * and so does whatever is read from it.
 */
export function placeholder(name: string): never {
  const text = `‹${name}›`;
  const proxy: unknown = new Proxy(Object.create(null) as object, {
    get(_, key) {
      if (key === mark) return true;
      if (key === Symbol.toPrimitive || key === 'toString' || key === 'toJSON') return () => text;
      if (typeof key === 'symbol' || key === 'then') return undefined;
      return placeholder(/^\d+$/.test(key) ? `${name}[${key}]` : `${name}.${key}`);
    },
    has: (_, key) => key === mark || typeof key === 'string',
  });
  return proxy as never;
}

export function isPlaceholder(value: unknown): boolean {
  return typeof value === 'object' && value !== null && mark in value;
}
