import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { fc } from '@fast-check/vitest'
import { writeCounterexample } from '../counterexample/write-counterexample.js'
import { shrinkHistory } from '../fuzz/shrink-history.js'
import { fuzz } from '../fuzz/fuzz.js'
import { runScenario } from '../run-scenario.js'
import { loadScenario, noScenarioFiles, scenario, type Scenario } from '../scenario.js'
import { shortLatencies, smallSet } from '../testing/small-set.js'
import { makeExpander, makeGround } from './expander.js'
import { explore, startSearch } from './explore.js'
import type { SearchReport } from './search-types.js'
import { makeGrowingNumbers } from './growing-numbers.js'
import { firstWithoutWay } from './reachability.js'
import { readSavedSearch, savedText } from './saved-search.js'
import { makeVisitedStates } from './visited-states.js'

const scaling = scenario(
  {
    cluster: { nodes: 1, imagesArePresent: true, latencies: shortLatencies },
    manifests: [smallSet(2)],
    steps: [{ settle: true }, { scale: { 'statefulset/web': 1 } }, { scale: { 'statefulset/web': 2 } }],
    search: { order: ['statefulset-controller', 'kubelet'], crashes: { controllers: ['statefulset-controller'], most: 1 } },
    expect: [{ eventually: { object: 'statefulset/web', path: 'status.readyReplicas', equals: 2 } }],
  },
  { name: 'scaling' },
)

const stuck = scenario(
  {
    cluster: {
      nodes: 1,
      latencies: shortLatencies,
      images: [
        { images: '*no-such*', unpullable: 'not found' },
        { images: 'nginx:1.27', pull: '0s' },
      ],
    },
    manifests: [smallSet(1)],
    steps: [{ settle: true }, { setImage: { 'statefulset/web': 'nginx:no-such' } }, { setImage: { 'statefulset/web': 'nginx:1.27' } }],
    search: { order: ['statefulset-controller', 'kubelet'], horizon: '10s' },
    expect: [{ eventually: { object: 'statefulset/web', path: 'status.readyReplicas', equals: 1 } }],
  },
  { name: 'stuck' },
)

const deleting = scenario(
  {
    cluster: { nodes: 1, imagesArePresent: true, latencies: shortLatencies },
    manifests: [smallSet(2)],
    steps: [{ settle: true }],
    search: {
      order: ['statefulset-controller', 'kubelet'],
      anytime: [{ delete: 'pod/web-1' }, { delete: 'pod/web-0' }],
    },
    expect: [{ eventually: { object: 'statefulset/web', path: 'status.readyReplicas', equals: 2 } }],
  },
  { name: 'deleting' },
)

/** A late cache: some moves are made in one order only. */
const late = scenario(
  {
    cluster: { nodes: 1, imagesArePresent: true, latencies: shortLatencies },
    manifests: [smallSet(1)],
    steps: [{ settle: true }, { scale: { 'statefulset/web': 2 } }, { scale: { 'statefulset/web': 1 } }],
    search: {
      order: ['statefulset-controller', 'kubelet'],
      caches: [{ controller: 'statefulset-controller', kind: 'Pod', most: 2 }],
    },
    expect: [{ eventually: { object: 'statefulset/web', path: 'status.readyReplicas', equals: 1 } }],
  },
  { name: 'late' },
)

const explored = (what: Scenario, options: Parameters<typeof explore>[1] = {}): SearchReport => {
  const report = explore(what, options)
  if (E.isLeft(report)) throw new Error(JSON.stringify(report.left))
  return report.right
}

describe('explore', () => {
  test('covers a small scope completely, twice alike, and finds nothing in what is right', { timeout: 60_000 }, () => {
    const first = explored(scaling)
    expect(first).toMatchObject({ complete: true, findings: [] })
    expect(first.states).toBeGreaterThan(100)
    expect(first.marks).toContain('marks/controller-crashed')
    expect(explored(scaling)).toEqual(first)
  })

  test('finds the same with names drawn alike as without', { timeout: 120_000 }, () => {
    for (const what of [scaling, stuck, deleting]) {
      const [reduced, plain] = [explored(what, { all: true }), explored(what, { all: true, reduce: false })]
      expect(reduced.reductions).not.toEqual(plain.reductions)
      expect(reduced.findings.map(({ property }) => property)).toEqual(plain.findings.map(({ property }) => property))
      expect(reduced.marks).toEqual(plain.marks)
      expect(reduced.endings).toEqual(plain.endings)
      expect(reduced.states).toBeLessThanOrEqual(plain.states)
    }
    // A Pod that is made again on different ways has another uid on each, and names that are drawn for it.
    expect(explored(deleting).states).toBeLessThan(explored(deleting, { reduce: false }).states)
  })

  test('goes on from where a bound has ended it, to the same end', { timeout: 120_000 }, () => {
    for (const what of [scaling, deleting, late]) {
      const whole = explored(what, { all: true })
      for (const bounds of [{ depth: 5 }, { states: 60 }]) {
        const { saved, complete } = explored(what, { all: true, bounds })
        expect(complete).toBe(false)
        // As it would come from a file.
        const resume = JSON.parse(JSON.stringify(saved?.())) as NonNullable<ReturnType<NonNullable<typeof saved>>>
        expect(readSavedSearch(savedText(resume), what, 1)).toEqual(E.right(resume))
        expect({ ...explored(what, { all: true, resume }), visitedBytes: 0 }).toEqual({ ...whole, visitedBytes: 0 })
        expect(readSavedSearch(savedText(resume), stuck, 1)).toEqual(E.left('it is of another scenario, or of another seed'))
        const damaged = savedText(resume).replace('"level":[', '"level":[99999,')
        expect(readSavedSearch(damaged, what, 1)).toEqual(E.left('it is damaged: begin anew'))
      }
    }
  })

  test('finds the same, however the states are shared out among expanders', { timeout: 120_000 }, () => {
    for (const what of [scaling, stuck, deleting, late])
      for (const all of [true, false]) {
        const ground = makeGround(what, {})
        if (E.isLeft(ground)) throw new Error(JSON.stringify(ground.left))
        const search = startSearch(what, { all }, ground.right, true)
        const expanders = [0, 1].map(() => makeExpander(what, ground.right, true))
        const owners = new Map<number, number>()
        let request = search.begin(expanders[0]?.root ?? { high: 0, low: 0, goals: 0 })
        while (request !== undefined) {
          const { keep, expand, asleep = [], met } = request
          for (const { id, from } of keep) owners.set(id, owners.get(from) ?? 0)
          // Some move from one to the other.
          const moved = expand.filter((id) => id % 7 === 3)
          for (const id of moved) owners.set(id, 1)
          const answers = expanders.flatMap((expander, own) =>
            expander.answer({
              keep,
              met,
              adopt: own === 1 ? moved.map((id) => ({ id, path: search.pathTo(id) })) : [],
              expand: expand.filter((id) => (owners.get(id) ?? 0) === own),
              asleep,
            }),
          )
          search.take(answers.sort((left, right) => left.id - right.id))
          request = search.next(16)
        }
        const { saved: _saved, ...report } = search.report([...new Set(expanders.flatMap(({ marks }) => marks()))])
        expect(report).toEqual(explored(what, { all }))
      }
  })

  test('says which bound ended it', () => {
    expect(explored(scaling, { bounds: { depth: 3 } })).toMatchObject({ complete: false, limit: '3 decisions on a path', depth: 3 })
    expect(explored(scaling, { bounds: { states: 256 } })).toMatchObject({ complete: false, limit: '256 states' })
  })

  test('finds the rollback that does not heal; the file it writes shows it by itself', () => {
    const [finding] = explored(stuck).findings
    if (finding === undefined) throw new Error('nothing was found')
    expect(finding.kind).toBe('eventually')
    const text = writeCounterexample(stuck, finding, 1)
    const written = loadScenario('broken.yaml', text, noScenarioFiles)
    if (E.isLeft(written)) throw new Error(JSON.stringify(written.left))
    expect(Object.keys(written.right.written.choices ?? {}).length).toBeLessThanOrEqual(40)
    const run = runScenario(written.right)
    expect(E.isRight(run) ? run.right.report.outcome : run.left).toBe('notConverged')
  })
})

describe('fuzz', () => {
  test('gives the same histories for the same seed', () => {
    const once = fuzz(scaling, { runs: 5, steps: 10 })
    expect(E.isRight(once) ? once.right.runs : once.left).toBe(5)
    expect(fuzz(scaling, { runs: 5, steps: 10 })).toEqual(once)
  })

  test('shrinks to what is needed', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 4 }), (needed) => {
        const all = Array.from({ length: 61 }, (_, index) => index)
        const { steps } = shrinkHistory(all, (kept) => needed.every((one) => kept.includes(one)), 2_000)
        expect(steps).toEqual([...needed].sort((left, right) => left - right))
      }),
    )
  })
})

describe('what a search keeps', () => {
  test('numbers states in the order of their finding', () => {
    const visited = makeVisitedStates()
    expect([visited.find(1, 2), visited.find(0, 0), visited.find(1, 2), visited.find(2, 1)]).toEqual([-1, -2, 0, -3])
    for (let state = 0; state < 5_000; state += 1) visited.find(state * 7919, state)
    expect(visited.find(2, 1)).toBe(2)
    expect(visited.bytes() / visited.size()).toBeLessThan(160)
  })

  test('knows from where a goal cannot be reached', () => {
    const [from, to] = [makeGrowingNumbers(), makeGrowingNumbers()]
    for (const [source, target] of [
      [0, 1],
      [1, 0],
      [1, 2],
      [0, 3],
      [3, 3],
    ] as const) {
      from.push(source)
      to.push(target)
    }
    expect(firstWithoutWay(4, from, to, (state) => state === 2)).toBe(3)
    expect(firstWithoutWay(4, from, to, (state) => state >= 2)).toBeUndefined()
  })
})
