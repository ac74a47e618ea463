/** Changing parts of read-only objects while sharing the rest: when nothing changes, the answer is the argument itself. */
import { growingCopy } from '../../kernel/extended.js'

/** `object` with the absent fields filled in. */
export const filled = <T extends object>(object: T, defaults: { readonly [Key in keyof T]?: T[Key] | undefined }): T => {
  let changed: T | undefined
  for (const name in defaults) {
    const value = defaults[name]
    if (value === undefined || object[name] !== undefined) continue
    changed ??= growingCopy(object)
    changed[name] = value as T[typeof name]
  }
  return changed ?? object
}

/** `object` with these fields, whatever they were. */
export const replaced = <T extends object>(object: T, fields: { readonly [Key in keyof T]?: T[Key] | undefined }): T => {
  let changed: T | undefined
  for (const name in fields) {
    const value = fields[name]
    if (value === object[name]) continue
    changed ??= { ...object }
    if (value === undefined) delete changed[name]
    else changed[name] = value as T[typeof name]
  }
  return changed ?? object
}

/** One field of `object` through `change`, if it is there. */
export const within = <T extends object, Key extends keyof T>(
  object: T,
  name: Key,
  change: (value: NonNullable<T[Key]>) => NonNullable<T[Key]>,
): T => {
  const value = object[name]
  if (value === undefined || value === null) return object
  const next = change(value)
  if (next === value) return object
  // Not by a computed name in a literal, which V8 does slowly.
  const changed = { ...object }
  changed[name] = next
  return changed
}

/** Each item of a list through `change`. */
export const each = <T>(list: readonly T[], change: (item: T, index: number) => T): readonly T[] => {
  let changed: T[] | undefined
  for (let index = 0; index < list.length; index += 1) {
    const item = list[index] as T
    const next = change(item, index)
    if (next === item) continue
    changed ??= [...list]
    changed[index] = next
  }
  return changed ?? list
}

/** Remembers the answer for each object, and that the answer of an answer is itself (so `change` must be idempotent). */
export const remembered = <T extends object>(change: (object: T) => T): ((object: T) => T) => {
  const answers = new WeakMap<T, T>()
  return (object) => {
    const before = answers.get(object)
    if (before !== undefined) return before
    const answer = change(object)
    answers.set(object, answer)
    answers.set(answer, answer)
    return answer
  }
}

/**
 * For parts of templates, which are parts of all that is made from these: `keep` remembers its answers, and neither changes those again (so
 * `change` must be idempotent). (A weak entry for what every single Pod has for itself would cost more than it saves.)
 */
export const settling = <T extends object>(
  change: (object: T) => T,
): { readonly keep: (object: T) => T; readonly look: (object: T) => T } => {
  const settled = new WeakSet<T>()
  return {
    look: (object) => (settled.has(object) ? object : change(object)),
    keep: (object) => {
      if (settled.has(object)) return object
      const answer = change(object)
      settled.add(answer)
      return answer
    },
  }
}
