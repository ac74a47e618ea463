/** A search that does not tell alike nodes apart against one that does: the same states but for the names of nodes, and the same findings. */
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { allInvariants, makeControllers, makeSymmetricHasher, readerOf, type Invariant, type JsonObject } from '@statefold/core'
import { scenario, type Scenario } from '../scenario.js'
import { claims, shortLatencies, smallSet } from '../testing/small-set.js'
import { hasherFor, makeExpander, makeGround } from './expander.js'
import { explore, startSearch } from './explore.js'
import { learnUids } from './prepare.js'
import { makeSearchMachine, type SearchState } from './search-machine.js'
import { noProgress, type Progress } from './search-space.js'
import type { ExploreOptions, SearchReport } from './search-types.js'
import { makeVisitedStates } from './visited-states.js'

const web = (replicas: number, more: JsonObject = {}) => smallSet(replicas, { podManagementPolicy: 'Parallel', ...more })

const search = { order: ['statefulset-controller', 'kubelet'], chance: ['kube-scheduler/tie'] }
const ready = (replicas: number) => ({ eventually: { object: 'statefulset/web', path: 'status.readyReplicas', equals: replicas } })

const cluster = (nodes: number) => ({ nodes, imagesArePresent: true, latencies: shortLatencies })

const spread = scenario(
  {
    cluster: cluster(3),
    manifests: [web(0)],
    steps: [{ settle: true }, { scale: { 'statefulset/web': 2 } }, { delete: 'pod/web-0' }],
    search,
    expect: [ready(2)],
  },
  { name: 'spread' },
)

const withClaims = scenario(
  {
    cluster: cluster(3),
    manifests: [web(1, { volumeClaimTemplates: claims() })],
    steps: [{ settle: true }, { scale: { 'statefulset/web': 2 } }],
    search: {
      ...search,
      caches: [{ controller: 'statefulset-controller', kind: 'Pod', most: 1 }],
      crashes: { controllers: ['statefulset-controller'], most: 1 },
    },
    expect: [ready(2)],
  },
  { name: 'with claims' },
)

/** One node is named: it is not like the others. */
const losing = scenario(
  {
    cluster: cluster(3),
    manifests: [web(0)],
    steps: [{ settle: true }, { scale: { 'statefulset/web': 1 } }],
    search: { ...search, order: ['kubelet'], anytime: [{ fault: { nodeCrash: 'node-2' } }] },
  },
  { name: 'losing' },
)

const crowded = scenario(
  { cluster: cluster(2), manifests: [web(0)], steps: [{ settle: true }, { scale: { 'statefulset/web': 3 } }], search },
  { name: 'crowded' },
)

const undrawn = scenario(
  { cluster: cluster(2), manifests: [web(1)], steps: [{ settle: true }], search: { order: ['kubelet'] } },
  { name: 'undrawn' },
)

/** Broken by some of the ways to place two Pods. */
const apart: Invariant = {
  name: 'test/apart',
  promise: 'No two Pods are on one node.',
  expectation: 'always',
  concerns: ['PodScheduled'],
  check: ({ after }) => {
    const nodes = readerOf(after)
      .list('Pod')
      .flatMap(({ spec }) => spec.nodeName ?? [])
    return new Set(nodes).size === nodes.length ? undefined : { invariant: 'test/apart', message: 'two Pods are on one node' }
  },
}

const groundOf = (what: Scenario, options: ExploreOptions = {}) => {
  const ground = makeGround(what, options)
  if (E.isLeft(ground)) throw new Error(JSON.stringify(ground.left))
  return ground.right
}

/** Walks all states that are told apart by all names, and counts them, and those that are left when nodes change names. */
const counted = (what: Scenario) => {
  const ground = groundOf(what)
  const apart = { ...ground, interchangeable: [] }
  const search = startSearch(what, {}, apart, true)
  const expander = makeExpander(what, apart, true)
  for (let request = search.begin(expander.root); request !== undefined; request = search.next(1_000)) search.take(expander.answer(request))
  const { states } = search.report([])
  // Each of them once more, by its path.
  const { space, simulationOf, interchangeable } = ground
  const simulation = simulationOf(true)
  const hasher = hasherFor(ground, true)
  learnUids(simulation, hasher.learn)
  const machine = makeSearchMachine(simulation, space, hasher)
  space.begin(simulation)
  const root = { state: machine.begin(), progress: noProgress }
  const alike = makeVisitedStates()
  for (let id = 0; id < states; id += 1) {
    let at: { readonly state: SearchState; readonly progress: Progress } = root
    for (const { options, within } of search.pathTo(id))
      for (const [place, option] of options.entries()) {
        const move = space.moves(at.state, at.progress)[option]
        if (move === undefined) throw new Error(`the path to ${id} leads nowhere`)
        const { after, progress } = machine.carryOut(at.state, at.progress, move, place === 0 ? within : [])
        at = { state: after, progress }
      }
    const { high, low } = machine.hash(at.state, at.progress)
    alike.find(high, low)
  }
  return { interchangeable, states, alike: alike.size() }
}

const explored = (what: Scenario, options: ExploreOptions = {}): SearchReport => {
  const report = explore(what, { all: true, ...options })
  if (E.isLeft(report)) throw new Error(JSON.stringify(report.left))
  return report.right
}

describe('nodes that nobody names', () => {
  for (const [what, nodes, atLeast] of [
    [spread, ['node-1', 'node-2', 'node-3'], 5],
    [withClaims, ['node-1', 'node-2', 'node-3'], 1.9],
    [losing, ['node-1', 'node-3'], 1.3],
  ] as const)
    test(`are any of them: ${what.file}`, { timeout: 240_000 }, () => {
      const { interchangeable, states, alike } = counted(what)
      expect(interchangeable).toEqual(nodes)
      expect(states / alike).toBeGreaterThan(atLeast)
      const [told, merged] = [explored(what, { symmetry: false }), explored(what)]
      expect([told.complete, merged.complete]).toEqual([true, true])
      // Not one state more than there are but for names, and not one less.
      expect(merged.states).toBe(alike)
      expect(merged.endings).toEqual(told.endings)
      expect(merged.findings).toEqual(told.findings)
      expect(merged.marks).toEqual(told.marks)
      expect(merged.reductions).toContain(`states that differ in which of ${nodes.join(', ')} is which count as one`)
    })

  test('still show what is broken, by the ordinary names', () => {
    const [told, merged] = [false, true].map((symmetry) => explored(crowded, { symmetry, invariants: [apart] }))
    expect(told?.findings).toHaveLength(1)
    expect(merged?.findings).toEqual(told?.findings)
  })

  test('are told apart where a draw among them is none of the search’s choices, and where a controller or an invariant is the user’s own', () => {
    expect(groundOf(undrawn).interchangeable).toEqual([])
    expect(groundOf(spread, { symmetry: false }).interchangeable).toEqual([])
    expect(groundOf(spread, { controllers: makeControllers }).interchangeable).toEqual([])
    expect(groundOf(spread, { invariants: [apart] }).interchangeable).toEqual([])
    expect(groundOf(spread, { invariants: allInvariants }).interchangeable).toHaveLength(3)
  })

  test('have one hash whoever is who, and another when what they have differs', () => {
    const ground = groundOf(spread)
    const simulation = ground.simulationOf(true)
    const hasher = makeSymmetricHasher(['node-1', 'node-2', 'node-3'], simulation.state())
    learnUids(simulation, hasher.learn)
    const hashAfter = (nodes: readonly string[]): unknown => {
      const copy = simulation.fork()
      learnUids(copy, hasher.learn)
      for (const node of nodes)
        copy.submit({
          kind: 'PatchObject',
          target: { kind: 'Node', namespace: '', name: node },
          patchType: 'merge',
          patch: { spec: { unschedulable: true } },
        })
      return hasher.hash(copy.state(), copy.pending(), 0)
    }
    expect(hashAfter(['node-1'])).toEqual(hashAfter(['node-3']))
    expect(hashAfter(['node-1', 'node-2'])).toEqual(hashAfter(['node-2', 'node-3']))
    expect(hashAfter(['node-1'])).not.toEqual(hashAfter(['node-1', 'node-2']))
    expect(hashAfter(['node-1'])).not.toEqual(hashAfter([]))
  })
})
