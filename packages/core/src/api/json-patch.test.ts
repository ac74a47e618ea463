import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../kernel/json.js'
import { applyJsonPatch, applyJsonPatchOperations } from './json-patch.js'

const document = Object.freeze({ a: Object.freeze({ 'b/c': 1, list: Object.freeze([1, 2, 3]) }), empty: {} })

describe('JSON Patch', () => {
  it.each<[string, JsonObject[], Json]>([
    ['adds a key', [{ op: 'add', path: '/x', value: 1 }], { ...document, x: 1 }],
    ['replaces below an escaped key', [{ op: 'replace', path: '/a/b~1c', value: 2 }], { ...document, a: { 'b/c': 2, list: [1, 2, 3] } }],
    ['removes', [{ op: 'remove', path: '/a' }], { empty: {} }],
    ['inserts into a list', [{ op: 'add', path: '/a/list/1', value: 9 }], { ...document, a: { ...document.a, list: [1, 9, 2, 3] } }],
    ['appends to a list', [{ op: 'add', path: '/a/list/-', value: 9 }], { ...document, a: { ...document.a, list: [1, 2, 3, 9] } }],
    ['counts from the end', [{ op: 'replace', path: '/a/list/-1', value: 9 }], { ...document, a: { ...document.a, list: [1, 2, 9] } }],
    ['removes from a list', [{ op: 'remove', path: '/a/list/0' }], { ...document, a: { ...document.a, list: [2, 3] } }],
    ['moves', [{ op: 'move', from: '/a/list', path: '/empty/list' }], { a: { 'b/c': 1 }, empty: { list: [1, 2, 3] } }],
    ['copies', [{ op: 'copy', from: '/a/list/0', path: '/first' }], { ...document, first: 1 }],
    ['tests', [{ op: 'test', path: '/a/list', value: [1, 2, 3] }], document],
    ['adds by replacing, as the library of the server does', [{ op: 'replace', path: '/new', value: 1 }], { ...document, new: 1 }],
    ['replaces all', [{ op: 'replace', path: '', value: { z: 1 } }], { z: 1 }],
  ])('%s', (_, operations, expected) => {
    expect(applyJsonPatchOperations(document, operations)).toEqual(E.right(expected))
  })

  it.each<[JsonObject, string]>([
    [{ op: 'test', path: '/a/b~1c', value: 2 }, 'testing value /a/b~1c failed: test failed'],
    [{ op: 'remove', path: '/nope' }, "error in remove for path: '/nope': Unable to remove nonexistent key: nope: missing value"],
    [{ op: 'add', path: '/nope/x', value: 1 }, 'add operation does not apply: doc is missing path: "/nope/x": missing value'],
    [{ op: 'replace', path: '/nope/x', value: 1 }, 'replace operation does not apply: doc is missing path: /nope/x: missing value'],
    [{ op: 'replace', path: '/a/list/7', value: 1 }, 'replace operation does not apply: doc is missing key: /a/list/7: missing value'],
    [
      { op: 'add', path: '/a/list/7', value: 1 },
      "error in add for path: '/a/list/7': Unable to access invalid index: 7: invalid index referenced",
    ],
    [{ op: 'move', from: '/nope', path: '/x' }, "error in move for path: 'nope': Unable to remove nonexistent key: nope: missing value"],
    [{ op: 'shred', path: '/a' }, 'Unexpected kind: shred'],
  ])('fails: %j', (operation, error) => {
    expect(applyJsonPatchOperations(document, [operation])).toEqual(E.left(error))
  })

  it('is refused by the server without saying why', () => {
    expect(applyJsonPatch(document, [{ op: 'remove', path: '/nope' }])).toEqual(
      E.left({ reason: 'Invalid', code: 422, message: 'the server rejected our request due to an error in our request' }),
    )
    expect(applyJsonPatch(document, { op: 'remove' })).toEqual(
      E.left({
        reason: 'BadRequest',
        code: 400,
        message: 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
      }),
    )
  })
})
