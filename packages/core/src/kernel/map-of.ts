/**
 * A map by names that objects have as keys. A name that was cut out of a text is another string for V8 than the key of an object that says the
 * same, so each look would compare the characters; a key that comes from an object is the same string.
 */
export const mapOf = <Value>(entries: readonly (readonly [name: string, value: Value])[]): ReadonlyMap<string, Value> =>
  new Map(Object.entries(Object.fromEntries(entries)))
