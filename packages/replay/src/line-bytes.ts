/** Looks into lines of a log without making text of them: most of them are not read in the end. */
import { utf8Bytes } from '@statefold/core'

// A mark at the beginning is text like any other: a log that has one there is not as it was written.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export const textOf = (bytes: Uint8Array, from = 0, end = bytes.length): string => decoder.decode(bytes.subarray(from, end))

export const [lineFeed, quote, comma] = [0x0a, 0x22, 0x2c]
const [backslash, zero, nine, del] = [0x5c, 0x30, 0x39, 0x7f]

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= zero && byte <= nine

/** Where the digits end that begin there. */
export const digitsEnd = (bytes: Uint8Array, from: number): number => {
  let end = from
  while (isDigit(bytes[end])) end += 1
  return end
}

/** The whole number that these digits are. */
export const numberIn = (bytes: Uint8Array, from: number, end: number): number => {
  let value = 0
  for (let at = from; at < end; at += 1) value = value * 10 + (bytes[at] ?? zero) - zero
  return value
}

/** Where the quote is that ends a plain text (of ASCII, without escapes); -1 if it is not plain. */
export const plainTextEnd = (bytes: Uint8Array, from: number): number => {
  for (let at = from; ; at += 1) {
    const byte = bytes[at]
    if (byte === quote) return at
    if (byte === undefined || byte === backslash || byte >= del) return -1
  }
}

/** Where the quote is that ends a text, which may have escapes; -1 if there is none. */
export const textEnd = (bytes: Uint8Array, from: number): number => {
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (byte === quote) return at
    if (byte === backslash) at += 1
  }
  return -1
}

/** Some bytes that are looked for. */
export interface Pattern {
  readonly bytes: Uint8Array
  /** How far to go on when this is the byte where the last one should be. */
  readonly steps: Uint8Array
}

/** At most 255 bytes. */
export const patternOf = (text: string): Pattern => {
  const bytes = utf8Bytes(text)
  const steps = new Uint8Array(256).fill(bytes.length)
  for (let at = 0; at < bytes.length - 1; at += 1) steps[bytes[at] ?? 0] = bytes.length - 1 - at
  return { bytes, steps }
}

export const isAt = (bytes: Uint8Array, { bytes: wanted }: Pattern, at: number): boolean => {
  for (let index = 0; index < wanted.length; index += 1) if (bytes[at + index] !== wanted[index]) return false
  return true
}

/** Where it is first; -1 if nowhere. (Follows Horspool: most bytes are not looked at.) */
export const placeIn = (bytes: Uint8Array, pattern: Pattern, from: number, end: number): number => {
  const { steps } = pattern
  const { length } = pattern.bytes
  for (let last = from + length - 1; last < end; last += steps[bytes[last] ?? 0] ?? 1)
    if (isAt(bytes, pattern, last - length + 1)) return last - length + 1
  return -1
}

/** FNV-1a; never negative, so that V8 keeps it without a box. */
export const hashOf = (bytes: Uint8Array, from: number, end: number): number => {
  let hash = 0x811c9dc5
  for (let at = from; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
  return hash >>> 2
}

const isSame = (one: Uint8Array, from: number, other: Uint8Array, otherFrom: number, length: number): boolean => {
  for (let at = 0; at < length; at += 1) if (one[from + at] !== other[otherFrom + at]) return false
  return true
}

interface Slot<V> {
  readonly bytes: Uint8Array
  readonly from: number
  readonly end: number
  readonly value: V
  readonly next: Slot<V> | undefined
}

/** Values under keys that are bytes somewhere in lines; what is kept keeps those lines. */
export class BytesTable<V> {
  private readonly slots = new Map<number, Slot<V>>()

  get(bytes: Uint8Array, from: number, end: number): V | undefined {
    for (let slot = this.slots.get(hashOf(bytes, from, end)); slot !== undefined; slot = slot.next)
      if (slot.end - slot.from === end - from && isSame(slot.bytes, slot.from, bytes, from, end - from)) return slot.value
    return undefined
  }

  /** The key must not be there yet. */
  add(bytes: Uint8Array, from: number, end: number, value: V): void {
    const hash = hashOf(bytes, from, end)
    this.slots.set(hash, { bytes, from, end, value, next: this.slots.get(hash) })
  }

  delete(bytes: Uint8Array, from: number, end: number): void {
    const hash = hashOf(bytes, from, end)
    let rest: Slot<V> | undefined
    for (let slot = this.slots.get(hash); slot !== undefined; slot = slot.next)
      if (slot.end - slot.from !== end - from || !isSame(slot.bytes, slot.from, bytes, from, end - from)) rest = { ...slot, next: rest }
    if (rest === undefined) this.slots.delete(hash)
    else this.slots.set(hash, rest)
  }

  /** All values; the table is empty afterwards. */
  takeAll(): readonly V[] {
    const values: V[] = []
    for (const first of this.slots.values())
      for (let slot: Slot<V> | undefined = first; slot !== undefined; slot = slot.next) values.push(slot.value)
    this.slots.clear()
    return values
  }
}

export const tableOf = <V>(entries: Iterable<readonly [string, V]>): BytesTable<V> => {
  const table = new BytesTable<V>()
  for (const [key, value] of entries) {
    const bytes = utf8Bytes(key)
    table.add(bytes, 0, bytes.length, value)
  }
  return table
}
