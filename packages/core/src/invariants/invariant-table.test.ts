/** Who is asked about which event: by kind, by the fields that a change writes, and marks only until they are hit. */
import { describe, expect, it } from 'vitest'
import { aMember, aStatefulSet } from '../testing/builders.js'
import { changed, created, observe, type Scene } from '../testing/observe.js'
import { makeInvariantTable } from './invariant-table.js'
import type { Invariant } from './invariant.js'

const set = aStatefulSet()
const pod = aMember(set, 0)
const write = (difference: { readonly set?: Readonly<Record<string, unknown>>; readonly removed?: readonly string[] }): Scene => ({
  stored: [pod],
  event: { kind: 'PodChanged', object: 'Pod/default/web-0', rv: 201, ...difference },
})

/** The names of those that were asked, in order. */
const askedAbout = (scenes: readonly Scene[], invariants: readonly Partial<Invariant>[]): readonly string[] => {
  const asked: string[] = []
  const table = makeInvariantTable(
    invariants.map((shape, index): Invariant => {
      const name = shape.name ?? `test/number-${index}`
      return {
        promise: 'A test.',
        expectation: 'always',
        concerns: ['PodChanged'],
        ...shape,
        name,
        check: (observation) => {
          asked.push(name)
          return shape.check?.(observation)
        },
      }
    }),
  )
  for (const scene of scenes) {
    const observation = observe(scene)
    const watching = table.watching(observation.recorded.event.kind)
    if (watching !== undefined) table.look(watching, observation, () => undefined)
  }
  return asked
}

describe('the table of invariants', () => {
  it('asks those whom the kind of event concerns, once each, in their order', () => {
    const both: Partial<Invariant> = { name: 'test/both', concerns: ['PodCreated', 'PodChanged', 'PodChanged'] }
    const creation: Partial<Invariant> = { name: 'test/creation', concerns: ['PodCreated'] }
    expect(askedAbout([write({ set: { '/metadata/labels/app': 'other' } })], [both, creation])).toEqual(['test/both'])
    expect(askedAbout([{ event: created(pod) }], [both, creation])).toEqual(['test/both', 'test/creation'])
  })

  it.each<readonly [string, Scene, boolean]>([
    ['writes it', write({ set: { '/spec/nodeName': 'node-2' } }), true],
    ['removes it', write({ removed: ['/spec/nodeName'] }), true],
    ['replaces what holds it', write({ set: { '/spec': { containers: [] } } }), true],
    ['writes another field', write({ set: { '/spec/nodeNames': 'node-2', '/metadata/labels/app': 'other' } }), false],
    ['is a further fact of a write', write({}), false],
  ])('asks about one field only when a change %s', (_what, scene, isAsked) => {
    expect(askedAbout([scene], [{ fields: ['/spec/nodeName'] }])).toHaveLength(isAsked ? 1 : 0)
  })

  it('takes a slash at the end for all that is inside', () => {
    const inside = write({ set: { '/status/phase': 'Failed' } })
    expect(askedAbout([inside], [{ fields: ['/status/'] }])).toHaveLength(1)
    expect(askedAbout([inside], [{ fields: ['/status'] }])).toHaveLength(0)
    expect(askedAbout([write({ removed: ['/status/phase'] })], [{ fields: ['/status/'] }])).toHaveLength(1)
  })

  it('asks about creations whatever the fields', () => {
    expect(askedAbout([{ event: created(pod) }], [{ concerns: ['PodCreated', 'PodChanged'], fields: ['/spec/nodeName'] }])).toHaveLength(1)
  })

  it('leaves a mark out once it was hit, and an invariant never', () => {
    const scene: Scene = { stored: [pod], event: changed('PodChanged', pod, aMember(set, 0, { node: 'node-2' })) }
    const found = { invariant: 'test/found', message: 'it happened' }
    expect(askedAbout([scene, scene], [{ expectation: 'sometimes', check: () => found }])).toHaveLength(1)
    expect(askedAbout([scene, scene], [{ expectation: 'sometimes' }])).toHaveLength(2)
    expect(askedAbout([scene, scene], [{ check: () => found }])).toHaveLength(2)
  })
})
