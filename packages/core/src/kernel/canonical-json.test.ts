import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from './canonical-json.js'

describe('canonical JSON', () => {
  it('sorts keys by code unit and leaves out what is undefined', () => {
    expect(canonicalJson({ b: 1, a: [undefined, 2], Z: { ä: null, z: undefined }, '10': 1, '2': 2 })).toBe(
      '{"10":1,"2":2,"Z":{"ä":null},"a":[null,2],"b":1}',
    )
  })

  it('is one text per value: reading it gives the value, writing that gives the text', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(canonicalJson(JSON.parse(text))).toBe(text)
      }),
    )
  })
})
