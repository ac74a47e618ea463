import { describe, expect, it } from 'vitest'
import type { Pod, ReplicaSet, ReplicationController } from '../../api/generated/types.js'
import { timestampOf } from '../../kernel/sim-time.js'
import { FakeApi } from '../../testing/fake-api.js'
import { aMetadata, aPod, aTemplate, ownedBy, type PodShape } from '../../testing/workload-builders.js'
import { podsToDelete } from '../rank-for-deletion.js'
import { replicationController } from '../replication-controller/controller.js'
import { replicaSetController } from './controller.js'

const aReplicaSet = (replicas: number, spec: Partial<ReplicaSet['spec']> = {}): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: aMetadata('ReplicaSet', 'front'),
  spec: { replicas, selector: { matchLabels: { app: 'nginx' } }, template: aTemplate(), ...spec },
  status: { replicas: 0 },
})

const clusterWith = (set: ReplicaSet, pods: { readonly [name: string]: PodShape } = {}): FakeApi => {
  const api = new FakeApi()
  api.put(set)
  for (const [name, shape] of Object.entries(pods)) api.put(aPod(name, { owner: set, ...shape }))
  return api
}
const sync = (api: FakeApi): ReturnType<FakeApi['sync']> => api.sync(replicaSetController, 'default/front')
const statusOf = (api: FakeApi): ReplicaSet['status'] | undefined => api.live.get('ReplicaSet', 'default', 'front')?.status

describe('a ReplicaSet', () => {
  it('makes what is missing and counts it in the next sync, as recorded', () => {
    const api = clusterWith(aReplicaSet(3))
    expect(sync(api)).toMatchObject({
      writes: ['create Pod front-', 'create Pod front-', 'create Pod front-', 'write status of ReplicaSet front'],
      events: [
        'Normal SuccessfulCreate Created pod: front-0',
        'Normal SuccessfulCreate Created pod: front-1',
        'Normal SuccessfulCreate Created pod: front-2',
      ],
    })
    expect(statusOf(api)).toEqual({ replicas: 0, observedGeneration: 1, terminatingReplicas: 0 })
    sync(api)
    expect(statusOf(api)).toEqual({ replicas: 3, fullyLabeledReplicas: 3, observedGeneration: 1, terminatingReplicas: 0 })
    expect(sync(api).writes).toEqual([])
  })

  it('makes no more Pods while its informer lags', () => {
    const api = clusterWith(aReplicaSet(3))
    api.freezeCache('Pod')
    expect(sync(api).writes.filter((write) => write.startsWith('create'))).toHaveLength(3)
    expect(sync(api).outcome.waitingFor).toMatchObject([{ kind: 'StaleCache' }])
    expect(api.podNames()).toHaveLength(3)
    api.thawCache()
    expect(sync(api).writes).toEqual(['write status of ReplicaSet front'])
  })

  it('deletes what is too many and tells that it terminates', () => {
    const api = clusterWith(aReplicaSet(1), { a: {}, b: {}, c: { ready: false } })
    expect(sync(api)).toMatchObject({ events: ['Normal SuccessfulDelete Deleted pod: c', 'Normal SuccessfulDelete Deleted pod: a'] })
    sync(api)
    expect(statusOf(api)).toMatchObject({ replicas: 1, readyReplicas: 1, availableReplicas: 1, terminatingReplicas: 2 })
  })

  it('replaces a terminating Pod at once', () => {
    const api = clusterWith(aReplicaSet(1), { a: { terminating: true } })
    expect(sync(api).writes[0]).toBe('create Pod front-')
  })

  it('adopts a matching orphan after a live look at itself, and releases what no longer matches', () => {
    const set = aReplicaSet(1)
    const api = clusterWith(set, { released: { labels: { app: 'other' } } })
    api.put(aPod('orphan'))
    expect(sync(api).writes.slice(0, 2)).toEqual(['patch Pod released', 'patch Pod orphan'])
    expect(api.pod('orphan')?.metadata.ownerReferences).toEqual([ownedBy(set)])
    expect(api.pod('released')?.metadata.ownerReferences).toBeUndefined()
  })

  it('stops after the first failure of a batch and says so once', () => {
    const api = clusterWith(aReplicaSet(5))
    api.refuse = (command) =>
      command.kind === 'CreateObject' ? { reason: 'Forbidden', code: 403, message: 'pods "x" is forbidden: no' } : undefined
    expect(sync(api)).toMatchObject({
      events: ['Warning FailedCreate Error creating: pods "x" is forbidden: no'],
      outcome: { error: { reason: 'Forbidden' } },
    })
    const failure = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'pods "x" is forbidden: no' }
    expect(statusOf(api)?.conditions).toMatchObject([failure])
    expect(sync(api).writes).toEqual(['create Pod front-'])
    api.refuse = () => undefined
    sync(api)
    expect(statusOf(api)?.conditions).toBeUndefined()
  })

  it('looks again when a Pod will have been ready long enough', () => {
    const api = clusterWith(aReplicaSet(1, { minReadySeconds: 10 }), { a: { readySince: 2_000 } })
    api.now = 5_000
    expect(sync(api).outcome.requeueAfterMs).toBe(7_000)
    expect(statusOf(api)).toMatchObject({ readyReplicas: 1 })
    api.now = 12_000
    sync(api)
    expect(statusOf(api)).toMatchObject({ availableReplicas: 1 })
  })

  it('that is being deleted only counts', () => {
    const set = aReplicaSet(3)
    const api = clusterWith({
      ...set,
      metadata: { ...set.metadata, deletionTimestamp: timestampOf(0), finalizers: ['foregroundDeletion'] },
    })
    expect(sync(api).writes).toEqual(['write status of ReplicaSet front'])
  })

  it('writes its status again when it changed in between', () => {
    const api = clusterWith(aReplicaSet(0))
    api.freezeCache('ReplicaSet')
    api.change('ReplicaSet', 'front', (set) => ({ ...set, metadata: { ...set.metadata, annotations: { touched: 'yes' } } }))
    expect(sync(api).writes).toEqual(['write status of ReplicaSet front', 'write status of ReplicaSet front'])
    expect(statusOf(api)).toMatchObject({ observedGeneration: 1 })
  })
})

describe('of two Pods the first goes when', () => {
  const rows: readonly (readonly [string, PodShape, PodShape])[] = [
    ['it has no node', { node: '' }, {}],
    ['it is Pending', { phase: 'Pending' }, {}],
    ['it is not ready', { ready: false }, {}],
    ['it is cheaper', {}, { metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '5' } } }],
    ['it has more neighbours on its node', { node: 'node-2' }, {}],
    ['it became ready later', { readySince: 999_000 }, {}],
    [
      'it restarted more often',
      { status: { containerStatuses: [{ name: 'nginx', image: '', imageID: '', ready: true, restartCount: 2 }] } },
      {},
    ],
    ['it is younger', { metadata: { creationTimestamp: timestampOf(999_000) } }, {}],
    [
      'their ages are alike and its uid is smaller',
      { readySince: 1_000, metadata: { uid: 'a' } },
      { readySince: 2_000, metadata: { uid: 'b' } },
    ],
  ]
  it.each(rows)('%s', (_why, first, second) => {
    const [one, other] = [aPod('z-first', first), aPod('a-second', second)]
    const related: readonly Pod[] = [one, other, aPod('neighbour', { node: 'node-2' })]
    expect(podsToDelete([other, one], related, 1, 1_000_000)).toEqual([one])
  })
})

describe('a ReplicationController', () => {
  it('does the same with a plain selector, and has no count of terminating Pods', () => {
    const api = new FakeApi()
    const old: ReplicationController = {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: aMetadata('ReplicationController', 'old'),
      spec: { replicas: 1, selector: { app: 'nginx' }, template: aTemplate() },
      status: { replicas: 0 },
    }
    api.put(old)
    expect(api.sync(replicationController, 'default/old').events).toEqual(['Normal SuccessfulCreate Created pod: old-0'])
    expect(api.live.get('ReplicationController', 'default', 'old')?.status).toEqual({ replicas: 0, observedGeneration: 1 })
  })
})

describe('what wakes a ReplicaSet', () => {
  const set = aReplicaSet(1)
  const { live } = clusterWith(set)
  const keys = (pod: Pod, old?: Pod): readonly string[] =>
    (
      replicaSetController.watches.Pod?.(
        old === undefined ? { type: 'ADDED', object: pod, old } : { type: 'MODIFIED', object: pod, old },
        live,
      ) ?? []
    ).map(({ key }) => key)
  it.each([
    ['a Pod of its own', aPod('a', { owner: set }), undefined, ['default/front']],
    ['a Pod of a namesake that is gone', aPod('a', { metadata: { ownerReferences: [{ ...ownedBy(set), uid: 'former' }] } }), undefined, []],
    ['an orphan that matches', aPod('a'), undefined, ['default/front']],
    ['an orphan that does not', aPod('a', { labels: { app: 'other' } }), undefined, []],
    ['a Pod that was orphaned', aPod('a'), aPod('a', { owner: set }), ['default/front', 'default/front']],
    ['an orphan that was touched only', { ...aPod('a'), metadata: aPod('a').metadata }, undefined, ['default/front']],
  ])('%s', (_what, pod, old, expected) => {
    expect(keys(pod, old)).toEqual(expected)
  })
})
