import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  emptyMap,
  entriesOf,
  forEachEntry,
  fromEntries,
  getAt,
  hasAt,
  hashOfString,
  keysOf,
  mapLater,
  type PersistentMap,
  removeAt,
  setAll,
  setAt,
  sizeOf,
  valuesOf,
} from './persistent-map.js'

const walkOf = <V>(map: PersistentMap<V>): [string, V][] => {
  const walk: [string, V][] = []
  forEachEntry(map, (key, value) => walk.push([key, value]))
  return walk
}

/** Two keys with one 32-bit hash, found by search. */
const twins = (() => {
  const seen = new Map<number, string>()
  for (let index = 0; ; index += 1) {
    const key = `k${index}`
    const hash = hashOfString(key)
    const twin = seen.get(hash)
    if (twin !== undefined) return [twin, key] as const
    seen.set(hash, key)
  }
})()

const keys = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.integer({ min: 0, max: 99 }).map((ordinal) => `default/web-${ordinal}`),
  fc.constantFrom(...twins),
)
const steps = fc.array(fc.record({ key: keys, value: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }) }), { maxLength: 120 })

describe('a persistent map', () => {
  it('keeps every version as it was', () => {
    fc.assert(
      fc.property(steps, (changes) => {
        const versions: { map: PersistentMap<number>; model: Map<string, number> }[] = [{ map: emptyMap(), model: new Map() }]
        for (const { key, value } of changes) {
          const last = versions.at(-1)
          if (last === undefined) return
          const model = new Map(last.model)
          if (value === undefined) model.delete(key)
          else model.set(key, value)
          versions.push({ map: value === undefined ? removeAt(last.map, key) : setAt(last.map, key, value), model })
        }
        for (const { map, model } of versions) {
          const sorted = [...model].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
          expect(entriesOf(map)).toEqual(sorted)
          expect(keysOf(map)).toEqual(sorted.map(([key]) => key))
          expect(valuesOf(map)).toEqual(sorted.map(([, value]) => value))
          expect(sizeOf(map)).toBe(model.size)
          for (const { key } of changes) {
            expect(getAt(map, key)).toBe(model.get(key))
            expect(hasAt(map, key)).toBe(model.has(key))
          }
        }
      }),
    )
  })

  it('is walked in an order that depends on the content alone', () => {
    fc.assert(
      fc.property(steps, fc.array(keys), (changes, detours) => {
        let map = emptyMap<number>()
        for (const { key, value } of changes) map = value === undefined ? removeAt(map, key) : setAt(map, key, value)
        let other = fromEntries([...entriesOf(map)].reverse())
        const added = detours.filter((key) => !hasAt(other, key))
        for (const key of added) other = setAt(other, key, 7)
        for (const key of added) other = removeAt(other, key)
        expect(walkOf(other)).toEqual(walkOf(map))
        expect(other.root).toEqual(map.root)
      }),
    )
  })

  it('takes many entries at once as it takes one after the other', () => {
    fc.assert(
      fc.property(steps, steps, (before, added) => {
        let map = emptyMap<number | undefined>()
        for (const { key, value } of before) map = setAt(map, key, value)
        let one = map
        for (const { key, value } of added) one = setAt(one, key, value)
        const all = setAll(map, new Map(added.map(({ key, value }) => [key, value])))
        expect(all.root).toEqual(one.root)
        expect(sizeOf(all)).toBe(sizeOf(one))
        expect(entriesOf(all)).toEqual(entriesOf(one))
      }),
    )
  })

  it('is made once, and only when somebody looks', () => {
    let made = 0
    const later = mapLater(
      () => 1,
      () => {
        made += 1
        return setAt(emptyMap<number>(), 'x', 7)
      },
    )
    expect(sizeOf(later)).toBe(1)
    expect(made).toBe(0)
    expect(getAt(later, 'x')).toBe(7)
    expect(entriesOf(setAt(later, 'y', 8))).toEqual([
      ['x', 7],
      ['y', 8],
    ])
    expect(getAt(later, 'y')).toBeUndefined()
    expect(made).toBe(1)
  })

  it('is the same map when nothing changes', () => {
    const value = { a: 1 }
    const map = setAt(setAt(emptyMap<object>(), 'x', value), 'y', {})
    expect(setAt(map, 'x', value)).toBe(map)
    expect(removeAt(map, 'z')).toBe(map)
    expect(setAt(map, 'x', { a: 1 })).not.toBe(map)
  })

  it('tells keys with one hash apart', () => {
    const [left, right] = twins
    const both = fromEntries<number>([
      [right, 2],
      [left, 1],
      ['other', 3],
    ])
    expect(getAt(both, left)).toBe(1)
    expect(getAt(both, right)).toBe(2)
    expect(entriesOf(removeAt(both, left))).toEqual([
      [right, 2],
      ['other', 3],
    ])
    expect(setAt(both, left, 1)).toBe(both)
  })

  it('holds undefined as a value', () => {
    const map = setAt(emptyMap<undefined>(), 'x', undefined)
    expect(hasAt(map, 'x')).toBe(true)
    expect(entriesOf(map)).toEqual([['x', undefined]])
  })
})
