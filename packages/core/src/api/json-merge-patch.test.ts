import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../kernel/json.js'
import { applyJsonMergePatch, createJsonMergePatch, threeWayJsonMergePatch } from './json-merge-patch.js'

const keys = fc.constantFrom('a', 'b', 'c', '__proto__')
const { value } = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.constantFrom<Json[]>(true, 0, 'x'), fc.array(fc.constantFrom<Json[]>(1, 'y')), tie('object')),
  object: fc.dictionary(keys, tie('value'), { maxKeys: 3, noNullPrototype: true }),
}))
const object = fc.dictionary(keys, value, { maxKeys: 4, noNullPrototype: true })

it('a merge patch that changes nothing answers with the object itself', () => {
  const document = { metadata: { labels: { a: 'b' } }, spec: { replicas: 1 } }
  expect(applyJsonMergePatch(document, { metadata: { labels: { a: 'b', gone: null } }, status: null })).toBe(document)
  const patched = applyJsonMergePatch(document, { spec: { replicas: 2 } }) as typeof document
  expect(patched).toEqual({ metadata: { labels: { a: 'b' } }, spec: { replicas: 2 } })
  expect(patched.metadata).toBe(document.metadata)
})

describe('a JSON merge patch', () => {
  // The examples of RFC 7396, appendix A.
  it.each<[Json, Json, Json]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: [null, { b: null }] }, { a: [null, {}] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j and %j give %j', (original, patch, expected) => {
    expect(applyJsonMergePatch(original, patch)).toEqual(expected)
  })

  it('leads from one object to the other', () => {
    fc.assert(
      fc.property(object, object, (before, after) => {
        expect(applyJsonMergePatch(before, createJsonMergePatch(before, after))).toEqual(after)
        expect(applyJsonMergePatch(before, threeWayJsonMergePatch(before, after, before))).toEqual(after)
      }),
    )
  })

  it('of three objects leaves alone what others set', () => {
    const last = { spec: { a: 1, gone: 1 } }
    const next = { spec: { a: 2 } }
    const live = { spec: { a: 1, gone: 1, other: 1 }, status: {} }
    expect(threeWayJsonMergePatch(last, next, live)).toEqual({ spec: { gone: null, a: 2 } })
  })
})
