/**
 * 64-bit hashes of plain data, as pairs of 32 bits: not for secrets, for telling values apart. The order of fields does not count. What was
 * hashed once is remembered for each object, and plain data never changes, so a new version costs what is new in it.
 */
import { foldBranches, type PersistentMap } from './persistent-map.js'

export interface Hash {
  readonly high: number
  readonly low: number
}

const finish = (hash: number): number => {
  let value = hash
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) | 0
}

export const zeroHash: Hash = { high: 0, low: 0 }

export const finished = ({ high, low }: Hash): Hash => ({ high: finish(high), low: finish(low) })

/** Not commutative: the second is about the first. */
export const mixed = (first: Hash, second: Hash): Hash => ({
  high: finish(Math.imul(first.high, 0x9e3779b1) ^ Math.imul(second.high, 0x85ebca77) ^ (second.low >>> 7)),
  low: finish(Math.imul(first.low, 0xc2b2ae3d) ^ Math.imul(second.low, 0x27d4eb2f) ^ (second.high >>> 11)),
})

export const plus = (first: Hash, second: Hash): Hash => ({ high: (first.high + second.high) | 0, low: (first.low + second.low) | 0 })
export const minus = (first: Hash, second: Hash): Hash => ({ high: (first.high - second.high) | 0, low: (first.low - second.low) | 0 })

const absent: Hash = { high: 0x3c6ef372, low: 0x1f83d9ab }
const aList: Hash = { high: 0x510e527f, low: 0x243f6a88 }
const anObject: Hash = { high: 0x452821e6, low: 0x38d01377 }

export const hashOfText = (text: string): Hash => {
  let high = 0x811c9dc5
  let low = 0x2166f3a1
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    high = Math.imul(high ^ code, 0x01000193)
    low = Math.imul(low ^ code, 0x5bd1e995) ^ (low >>> 15)
  }
  return { high: finish(high), low: finish(low ^ text.length) }
}

export const hashOfNumber = (value: number): Hash =>
  (value | 0) === value
    ? { high: finish(value ^ 0x7f4a7c15), low: finish(Math.imul(value, 0x9e3779b1) ^ 0x1b873593) }
    : hashOfText(`#${String(value)}`)

export interface ValueHashRules {
  /** The text that stands for this one. */
  readonly named?: (text: string) => string
  readonly isLeftOut?: (field: string) => boolean
  /** The hash of a field's value, where it is not that of the value. */
  readonly ofField?: (field: string, value: unknown) => Hash | undefined
}

export interface ValueHasher {
  readonly text: (text: string) => Hash
  readonly value: (value: unknown) => Hash
  /** A sum over the entries. */
  readonly map: (map: PersistentMap<unknown>) => Hash
}

/** An object of so few fields and no further objects is quicker hashed again than remembered: an entry in a weak map costs a microsecond. */
const flatMax = 6

const isMap = (value: object): value is PersistentMap<unknown> => 'keySet' in value && 'root' in value

export const makeValueHasher = ({ named, isLeftOut, ofField }: ValueHashRules = {}): ValueHasher => {
  const texts = new Map<string, Hash>()
  const objects = new WeakMap<object, Hash>()
  const branches = new WeakMap<object, Hash>()

  const text = (written: string): Hash => {
    const known = texts.get(written)
    if (known !== undefined) return known
    const made = hashOfText(named === undefined ? written : named(written))
    // A cache only. It is emptied before it eats the memory.
    if (texts.size > 200_000) texts.clear()
    texts.set(written, made)
    return made
  }

  const map = (entries: PersistentMap<unknown>): Hash =>
    foldBranches(entries, branches, (key, item) => mixed(text(key), value(item)), plus, zeroHash)

  const value = (item: unknown): Hash => {
    if (typeof item === 'string') return text(item)
    if (typeof item === 'number') return hashOfNumber(item)
    if (typeof item === 'boolean') return hashOfNumber(item ? 0x600d : 0xbad)
    if (typeof item !== 'object' || item === null) return absent
    const known = objects.get(item)
    if (known !== undefined) return known
    let hash: Hash
    let fieldsHashed = 0
    let isFlat = false
    if (Array.isArray(item)) {
      hash = aList
      for (const element of item) hash = mixed(hash, value(element))
    } else if (isMap(item)) hash = map(item)
    else {
      hash = anObject
      isFlat = true
      // Plain data.
      const fields = item as Readonly<Record<string, unknown>>
      for (const field in fields) {
        const inner = fields[field]
        if (inner === undefined || isLeftOut?.(field) === true) continue
        fieldsHashed += 1
        if (typeof inner === 'object') isFlat = false
        hash = plus(hash, mixed(text(field), ofField?.(field, inner) ?? value(inner)))
      }
      hash = finished(hash)
    }
    if (!isFlat || fieldsHashed > flatMax) objects.set(item, hash)
    return hash
  }

  return { text, value, map }
}
