/** Each temporal property with a state that breaks it, one that is close and does not, and where there is one the cause in words. */
import { describe, expect, it } from 'vitest'
import type { Node, PersistentVolumeClaim, Pod, PodDisruptionBudget, StatefulSet, StorageClass } from '../../api/generated/types.js'
import type { KubernetesObject } from '../../api/object.js'
import { reduce } from '../../cluster/reduce.js'
import { initialState, withStore, type ClusterState } from '../../cluster/state.js'
import { emptyStore, storeOf } from '../../cluster/store.js'
import { emptyMap, fromEntries, setAt } from '../../kernel/persistent-map.js'
import { emptyQueue, makeEntry, withEntry } from '../../kernel/work-queue.js'
import { recordedClusterSettings } from '../../simulation/default-controllers.js'
import { aClaim, aMember, aRevision, aStatefulSet } from '../../testing/builders.js'
import { aMetadata, aNode, aPod, ownedBy } from '../../testing/workload-builders.js'
import type { TurnSide } from '../observed-turn.js'
import { brokenPromises, overdueIn } from './overdue.js'
import { temporalProperties } from './temporal-properties.js'

const hour = 3_600_000

const oneMachine = reduce(initialState(recordedClusterSettings), { kind: 'MachineAdded', node: 'node-1', address: '10.0.0.1' }, 0).world

const cluster = (objects: readonly KubernetesObject[], rest: Partial<ClusterState> = {}): ClusterState => {
  const kinds = new Map<string, readonly KubernetesObject[]>()
  for (const object of objects) kinds.set(object.kind, [...(kinds.get(object.kind) ?? []), object])
  let state: ClusterState = { ...initialState(recordedClusterSettings), world: oneMachine, ...rest }
  for (const [kind, ofKind] of kinds) state = withStore(state, kind, storeOf(ofKind))
  return state
}

const side = (state: ClusterState, rest: Partial<TurnSide> = {}): TurnSide => ({
  now: hour,
  cluster: state,
  queues: emptyMap(),
  informers: emptyMap(),
  ...rest,
})

const withMetadata = <T extends KubernetesObject>(object: T, metadata: object): T => ({
  ...object,
  metadata: { ...object.metadata, ...metadata },
})

const set = aStatefulSet({ replicas: 2 }, { replicas: 2, observedGeneration: 1 })
const both = [aMember(set, 0), aMember(set, 1)]
const healthy = [set, aRevision(set, 'web-old', 1), ...both]
const updating: StatefulSet = { ...set, status: { ...set.status, updateRevision: 'web-new' } }

const partitioned: StatefulSet = {
  ...updating,
  spec: { ...updating.spec, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } },
}

const claimed = aStatefulSet(
  {
    replicas: 1,
    volumeClaimTemplates: [{ metadata: { name: 'www' }, spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast' } }],
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
  },
  { replicas: 1, observedGeneration: 1 },
)
const pendingClaim: PersistentVolumeClaim = {
  ...aClaim('www-web-0'),
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast' },
}
const boundClaim = aClaim('www-web-0', {}, 'pv-1')
const unplaced = aMember(claimed, 0, { node: '', phase: 'Pending', ready: false })
const fast: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: aMetadata('StorageClass', 'fast', { namespace: '' }),
  provisioner: 'nobody.example.com',
}
const nobodyProvisions: ClusterState['waiting'] = fromEntries([
  [
    'external-provisioner claim default/www-web-0',
    [{ kind: 'ProvisionerMissing', on: 'www-web-0', because: 'no provisioner nobody.example.com is running' }],
  ],
])

const lost: Node = { ...aNode('node-1'), status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }
const terminating = (ordinal: number, finalizers?: readonly string[]): Pod =>
  withMetadata(aMember(set, ordinal, { terminating: true }), finalizers === undefined ? {} : { finalizers })
const budget = (currentHealthy: number, disruptionsAllowed: number): PodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: aMetadata('PodDisruptionBudget', 'web'),
  spec: { selector: { matchLabels: { app: 'web' } } },
  status: { disruptionsAllowed, currentHealthy, desiredHealthy: 1, expectedPods: 2, observedGeneration: 1 },
})
const queued = (entry: { readonly dueAt?: number; readonly failures?: number }): TurnSide['queues'] =>
  fromEntries([
    [
      'statefulset-controller',
      withEntry(emptyQueue, 'default/web', makeEntry(entry.dueAt, undefined, undefined, undefined, entry.failures, undefined, undefined)),
    ],
  ])
const underway = (dueAt: number): TurnSide['informers'] =>
  fromEntries([
    [
      'statefulset-controller Pod',
      { seen: emptyStore, underway: [{ dueAt, kind: 'Pod', key: 'default/web-0', store: emptyStore, rv: 201, seq: 1 }] },
    ],
  ])

interface Case {
  readonly says: string
  readonly breaks: TurnSide
  readonly holds: TurnSide
}

const cases: Readonly<Record<string, Case>> = {
  'eventually/stateful-sets-match': {
    says: 'web-1 does not exist',
    breaks: side(cluster([set, aMember(set, 0)])),
    holds: side(cluster(healthy)),
  },
  'eventually/scale-up-ends-ready': {
    says: 'web-1 is Running and not Ready',
    breaks: side(cluster([set, aMember(set, 0), aMember(set, 1, { ready: false })])),
    holds: side(cluster(healthy)),
  },
  'eventually/scale-down-ends-gone': {
    says: 'web-2 exists; expected 2 replicas from 0',
    breaks: side(cluster([...healthy, aMember(set, 2)])),
    holds: side(cluster(healthy)),
  },
  'eventually/rollouts-complete': {
    says: 'web-0 has an old template; expected that of the set',
    breaks: side(cluster([updating, aMember(set, 0), aMember(set, 1, { revision: 'web-new' })])),
    holds: side(cluster([partitioned, aMember(set, 0), aMember(set, 1, { revision: 'web-new' })])),
  },
  'eventually/only-broken-pods-stop-rollouts': {
    says: 'web-0 kept an old template although every Pod is available',
    breaks: side(cluster([updating, aMember(set, 0), aMember(set, 1, { revision: 'web-new' })])),
    holds: side(cluster([updating, aMember(set, 0), aMember(set, 1, { revision: 'web-new', ready: false })])),
  },
  'eventually/lost-nodes-are-left': {
    says: 'web-0 is on node-1, which is lost; expected it to be told to go',
    breaks: side(cluster([lost, set, aMember(set, 0)])),
    holds: side(cluster([lost, set, terminating(0)])),
  },
  'eventually/deletions-end': {
    says: 'web-1 is to be deleted; expected it to be gone',
    breaks: side(cluster([set, aMember(set, 0), terminating(1)])),
    // A claim in use may stay as long as it is used.
    holds: side(
      cluster([
        claimed,
        aMember(claimed, 0),
        withMetadata(boundClaim, { deletionTimestamp: '2026-01-01T00:01:00Z', finalizers: ['kubernetes.io/pvc-protection'] }),
      ]),
    ),
  },
  'eventually/retention-is-applied': {
    says: 'claim www-web-0 is not tied to the life of the set; expected whenDeleted: Delete to be applied',
    breaks: side(cluster([claimed, aMember(claimed, 0), boundClaim])),
    holds: side(cluster([claimed, aMember(claimed, 0), withMetadata(boundClaim, { ownerReferences: [ownedBy(claimed)] })])),
  },
  'eventually/failures-end': {
    says: 'statefulset-controller has failed 12 times in a row at default/web',
    breaks: side(cluster(healthy), { queues: queued({ failures: 12, dueAt: 2 * hour }) }),
    holds: side(cluster(healthy), { queues: queued({ dueAt: 2 * hour }) }),
  },
  'eventually/caches-catch-up': {
    says: 'statefulset-controller Pod has not heard of 1 writes that were due',
    breaks: side(cluster(healthy), { informers: underway(hour - 1) }),
    holds: side(cluster(healthy), { informers: underway(hour + 1) }),
  },
  'eventually/specs-are-observed': {
    says: 'web says observedGeneration 1; expected 2',
    breaks: side(cluster([withMetadata(set, { generation: 2 }), ...both])),
    holds: side(cluster(healthy)),
  },
  'eventually/ready-keys-get-their-turn': {
    says: `statefulset-controller was to look at default/web at ${hour - 1} ms and has not`,
    breaks: side(cluster(healthy), { queues: queued({ dueAt: hour - 1 }) }),
    holds: side(cluster(healthy, { stopped: setAt(emptyMap<true>(), 'statefulset-controller', true) }), {
      queues: queued({ dueAt: hour - 1 }),
    }),
  },
  'eventually/budgets-follow-their-pods': {
    says: 'web counts 1 healthy Pods and allows 0 disruptions; expected 2 healthy, 1 of them needed',
    breaks: side(cluster([...healthy, budget(1, 0)])),
    holds: side(cluster([...healthy, budget(2, 1)])),
  },
}

describe.each(temporalProperties.map((property) => [property.name, property] as const))('%s', (name, property) => {
  const known = cases[name]
  it('is broken by a state, and nobody can say why', () => {
    if (known === undefined) throw new Error('no state here breaks it')
    const overdue = overdueIn(known.breaks, hour, [property])
    expect(overdue.map(({ message }) => message)).toContain(known.says)
    expect(brokenPromises(overdue)).toEqual(overdue)
  })

  it('holds in one that is close', () => {
    if (known === undefined) throw new Error('no state here')
    expect(overdueIn(known.holds, hour, [property])).toEqual([])
  })

  it('is not judged before its time', () => {
    if (known === undefined) throw new Error('no state here')
    expect(overdueIn(known.breaks, property.withinMs - 1, [property])).toEqual([])
  })
})

it('every state of this file is of a property', () => {
  expect(new Set(Object.keys(cases))).toEqual(new Set(temporalProperties.map(({ name }) => name)))
})

it('does not blame a budget for what it cannot hear of, nor for Pods that nobody expects', () => {
  const budgets = temporalProperties.filter(({ name }) => name === 'eventually/budgets-follow-their-pods')
  const owedBy = (objects: readonly KubernetesObject[]): number => overdueIn(side(cluster(objects)), hour, budgets).length
  expect(owedBy([...healthy, budget(3, 2)])).toBe(0)
  expect(owedBy([...healthy, budget(1, 1)])).toBe(1)
  const nobodysPods = budget(2, 0)
  expect(owedBy([...healthy, { ...nobodysPods, status: { ...nobodysPods.status, expectedPods: 0 } } as KubernetesObject])).toBe(0)
  expect(owedBy([...healthy, nobodysPods])).toBe(1)
})

describe('the cause', () => {
  const causeIn = (state: ClusterState, of: string): string | undefined =>
    overdueIn(side(state), hour).find((each) => each.of === of)?.cause

  it('goes from the Pod to its claim, from the claim to its class, and ends where nobody acts', () => {
    const state = cluster([claimed, unplaced, pendingClaim, fast], { waiting: nobodyProvisions })
    expect(causeIn(state, 'Pod default/web-0')).toBe(
      'web-0 waits for www-web-0, which waits for a volume of class fast; nothing provisions that class: no provisioner nobody.example.com is running',
    )
    expect(causeIn(cluster([claimed, unplaced, pendingClaim]), 'Pod default/web-0')).toBe(
      'web-0 waits for www-web-0, which waits for a volume of class fast; that class does not exist',
    )
  })

  it('is that of the first Pod that holds up the others', () => {
    const held = cluster([aStatefulSet({ replicas: 3 }), aMember(set, 0), aMember(set, 1, { node: 'node-1', terminating: true }), lost], {
      world: reduce(
        reduce(initialState(recordedClusterSettings), { kind: 'MachineAdded', node: 'node-1', address: '10.0.0.1' }, 0),
        { kind: 'NodePartitioned', node: 'node-1' },
        0,
      ).world,
    })
    expect(causeIn(held, 'StatefulSet default/web')).toBe(
      'web waits for web-1, which waits for node node-1; it is cut off from the control plane',
    )
  })

  it('names a container that cannot run, a name that is taken, and a finalizer', () => {
    const waiting = {
      name: 'nginx',
      ready: false,
      restartCount: 0,
      image: 'x',
      imageID: '',
      state: { waiting: { reason: 'ErrImagePull', message: 'not found' } },
    }
    const broken = aMember(set, 1, { ready: false, phase: 'Pending', status: { containerStatuses: [waiting] } })
    expect(causeIn(cluster([set, aMember(set, 0), broken]), 'Pod default/web-1')).toBe(
      'web-1 waits for its containers; container nginx: ErrImagePull (not found)',
    )
    expect(causeIn(cluster([set, aPod('web-0')]), 'StatefulSet default/web')).toBe(
      'web waits for the name web-0; a Pod of nobody has it, and the set cannot create its own until that is gone',
    )
    expect(causeIn(cluster([set, aMember(set, 0), terminating(1, ['example.com/backup'])]), 'Pod default/web-1')).toBe(
      'web-1 waits for its end; it is held by example.com/backup',
    )
  })

  it('is the claim of the former Pod, for which a set waits without hearing of it', () => {
    const because = 'web-1 is not created while its claim www-web-1 still belongs to the former web-1'
    const waiting: ClusterState['waiting'] = fromEntries([
      ['statefulset-controller default/web', [{ kind: 'ClaimStale', on: 'default/web-1', because }]],
    ])
    expect(causeIn(cluster([set, aMember(set, 0)], { waiting }), 'StatefulSet default/web')).toBe(
      `web waits for the claims of the former web-1; ${because}`,
    )
  })

  it('is a Pod that was not yet available when a set was last looked at', () => {
    const because = 'web-1 is to be removed, but it is not available yet, and neither is web-0 below it'
    const waiting: ClusterState['waiting'] = fromEntries([
      ['statefulset-controller default/web', [{ kind: 'PodNotAvailable', on: 'default/web-0', because }]],
    ])
    const removing = aStatefulSet({ replicas: 0, minReadySeconds: 4 })
    expect(causeIn(cluster([removing, aMember(removing, 0)], { waiting }), 'StatefulSet default/web')).toBe(
      `web waits for the availability of web-0; ${because}`,
    )
  })

  it('is the machinery when a controller is down', () => {
    const down = cluster([set], { stopped: setAt(emptyMap<true>(), 'statefulset-controller', true) })
    expect(causeIn(down, 'StatefulSet default/web')).toBe('statefulset-controller has crashed and does not run')
  })
})
