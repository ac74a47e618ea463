import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { followMap, forEachDifference, forEachStep, keepStep, valuesAt } from './map-difference.js'
import { emptyMap, entriesOf, fromEntries, getAt, removeAt, setAt, type PersistentMap } from './persistent-map.js'

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

const entries = fc.array(fc.tuple(fc.stringMatching(/^[a-c]{1,4}$/), fc.integer({ min: 0, max: 3 })), { maxLength: 60 })

describe('the difference of two maps', () => {
  it('names exactly the keys whose values differ', () => {
    fc.assert(
      fc.property(entries, entries, (left, right) => {
        const before = new Map(left)
        const after = new Map(right)
        const expected = [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key)).sort(byText)
        const seen: string[] = []
        forEachDifference(fromEntries(before), fromEntries(after), (key, old, next) => {
          expect(old).toBe(before.get(key))
          expect(next).toBe(after.get(key))
          seen.push(key)
        })
        expect(seen.sort(byText)).toEqual(expected)
      }),
    )
  })

  it('visits one entry of many when one has changed', () => {
    const before = fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key-${index}`, index] as const))
    const visited: string[] = []
    forEachDifference(before, setAt(before, 'key-77', -1), (key) => visited.push(key))
    expect(visited).toEqual(['key-77'])
  })

  it('lets an index follow a map from version to version and back', () => {
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 6 }), (versions) => {
        const follow = followMap(new Map<string, number>(), emptyMap<number>(), (index, key, _, after) => {
          if (after === undefined) index.delete(key)
          else index.set(key, after)
        })
        for (const version of [...versions, ...versions]) {
          const map = fromEntries(new Map(version))
          expect([...follow(map)].sort(([left], [right]) => (left < right ? -1 : 1))).toEqual(entriesOf(map))
        }
      }),
    )
  })

  it('is told in the order of the walk where the steps in between are known', () => {
    const change = fc.tuple(fc.stringMatching(/^[a-c]{1,3}$/), fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined, freq: 6 }))
    const told = (before: PersistentMap<number>, after: PersistentMap<number>): readonly unknown[] => {
      const visited: unknown[] = []
      forEachStep(before, after, (...visit) => visited.push(visit))
      return visited
    }
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), fc.nat(40), fc.nat(40), (changes, one, other) => {
        const versions = [emptyMap<number>()]
        for (const [key, next] of changes) {
          const before = versions.at(-1) ?? emptyMap<number>()
          const after = next === undefined ? removeAt(before, key) : setAt(before, key, next)
          keepStep(before, after, key, getAt(before, key), next)
          versions.push(after)
        }
        const before = versions[one % versions.length] ?? emptyMap<number>()
        const after = versions[other % versions.length] ?? emptyMap<number>()
        // Maps with the same content that no steps are known of.
        expect(told(before, after)).toEqual(told(fromEntries(entriesOf(before)), fromEntries(entriesOf(after))))
      }),
      { numRuns: 1_000 },
    )
  })

  it('picks the values at a set of keys from any version, in the order of the keys', () => {
    const wide = fc.array(fc.tuple(fc.stringMatching(/^[a-c]{1,3}$/), fc.integer({ min: 0, max: 3 })), { minLength: 20, maxLength: 60 })
    fc.assert(
      fc.property(fc.array(wide, { minLength: 1, maxLength: 6 }), wide, (versions, chosen) => {
        const keys = fromEntries(chosen.map(([key]) => [key, true as const]))
        for (const version of [...versions, ...versions]) {
          const map = fromEntries(version)
          const expected = [...new Set(chosen.map(([key]) => key))].sort(byText).flatMap((key) => getAt(map, key) ?? [])
          expect(valuesAt(map, keys)).toEqual(expected)
        }
      }),
    )
  })
})
