/** A search that makes moves which come to the same in one order only, against one that makes them in every order. */
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { scenario, type Scenario } from '../scenario.js'
import { claims, shortLatencies, smallSet } from '../testing/small-set.js'
import { explore } from './explore.js'
import type { ExploreOptions, SearchReport } from './search-types.js'

const kept = { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' }, volumeClaimTemplates: claims() }

const cluster = { nodes: 1, imagesArePresent: true, latencies: shortLatencies }
const statefulSets = 'statefulset-controller'
const volumes = 'persistentvolume-controller'
const ready = (replicas: number) => ({ eventually: { object: 'statefulset/web', path: 'status.readyReplicas', equals: replicas } })

interface Of {
  readonly expected?: number
  readonly nodes?: number
  readonly chance?: readonly string[]
}

const withOneCache = (name: string, { expected = 2, nodes = 1, chance = [] }: Of) =>
  scenario(
    {
      cluster: { ...cluster, nodes },
      manifests: [smallSet(1)],
      steps: [{ settle: true }, { scale: { 'statefulset/web': 2 } }],
      search: {
        order: [statefulSets, 'kubelet'],
        caches: [{ controller: statefulSets, kind: 'Pod', most: 2 }],
        anytime: [{ delete: 'pod/web-0' }],
        chance,
      },
      expect: [ready(expected)],
    },
    { name },
  )

const oneCache = withOneCache('one cache', {})

const twoCaches = scenario(
  {
    cluster,
    manifests: [smallSet(0, kept)],
    steps: [{ settle: true }, { scale: { 'statefulset/web': 1 } }],
    search: {
      order: [statefulSets, volumes, 'external-provisioner'],
      caches: [
        { controller: statefulSets, kind: 'PersistentVolumeClaim', most: 2 },
        { controller: volumes, kind: 'PersistentVolumeClaim', most: 2 },
      ],
    },
    expect: [ready(1)],
  },
  { name: 'two caches' },
)

/** What is expected does not come. */
const unmet = withOneCache('unmet', { expected: 3 })

/** No further behind than a row of one: notifications are often pushed in by the next. */
const short = scenario(
  {
    cluster,
    manifests: [smallSet(2)],
    steps: [{ settle: true }, { scale: { 'statefulset/web': 1 } }, { scale: { 'statefulset/web': 2 } }],
    search: {
      order: [statefulSets, 'kubelet'],
      caches: [{ controller: statefulSets, kind: 'Pod', most: 1 }],
      crashes: { controllers: [statefulSets], most: 1 },
    },
    expect: [ready(2)],
  },
  { name: 'short' },
)

const explored = (what: Scenario, options: ExploreOptions = {}): SearchReport => {
  const report = explore(what, { all: true, ...options })
  if (E.isLeft(report)) throw new Error(JSON.stringify(report.left))
  return report.right
}

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

/** All transitions of a search that a bound has ended, by the hashes of their states. */
const transitionsOf = ({ saved }: SearchReport): readonly string[] => {
  const search = saved?.()
  if (search === undefined) throw new Error('the search came to its end')
  const { sources, targets, highs, lows, level } = search
  const unexpanded = new Set(level)
  const stateOf = (id: number | undefined): string => `${highs[id ?? 0]}.${lows[id ?? 0]}`
  const all = sources.flatMap((from, place) => (unexpanded.has(from) ? [] : [`${stateOf(from)} > ${stateOf(targets[place])}`]))
  return [...new Set(all)].sort(byText)
}

/** What may differ: how many transitions were made, and what they were. */
const withoutTransitions = ({
  transitions: _transitions,
  visitedBytes: _bytes,
  reductions: _reductions,
  saved: _saved,
  ...report
}: SearchReport) => ({
  ...report,
  findings: report.findings.map(({ property, kind }) => ({ property, kind })),
})

const oneOrder = 'a notification and a move that has nothing to do with it come in one order'

describe('moves that come to the same in either order', () => {
  for (const [what, saves, states] of [
    [oneCache, 0.01, 6_000],
    [twoCaches, 0.15, 6_000],
    [unmet, 0.01, 6_000],
    [short, 0.005, 6_000],
  ] as const)
    test(`are made in one, and no state, end or finding is lost: ${what.file}`, { timeout: 240_000 }, () => {
      const [every, one] = [false, true].map((commuting) => explored(what, { commuting, bounds: { states } }))
      if (every === undefined || one === undefined) throw new Error('nothing was explored')
      expect(every.complete).toBe(true)
      expect(withoutTransitions(one)).toEqual(withoutTransitions(every))
      expect(one.transitions).toBeLessThan(every.transitions * (1 - saves))
      expect(one.reductions).toContain(oneOrder)
      expect(every.reductions).not.toContain(oneOrder)
    })

  test('are known where they would have led: what can be reached from where is the same', { timeout: 240_000 }, () => {
    for (const what of [oneCache, twoCaches, short]) {
      const { depth } = explored(what)
      for (const most of [7, depth - 1]) {
        const [every, one] = [false, true].map((commuting) => transitionsOf(explored(what, { commuting, bounds: { depth: most } })))
        expect(one).toEqual(every)
      }
    }
  })

  test('are all made where the names of moves do not hold from state to state, or nothing is known of a controller', () => {
    const reductionsOf = (what: Scenario, options: ExploreOptions = {}) => explored(what, { ...options, bounds: { states: 50 } }).reductions
    const drawn = withOneCache('drawn', { nodes: 2, chance: ['kube-scheduler/tie'] })
    expect(reductionsOf(oneCache)).toContain(oneOrder)
    expect(reductionsOf(oneCache, { reduce: false })).toEqual([])
    expect(reductionsOf(drawn)).not.toContain(oneOrder)
    expect(reductionsOf(drawn, { symmetry: false })).toContain(oneOrder)
  })
})
