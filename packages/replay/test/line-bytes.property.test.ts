import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BytesTable, digitsEnd, hashOf, isAt, numberIn, patternOf, placeIn, plainTextEnd, textEnd, textOf } from '../src/line-bytes.js'

const encoder = new TextEncoder()
const bytesOf = (text: string): Uint8Array => encoder.encode(text)
/** Few letters, so that patterns are met, and met in part. */
const someText = fc.string({ unit: fc.constantFrom('a', 'b', '"', '\\', '7', 'ä'), maxLength: 40 })

/** Two keys with one hash, found by search. */
const twins = ((): readonly [string, string] => {
  const seen = new Map<number, string>()
  for (let index = 0; ; index += 1) {
    const key = `k${index}`
    const hash = hashOf(bytesOf(key), 0, key.length)
    const twin = seen.get(hash)
    if (twin !== undefined) return [twin, key]
    seen.set(hash, key)
  }
})()

describe('looking into bytes', () => {
  it('finds a pattern where the text has it first, or nowhere', () => {
    fc.assert(
      fc.property(
        someText,
        fc.string({ unit: fc.constantFrom('a', 'b', '"'), minLength: 1, maxLength: 4 }),
        fc.nat({ max: 20 }),
        (text, wanted, from) => {
          const ascii = text.replaceAll('ä', 'b')
          expect(placeIn(bytesOf(ascii), patternOf(wanted), from, ascii.length)).toBe(ascii.indexOf(wanted, from))
          expect(isAt(bytesOf(ascii), patternOf(wanted), from)).toBe(ascii.startsWith(wanted, from) && from <= ascii.length)
        },
      ),
    )
  })

  it('ends a text where JSON ends it, and calls it plain when it says itself', () => {
    fc.assert(
      fc.property(someText, someText, (text, rest) => {
        const written = bytesOf(`${JSON.stringify(text)}${rest}`)
        const length = bytesOf(JSON.stringify(text)).length
        expect(textEnd(written, 1)).toBe(length - 1)
        const isPlain = /^[ab7]*$/.test(text)
        expect(plainTextEnd(written, 1)).toBe(isPlain ? length - 1 : -1)
      }),
    )
    expect(textEnd(bytesOf('abc'), 0)).toBe(-1)
    expect(plainTextEnd(bytesOf('abc'), 0)).toBe(-1)
  })

  it('reads whole numbers and texts', () => {
    fc.assert(
      fc.property(fc.nat(), someText, (number, text) => {
        const written = bytesOf(`${number},${text}`)
        const end = digitsEnd(written, 0)
        expect(numberIn(written, 0, end)).toBe(number)
        expect(textOf(written, end + 1)).toBe(text)
      }),
    )
  })
})

describe('a table under bytes', () => {
  it('answers as a map under texts does, also where hashes are the same', () => {
    const keys = fc.oneof(fc.constantFrom(...twins), fc.constantFrom('web-0', 'web-1', ''))
    const step = fc.record({ key: keys, value: fc.option(fc.nat({ max: 9 }), { nil: undefined }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const table = new BytesTable<number>()
        const model = new Map<string, number>()
        for (const { key, value } of steps) {
          const bytes = bytesOf(`<${key}>`)
          const [from, end] = [1, bytes.length - 1]
          if (value === undefined) {
            table.delete(bytes, from, end)
            model.delete(key)
          } else if (!model.has(key)) {
            table.add(bytes, from, end, value)
            model.set(key, value)
          }
          for (const other of [...twins, 'web-0', 'web-1', '', 'web-2'])
            expect(table.get(bytesOf(other), 0, bytesOf(other).length)).toBe(model.get(other))
        }
        const ascending = (values: Iterable<number>): number[] => [...values].sort((left, right) => left - right)
        expect(ascending(table.takeAll())).toEqual(ascending(model.values()))
        expect(table.takeAll()).toEqual([])
      }),
    )
  })
})
