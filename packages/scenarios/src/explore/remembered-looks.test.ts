/** A search that remembers looks goes the very same ways as one that carries each of them out. */
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import {
  canonicalJson,
  entriesOf,
  makeStateHasher,
  saveRun,
  type Json,
  type JsonObject,
  type RunState,
  type Simulation,
} from '@statefold/core'
import { catalogFolder, readScenarioFile } from '../node.js'
import { scenario, type Scenario } from '../scenario.js'
import { shortLatencies, smallSet } from '../testing/small-set.js'
import { makeGround } from './expander.js'
import { explore } from './explore.js'
import { learnUids } from './prepare.js'
import { makeSearchMachine, type SearchState } from './search-machine.js'
import { noProgress, type Progress } from './search-space.js'
import type { ExploreOptions, SearchReport } from './search-types.js'
import { makeVisitedStates } from './visited-states.js'

const statefulSets = 'statefulset-controller'

/** All that can happen to a look: a late cache, a process that ends, writes that fail. */
const all = scenario(
  {
    cluster: { nodes: 1, imagesArePresent: true, latencies: shortLatencies },
    manifests: [smallSet(1)],
    steps: [{ settle: true }, { scale: { 'statefulset/web': 2 } }],
    search: {
      order: [statefulSets, 'kubelet'],
      caches: [{ controller: statefulSets, kind: 'Pod', most: 2 }],
      crashes: { controllers: [statefulSets], most: 1 },
      answers: { controllers: [statefulSets], are: ['conflict', 'lost-answer'], most: 1 },
      anytime: [{ delete: 'pod/web-0' }],
    },
    expect: [{ eventually: { object: 'statefulset/web', path: 'status.readyReplicas', equals: 2 } }],
  },
  { name: 'all' },
)

/** Which node a Pod comes to is a choice of the search. */
const drawn = scenario(
  {
    cluster: { nodes: 2, imagesArePresent: true, latencies: shortLatencies },
    manifests: [smallSet(1)],
    steps: [{ settle: true }, { scale: { 'statefulset/web': 2 } }, { delete: 'pod/web-0' }],
    search: {
      order: [statefulSets, 'kubelet'],
      chance: ['kube-scheduler/tie'],
      crashes: { controllers: [statefulSets], most: 1 },
    },
    expect: [{ sometimes: { object: 'pod/web-1', path: 'spec.nodeName', equals: 'node-2' } }],
  },
  { name: 'drawn' },
)

const question = (name: string): Scenario => {
  const read = readScenarioFile(join(catalogFolder, 'questions', `${name}.yaml`))
  if (E.isLeft(read)) throw new Error(read.left.message)
  return read.right
}

const explored = (what: Scenario, options: ExploreOptions): SearchReport => {
  const report = explore(what, options)
  if (E.isLeft(report)) throw new Error(JSON.stringify(report.left))
  const { saved: _saved, ...rest } = report.right
  return rest
}

/** Numbers of facts, and by what other object an object was told: they tell how a run came about, and decide nothing. */
const withoutTelling = (value: Json): Json => {
  if (Array.isArray(value)) return (value as readonly Json[]).map(withoutTelling)
  if (typeof value !== 'object' || value === null) return value
  const { seq: _seq, revision, prototypes: _prototypes, likenesses: _likenesses, ...rest } = value as JsonObject
  return Object.fromEntries([
    ...Object.entries(rest).map(([field, inner]): readonly [string, Json] => [field, withoutTelling(inner ?? null)]),
    // (The cluster's counter is set anew for each write; a ControllerRevision's number is its own.)
    ...('kind' in rest && revision !== undefined ? [['revision', revision] as const] : []),
  ])
}

const contentOf = (simulation: Simulation): string => {
  const run = simulation.state()
  return canonicalJson(withoutTelling({ ...saveRun(run), goneVersions: JSON.parse(JSON.stringify(run.goneVersions.root)) as Json }))
}

/** What a move may change beside the cluster, to the letter. */
const waitingOf = (run: RunState): string => {
  const { now, turn, order, queues, informers, workers } = run
  return JSON.stringify([
    now,
    turn,
    order,
    saveRun(run)['agenda'],
    entriesOf(queues).map(([controller, queue]) => [controller, entriesOf(queue)]),
    entriesOf(informers).map(([informer, { seen, underway }]) => [
      informer,
      entriesOf(seen.objects).map(([key, { metadata }]) => [key, metadata.resourceVersion]),
      underway.map(({ key, rv, dueAt }) => [key, rv, dueAt]),
    ]),
    entriesOf(workers),
  ])
}

const walkerOf = (what: Scenario, remember: number) => {
  const ground = makeGround(what, { remember })
  if (E.isLeft(ground)) throw new Error(JSON.stringify(ground.left))
  const { space, simulationOf } = ground.right
  const simulation = simulationOf(true)
  const hasher = makeStateHasher()
  learnUids(simulation, hasher.learn)
  const machine = makeSearchMachine(simulation, space, hasher)
  space.begin(simulation)
  return { space, simulation, hasher, machine, root: machine.begin() }
}

/** Carries out every move of a scope on both, breadth first, from the very same states, and compares what comes of each. */
const compareEach = (what: Scenario, remember: number, most: number): number => {
  const [plain, remembering] = [walkerOf(what, 0), walkerOf(what, remember)]
  const seen = makeVisitedStates()
  const waiting: { readonly state: SearchState; readonly progress: Progress }[] = [{ state: remembering.root, progress: noProgress }]
  let count = 0
  for (const { state, progress } of waiting)
    for (const move of plain.space.moves(state, progress)) {
      const untried: (readonly number[])[] = [[]]
      for (let within = untried.pop(); within !== undefined; within = untried.pop()) {
        const [one, other] = [plain, remembering].map(({ machine }) => machine.carryOut(state, progress, move, within))
        if (one === undefined || other === undefined || count >= most) return count
        count += 1
        expect([other.progress, other.within, other.violations]).toEqual([one.progress, one.within, one.violations])
        expect(waitingOf(other.after.run)).toBe(waitingOf(one.after.run))
        const hashes = [one, other].map(({ after: { run, pending } }) => plain.hasher.hash(run, pending, 0))
        expect(hashes[1]).toEqual(hashes[0])
        if (count % 50 === 0) expect(contentOf(remembering.simulation)).toBe(contentOf(plain.simulation))
        for (let at = within.length; at < one.within.length; at += 1)
          for (let choice = 1; choice < (one.within[at] ?? 1); choice += 1)
            untried.push([...within, ...Array.from({ length: at - within.length }, () => 0), choice])
        const { high, low } = remembering.machine.hash(other.after, other.progress)
        if (seen.find(high, low) < 0) waiting.push({ state: other.after, progress: other.progress })
      }
    }
  expect(remembering.simulation.sometimes()).toEqual(plain.simulation.sometimes())
  return count
}

describe('remembered looks', () => {
  for (const [name, what, remember, most] of [
    ['a late cache, an end and answers', all, 100_000, 5_000],
    ['a memory that forgets all the time', all, 50, 9_000],
    ['what is drawn', drawn, 100_000, 5_000],
  ] as const)
    test(`lead to the very same run: ${name}`, { timeout: 120_000 }, () => {
      expect(compareEach(what, remember, most)).toBeGreaterThan(1_000)
    })

  test('leave what a search reports as it is', { timeout: 240_000 }, () => {
    const named = ['partition-with-a-deletion', 'partitioned-node', 'partitioned-node-with-force', 'stuck-rollout'].map(question)
    for (const what of [all, drawn, ...named]) {
      const bounds = { states: 3_000 }
      const report = explored(what, { all: true, bounds })
      // No finding has sent it back to walk without lean runs.
      expect(report.reductions).not.toEqual([])
      expect(explored(what, { all: true, bounds, remember: 0 })).toEqual(report)
      expect(explored(what, { all: true, bounds, remember: 50 })).toEqual(report)
    }
    expect(explored(question('scaling-with-a-slow-cache'), { bounds: { states: 500 } }).reductions).not.toEqual([])
    // This one asks for Events, which a lean run does not have.
    expect(explored(question('claim-changed-under-the-binder'), { bounds: { states: 50 } }).reductions).toEqual([])
  })
})
