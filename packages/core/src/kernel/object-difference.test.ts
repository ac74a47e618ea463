import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from './json.js'
import { applyDifference, deepEqual, differenceOf, isEmptyDifference } from './object-difference.js'

const freeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) freeze(item)
    Object.freeze(value)
  }
  return value
}

const keys = fc.constantFrom('a', 'b', 'spec', 'x/y', '~', '~1', '', '0', 'constructor')
const { json } = fc.letrec<{ json: Json; object: JsonObject }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<Json[]>(null, true, 0, 1, 'one', ''),
    fc.array(tie('json'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(keys, tie('json'), { maxKeys: 5, noNullPrototype: true }),
}))
const object = fc.dictionary(keys, json, { maxKeys: 6, noNullPrototype: true })

describe('a difference', () => {
  it('leads from one object to the other and leaves the first alone', () => {
    fc.assert(
      fc.property(object, object, (before, after) => {
        const difference = differenceOf(freeze(before), freeze(after))
        expect(applyDifference(before, difference)).toEqual(after)
        // Also after a trip through a log that sorts keys.
        const sorted = Object.fromEntries(Object.entries(difference.set).sort(([left], [right]) => (left < right ? -1 : 1)))
        expect(applyDifference(before, { ...difference, set: sorted })).toEqual(after)
        expect(isEmptyDifference(difference)).toBe(deepEqual(before, after))
      }),
      { numRuns: 500 },
    )
  })

  it('is empty between equal objects', () => {
    fc.assert(
      fc.property(object, (before) => {
        expect(differenceOf(before, structuredClone(before))).toEqual({ set: {}, removed: [] })
        expect(deepEqual(before, structuredClone(before))).toBe(true)
      }),
    )
  })

  const pod = {
    metadata: { name: 'web-0', labels: { app: 'web', 'app.kubernetes.io/name': 'web' }, resourceVersion: '7' },
    spec: { containers: [{ name: 'nginx', image: 'nginx:1.27' }] },
    status: { phase: 'Pending', conditions: [{ type: 'Ready', status: 'False' }] },
  }
  const rows: [string, JsonObject, ReturnType<typeof differenceOf>][] = [
    [
      'a scalar',
      { ...pod, metadata: { ...pod.metadata, resourceVersion: '8' } },
      { set: { '/metadata/resourceVersion': '8' }, removed: [] },
    ],
    [
      'a key with a slash',
      { ...pod, metadata: { ...pod.metadata, labels: { app: 'web', 'app.kubernetes.io/name': 'shop' } } },
      { set: { '/metadata/labels/app.kubernetes.io~1name': 'shop' }, removed: [] },
    ],
    [
      'a longer list',
      { ...pod, status: { ...pod.status, conditions: [...pod.status.conditions, { type: 'PodScheduled', status: 'True' }] } },
      { set: { '/status/conditions/1': { type: 'PodScheduled', status: 'True' } }, removed: [] },
    ],
    ['a shorter list', { ...pod, status: { phase: 'Pending', conditions: [] } }, { set: { '/status/conditions': [] }, removed: [] }],
    ['a part that is gone', { metadata: pod.metadata, spec: pod.spec }, { set: {}, removed: ['/status'] }],
    ['a part that is undefined', { ...pod, status: undefined }, { set: {}, removed: ['/status'] }],
    [
      'many changes in a small part',
      { ...pod, status: { phase: 'Running', conditions: [{ type: 'A', status: 'B' }] } },
      { set: { '/status': { phase: 'Running', conditions: [{ type: 'A', status: 'B' }] } }, removed: [] },
    ],
  ]
  it.each(rows)('says it shortly: %s', (_, after, difference) => {
    expect(differenceOf(pod, after)).toEqual(difference)
  })

  it('shares what did not change', () => {
    const after = applyDifference(pod, { set: { '/status/phase': 'Running' }, removed: [] })
    expect(after['spec']).toBe(pod.spec)
    expect(after['metadata']).toBe(pod.metadata)
  })

  it('refuses to write into nothing', () => {
    expect(() => applyDifference(pod, { set: { '/nowhere/at/all': 1 }, removed: [] })).toThrow('/nowhere/at/all')
  })
})
