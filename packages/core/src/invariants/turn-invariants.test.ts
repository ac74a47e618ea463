/** The invariants that look at whole turns, each with a turn that breaks it and one that is close and does not. */
import { describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../api/object.js'
import { creationOf } from '../cluster/decide-write.js'
import { reduce } from '../cluster/reduce.js'
import { initialState, storeOf, type ClusterState } from '../cluster/state.js'
import { emptyMap, fromEntries } from '../kernel/persistent-map.js'
import { emptyQueue, makeEntry, withEntry, type WorkQueue } from '../kernel/work-queue.js'
import { recordedClusterSettings } from '../simulation/default-controllers.js'
import { aMember, aStatefulSet } from '../testing/builders.js'
import { alwaysInvariants } from './all-invariants.js'
import type { LaggingInformer } from '../cluster/pending-work.js'
import type { ObservedTurn, TurnSide } from './observed-turn.js'

const set = aStatefulSet({ podManagementPolicy: 'Parallel', replicas: 2 }, { replicas: 0 })
const controller = 'statefulset-controller'
const informer = `${controller} Pod`

const make = (state: ClusterState, object: KubernetesObject): ClusterState =>
  reduce(state, creationOf(state, object, state.revision + 1, 0), 0)

const empty = initialState(recordedClusterSettings)
const withSet = make(empty, set)
const withOne = make(withSet, aMember(set, 0))
const withTwo = make(withOne, aMember(set, 1))

const side = (cluster: ClusterState, rest: Partial<TurnSide> = {}): TurnSide => ({
  now: 1_000,
  cluster,
  queues: emptyMap(),
  informers: emptyMap(),
  ...rest,
})
const syncOf = (dueAt = 1_000, kind: 'ready' | 'delayed' = 'ready'): ObservedTurn['item'] => ({
  dueAt,
  work: { kind, controller, key: 'default/web' },
})
const delivery: ObservedTurn['item'] = { dueAt: 1_000, work: { kind: 'deliver', informer } }

const pod = (ordinal: number, before: ClusterState): ObservedTurn['events'][number] => ({
  seq: 1,
  turn: 1,
  at: 1_000,
  causedBy: null,
  actor: controller,
  event: creationOf(before, aMember(set, ordinal), before.revision + 1, 1_000),
})

const told = (state: ClusterState, ordinal: number, dueAt = 2_000): LaggingInformer['underway'][number] => ({
  dueAt,
  kind: 'Pod',
  key: `default/web-${ordinal}`,
  store: storeOf(state, 'Pod'),
  rv: state.revision,
  seq: state.revision,
})
const slow = (seen: ClusterState, ...underway: LaggingInformer['underway']): TurnSide['informers'] =>
  fromEntries([[informer, { seen: storeOf(seen, 'Pod'), underway }]])

const first = told(withOne, 0)
const second = told(withTwo, 1)

const failed = (failures: number, delayedUntil?: number): TurnSide['queues'] => {
  const queue: WorkQueue = withEntry(
    emptyQueue,
    'default/web',
    makeEntry(undefined, delayedUntil, undefined, undefined, failures, undefined, undefined),
  )
  return fromEntries([[controller, queue]])
}

interface Case {
  readonly says: string
  readonly breaks: ObservedTurn
  readonly holds: ObservedTurn
}

const cases: Readonly<Record<string, readonly Case[]>> = {
  'stateful-set/parallel-does-not-wait': [
    {
      says: 'a sync of web-1 of StatefulSet default/web has not created it',
      breaks: { before: side(withSet), after: side(withOne), item: syncOf(), events: [pod(0, withSet)] },
      holds: { before: side(withSet), after: side(withTwo), item: syncOf(), events: [pod(0, withSet), pod(1, withOne)] },
    },
  ],
  'caches/nothing-is-lost': [
    {
      says: 'statefulset-controller Pod will not hear of the newest write of its kind',
      breaks: {
        before: side(withSet, { informers: slow(withSet) }),
        after: side(withOne, { informers: slow(withSet) }),
        item: syncOf(),
        events: [pod(0, withSet)],
      },
      holds: {
        before: side(withSet, { informers: slow(withSet) }),
        after: side(withOne, { informers: slow(withSet, first) }),
        item: syncOf(),
        events: [pod(0, withSet)],
      },
    },
    {
      says: 'is to be told of 1 writes (203); expected each of the 2 of its kind once and in order (202, 203)',
      breaks: {
        before: side(withSet, { informers: slow(withSet) }),
        after: side(withTwo, { informers: slow(withSet, second) }),
        item: syncOf(),
        events: [pod(0, withSet), pod(1, withOne)],
      },
      holds: {
        before: side(withSet, { informers: slow(withSet) }),
        after: side(withTwo, { informers: slow(withSet, first, second) }),
        item: syncOf(),
        events: [pod(0, withSet), pod(1, withOne)],
      },
    },
  ],
  'caches/caches-never-go-back': [
    {
      says: 'sees something else than before although it was told of nothing',
      breaks: {
        before: side(withTwo, { informers: slow(withOne, second) }),
        after: side(withTwo, { informers: slow(withSet, second) }),
        item: syncOf(),
        events: [],
      },
      holds: {
        before: side(withTwo, { informers: slow(withOne, second) }),
        after: side(withTwo, { informers: slow(withTwo) }),
        item: delivery,
        events: [],
      },
    },
    {
      says: 'has resourceVersion 203 on its way next; expected 202, as before',
      breaks: {
        before: side(withTwo, { informers: slow(withSet, first, second) }),
        after: side(withTwo, { informers: slow(withSet, second) }),
        item: syncOf(),
        events: [],
      },
      holds: {
        before: side(withTwo, { informers: slow(withSet, first, second) }),
        after: side(withTwo, { informers: slow(withOne, second) }),
        item: delivery,
        events: [],
      },
    },
    {
      says: 'does not lag any more with 1 notifications on their way',
      breaks: {
        before: side(withTwo, { informers: slow(withSet, first, second) }),
        after: side(withTwo),
        item: delivery,
        events: [],
      },
      holds: { before: side(withTwo, { informers: slow(withOne, second) }), after: side(withTwo), item: delivery, events: [] },
    },
    {
      says: 'is to be told of write 203 at 1500 ms, after write 202 at 2000 ms',
      breaks: {
        before: side(withSet, { informers: slow(withSet) }),
        after: side(withTwo, { informers: slow(withSet, first, told(withTwo, 1, 1_500)) }),
        item: syncOf(),
        events: [pod(0, withSet), pod(1, withOne)],
      },
      holds: {
        before: side(withSet, { informers: slow(withSet) }),
        after: side(withTwo, { informers: slow(withSet, first, second) }),
        item: syncOf(),
        events: [pod(0, withSet), pod(1, withOne)],
      },
    },
  ],
  'time/time-never-falls': [
    {
      says: 'it is 900 ms after it was 1000 ms',
      breaks: { before: side(withSet), after: side(withSet, { now: 900 }), item: syncOf(), events: [] },
      holds: { before: side(withSet), after: side(withSet), item: syncOf(), events: [] },
    },
    {
      says: 'looked at default/web at 1000 ms; expected not before 1001 ms',
      breaks: { before: side(withSet), after: side(withSet), item: syncOf(1_001, 'delayed'), events: [] },
      // A search may take what is ready before the others.
      holds: { before: side(withSet), after: side(withSet), item: syncOf(1_001), events: [] },
    },
    {
      says: 'event 1 is at 1000 ms in a turn at 1500 ms; expected one instant',
      breaks: { before: side(withSet), after: side(withOne, { now: 1_500 }), item: syncOf(), events: [pod(0, withSet)] },
      holds: { before: side(withSet), after: side(withTwo), item: syncOf(), events: [pod(0, withSet)] },
    },
  ],
  'time/failures-back-off': [
    {
      says: 'looks at default/web again never after failure 1 in a row; expected 1005 ms at the latest',
      breaks: { before: side(withSet), after: side(withSet, { queues: failed(1) }), item: syncOf(), events: [] },
      holds: { before: side(withSet), after: side(withSet, { queues: failed(1, 1_005) }), item: syncOf(), events: [] },
    },
    {
      says: 'at 1041 ms after failure 4 in a row; expected 1040 ms at the latest',
      breaks: {
        before: side(withSet, { queues: failed(3) }),
        after: side(withSet, { queues: failed(4, 1_041) }),
        item: syncOf(),
        events: [],
      },
      holds: {
        before: side(withSet, { queues: failed(30) }),
        after: side(withSet, { queues: failed(31, 1_001_000) }),
        item: syncOf(),
        events: [],
      },
    },
    {
      says: 'counts 3 failures of default/web in a row after 1; expected 2',
      breaks: {
        before: side(withSet, { queues: failed(1) }),
        after: side(withSet, { queues: failed(3, 1_005) }),
        item: syncOf(),
        events: [],
      },
      holds: {
        before: side(withSet, { queues: failed(1) }),
        after: side(withSet, { queues: failed(2, 1_010) }),
        item: syncOf(),
        events: [],
      },
    },
  ],
}

const byTurn = alwaysInvariants.filter(({ checkTurn }) => checkTurn !== undefined)

describe.each(byTurn.map((invariant) => [invariant.name, invariant] as const))('%s', (name, invariant) => {
  const known = cases[name] ?? []
  it('has a case here', () => {
    expect(known).not.toHaveLength(0)
  })

  it.each(known.map((each) => [each.says, each] as const))('is broken: %s', (says, { breaks, holds }) => {
    const found = invariant.checkTurn?.(breaks)
    expect(found?.message).toContain(says)
    expect(found?.invariant).toBe(name)
    expect(invariant.checkTurn?.(holds)).toBeUndefined()
  })
})
