import { describe, expect, it } from 'vitest'
import type { PodDisruptionBudget, StatefulSet } from '../../api/generated/types.js'
import { timestampOf } from '../../kernel/sim-time.js'
import { afterEviction, evictionVerdict } from '../../resources/pod-disruption-budget/queries.js'
import { FakeApi } from '../../testing/fake-api.js'
import { aMetadata, aPod, aTemplate, type PodShape } from '../../testing/workload-builders.js'
import { disruptionController } from './controller.js'

const aBudget = (spec: PodDisruptionBudget['spec'], status: PodDisruptionBudget['status'] = {}): PodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: aMetadata('PodDisruptionBudget', 'web'),
  spec: { selector: { matchLabels: { app: 'nginx' } }, ...spec },
  status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0, ...status },
})

const set: StatefulSet = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: aMetadata('StatefulSet', 'web'),
  spec: { replicas: 3, selector: { matchLabels: { app: 'nginx' } }, template: aTemplate(), serviceName: 'nginx' },
  status: { replicas: 3 },
}

const clusterWith = (budget: PodDisruptionBudget, pods: readonly PodShape[]): FakeApi => {
  const api = new FakeApi()
  api.put(set)
  api.put(budget)
  pods.forEach((shape, index) => api.put(aPod(`web-${index}`, { owner: set, ...shape })))
  return api
}
const sync = (api: FakeApi): ReturnType<FakeApi['sync']> => api.sync(disruptionController, 'default/web')
const statusOf = (api: FakeApi): PodDisruptionBudget['status'] => api.live.get('PodDisruptionBudget', 'default', 'web')?.status ?? {}

describe('the status of a budget', () => {
  const ready: PodShape = {}
  const rows: readonly (readonly [string, PodDisruptionBudget['spec'], readonly PodShape[], readonly [number, number, number, number]])[] =
    [
      // spec, Pods → expected, desired, healthy, allowed
      ['minAvailable 2 of three', { minAvailable: 2 }, [ready, ready, ready], [3, 2, 3, 1]],
      ['a number counts the Pods that exist', { minAvailable: 2 }, [ready, ready], [2, 2, 2, 0]],
      ['a percentage counts what the set wants', { minAvailable: '50%' }, [ready, ready], [3, 2, 2, 0]],
      ['maxUnavailable 1', { maxUnavailable: 1 }, [ready, ready, ready], [3, 2, 3, 1]],
      ['maxUnavailable 50 % is rounded up', { maxUnavailable: '50%' }, [ready, ready, ready], [3, 1, 3, 2]],
      ['what is not ready is not healthy', { minAvailable: 1 }, [ready, { ready: false }, { terminating: true }], [3, 1, 1, 0]],
    ]
  it.each(rows)('%s', (_what, spec, pods, [expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed]) => {
    const api = clusterWith(aBudget(spec), pods)
    sync(api)
    expect(statusOf(api)).toMatchObject({ expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed, observedGeneration: 1 })
    expect(statusOf(api).conditions).toEqual([
      {
        type: 'DisruptionAllowed',
        status: disruptionsAllowed > 0 ? 'True' : 'False',
        reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
        message: '',
        observedGeneration: 1,
        lastTransitionTime: timestampOf(0),
      },
    ])
    expect(sync(api).writes).toEqual([])
  })

  it('without Pods is told every time', () => {
    const api = clusterWith(aBudget({ minAvailable: 2 }), [])
    expect(sync(api).events).toEqual(['Normal NoPods No matching pods found'])
    expect(statusOf(api)).toMatchObject({ expectedPods: 0, desiredHealthy: 2, currentHealthy: 0, disruptionsAllowed: 0 })
    expect(sync(api).events).toHaveLength(1)
  })

  it('counts an evicted Pod as gone until it is deleted, or for two minutes', () => {
    const api = clusterWith(aBudget({ minAvailable: 1 }, { disruptedPods: { 'web-0': timestampOf(0) } }), [ready, ready])
    expect(sync(api).outcome.requeueAfterMs).toBe(120_001)
    expect(statusOf(api)).toMatchObject({ currentHealthy: 1, disruptedPods: { 'web-0': timestampOf(0) } })
    api.now = 121_000
    expect(sync(api).events).toEqual(["Warning NotDeleted Pod was expected by PDB default/default to be deleted but it wasn't"])
    expect(statusOf(api)).not.toHaveProperty('disruptedPods')
    expect(statusOf(api)).toMatchObject({ currentHealthy: 2 })
  })

  it('allows nothing when the controllers of the Pods are not known', () => {
    const api = clusterWith(aBudget({ maxUnavailable: 1 }), [ready])
    api.remove('StatefulSet', 'web')
    expect(sync(api).events).toEqual([
      'Warning CalculateExpectedPodCountFailed Failed to calculate the number of expected pods: found no controllers for pod "web-0"',
    ])
    expect(statusOf(api)).toMatchObject({ disruptionsAllowed: 0, conditions: [{ reason: 'SyncFailed' }] })
  })
})

describe('an eviction', () => {
  const allowing = { currentHealthy: 3, desiredHealthy: 2, disruptionsAllowed: 1, expectedPods: 3, observedGeneration: 1 }
  const refusing = { ...allowing, currentHealthy: 2, disruptionsAllowed: 0 }
  const budget = (status: PodDisruptionBudget['status'], spec: PodDisruptionBudget['spec'] = {}): PodDisruptionBudget =>
    aBudget({ minAvailable: 2, ...spec }, status)
  const violates = "Cannot evict pod as it would violate the pod's disruption budget."
  const rows: readonly (readonly [string, readonly PodDisruptionBudget[], PodShape, string])[] = [
    ['is charged to the budget', [budget(allowing)], {}, 'charged'],
    ['is free without a budget', [], {}, 'free'],
    ['is free for other Pods', [budget(refusing)], { labels: { app: 'other' } }, 'free'],
    ['is free for a Pod that has not started', [budget(refusing)], { phase: 'Pending' }, 'free'],
    ['is free for a Pod that has ended', [budget(refusing)], { phase: 'Succeeded' }, 'free'],
    ['is free for a Pod that is going', [budget(refusing)], { terminating: true }, 'free'],
    [
      'is refused when too few are healthy',
      [budget(refusing)],
      {},
      `429 ${violates} The disruption budget web needs 2 healthy pods and has 2 currently`,
    ],
    [
      'is refused while the budget is not counted',
      [budget({ ...allowing, observedGeneration: 0 })],
      {},
      `429 ${violates} The disruption budget web is still being processed by the server.`,
    ],
    ['of a Pod that is not ready is free while enough are', [budget(refusing)], { ready: false }, 'free'],
    [
      'of a Pod that is not ready is refused when too few are',
      [budget({ ...refusing, currentHealthy: 1 })],
      { ready: false },
      `429 ${violates} The disruption budget web needs 2 healthy pods and has 1 currently`,
    ],
    [
      'of a Pod that is not ready may always be allowed',
      [budget({ ...refusing, currentHealthy: 1 }, { unhealthyPodEvictionPolicy: 'AlwaysAllow' })],
      { ready: false },
      'free',
    ],
    [
      'under two budgets is not supported',
      [budget(allowing), budget(allowing)],
      {},
      '500 This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    ],
    ['under an empty selector is charged', [budget(allowing, { selector: {} })], {}, 'charged'],
  ]
  it.each(rows)('%s', (_what, budgets, shape, expected) => {
    const verdict = evictionVerdict(budgets, aPod('web-0', shape))
    const words =
      verdict._tag === 'Left'
        ? [verdict.left.code, verdict.left.message, ...(verdict.left.details?.causes ?? []).map(({ message }) => message)].join(' ')
        : verdict.right === undefined
          ? 'free'
          : 'charged'
    expect(words).toBe(expected)
  })

  it('takes one disruption and remembers the Pod', () => {
    expect(afterEviction(budget(allowing), 'web-0', 5_000).status).toMatchObject({
      disruptionsAllowed: 0,
      disruptedPods: { 'web-0': timestampOf(5_000) },
      conditions: [{ status: 'False', reason: 'InsufficientPods', lastTransitionTime: timestampOf(5_000) }],
    })
  })
})
