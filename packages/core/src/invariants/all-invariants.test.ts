/** Each invariant with a history that breaks it, and one that is close and does not. */
import { describe, expect, it } from 'vitest'
import type { PodDisruptionBudget, StatefulSet } from '../api/generated/types.js'
import { emptyMap, setAt } from '../kernel/persistent-map.js'
import { aClaim, aMember, aRevision, aStatefulSet, aVolume } from '../testing/builders.js'
import { changed, created, observe, removed, type Scene } from '../testing/observe.js'
import { aMetadata, aNode, aPod, ownedBy } from '../testing/workload-builders.js'
import { allInvariants, alwaysInvariants } from './all-invariants.js'
import { allMarks } from './marks/all-marks.js'

const controller = 'statefulset-controller'
const collector = 'garbage-collector-controller'
const scheduler = 'default-scheduler'

interface Case {
  /** A part of the message. */
  readonly says: string
  readonly breaks: Scene
  readonly holds: Scene
}

const set = aStatefulSet()
const old = aRevision(set, 'web-old', 1)
const next = aRevision(set, 'web-new', 2)
const member = (ordinal: number, shape: Parameters<typeof aMember>[2] = {}) => aMember(set, ordinal, shape)
const three = [member(0), member(1), member(2)]
const terminating = <T extends Parameters<typeof changed>[1]>(object: T): T => ({
  ...object,
  metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:02:00Z', deletionGracePeriodSeconds: 30 },
})
const deletes = (pod: Parameters<typeof changed>[1]) => changed('PodDeletionRequested', pod, terminating(pod))
const withSpec = (spec: Partial<StatefulSet['spec']>): StatefulSet => aStatefulSet(spec)
const withStatus = (status: Partial<StatefulSet['status']>): StatefulSet => ({ ...set, status: { ...set.status, ...status } })
const withMetadata = <T extends Parameters<typeof changed>[1]>(object: T, metadata: object): T => ({
  ...object,
  metadata: { ...object.metadata, ...metadata },
})

const runs = (podUid: string, node: string) =>
  [
    {
      kind: 'SandboxCreated',
      podUid,
      namespace: 'default',
      name: 'web-1',
      node,
      address: podUid === 'a' ? '10.0.0.1' : '10.0.0.2',
      readyAt: 0,
    },
    { kind: 'ContainerCreated', podUid, container: 'main', image: 'nginx', startsAt: 0 },
    { kind: 'ContainerStarted', podUid, container: 'main' },
  ] as const
const machines = ['node-1', 'node-2'].map((node) => ({ kind: 'MachineAdded', node, address: node }) as const)

const budget = (disruptionsAllowed: number): PodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: aMetadata('PodDisruptionBudget', 'web'),
  spec: { selector: { matchLabels: { app: 'web' } } },
  status: { disruptionsAllowed, currentHealthy: 2, desiredHealthy: 2, expectedPods: 3 },
})

const claimed = aStatefulSet({ volumeClaimTemplates: [{ metadata: { name: 'www' }, spec: { accessModes: ['ReadWriteOnce'] } }] })
const claim = aClaim('www-web-2', { uid: 'claim-2' })
const owned = (owner: Parameters<typeof ownedBy>[0]) => withMetadata(claim, { ownerReferences: [ownedBy(owner)] })

const zoned = (name: string, zone: string, spec: Parameters<typeof aNode>[1] = {}) =>
  aNode(name, spec, { labels: { 'topology.kubernetes.io/zone': zone, 'kubernetes.io/hostname': name } })
const zones = [zoned('node-1', 'a'), zoned('node-2', 'b'), zoned('node-3', 'b')]
type PodSpec = NonNullable<NonNullable<Parameters<typeof aPod>[1]>['spec']>
const apart: PodSpec = {
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: 'topology.kubernetes.io/zone', labelSelector: { matchLabels: { app: 'nginx' } } },
      ],
    },
  },
}
const spread: PodSpec = {
  topologySpreadConstraints: [
    {
      topologyKey: 'topology.kubernetes.io/zone',
      maxSkew: 1,
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { app: 'nginx' } },
    },
  ],
}
/** The scheduler binds web-1 to the node, with these nodes and Pods around. */
const binds = (nodeName: string, spec: PodSpec, others: NonNullable<Scene['stored']>): Scene => {
  const waiting = aPod('web-1', { node: '', spec })
  return {
    stored: [...others, waiting],
    by: scheduler,
    event: changed('PodScheduled', waiting, aPod('web-1', { node: nodeName, spec })),
  }
}
const crashLoop = (at: number): Scene => ({
  world: [
    ...machines,
    ...runs('a', 'node-1'),
    { kind: 'ContainerExited', podUid: 'a', container: 'main', exitCode: 1, reason: 'Error' },
    { kind: 'ContainerCreated', podUid: 'a', container: 'main', image: 'nginx', startsAt: 0 },
    { kind: 'ContainerStarted', podUid: 'a', container: 'main' },
    { kind: 'ContainerExited', podUid: 'a', container: 'main', exitCode: 1, reason: 'Error' },
  ],
  event: { kind: 'ContainerCreated', podUid: 'a', container: 'main', image: 'nginx', startsAt: at },
  by: 'kubelet',
  at,
  profile: 'kubelet',
})
const replaces = (resourceVersion: string): Scene => ({
  stored: [set],
  command: { kind: 'ReplaceObject', object: withMetadata(withSpec({ replicas: 5 }), { resourceVersion }) },
  event: changed('StatefulSetScaled', set, withMetadata(withSpec({ replicas: 5 }), { generation: 2 })),
})

const cases: Readonly<Record<string, Case>> = {
  'stateful-set/identity-is-consistent': {
    says: 'was made with the label apps.kubernetes.io/pod-index "1"; expected "2"',
    breaks: { stored: [set], by: controller, event: created(aMember(set, 2, { labels: { 'apps.kubernetes.io/pod-index': '1' } })) },
    holds: { stored: [set], by: controller, event: created(member(2)) },
  },
  'stateful-set/at-most-one-pod-per-ordinal': {
    says: 'two Pods run as default/web-1: a on node-1 (cut off, still running) and b on node-2; expected at most one',
    breaks: {
      world: [...machines, ...runs('a', 'node-1'), { kind: 'NodePartitioned', node: 'node-1' }, ...runs('b', 'node-2').slice(0, 2)],
      event: { kind: 'ContainerStarted', podUid: 'b', container: 'main' },
      by: 'kubelet',
    },
    holds: {
      world: [...machines, ...runs('a', 'node-1'), { kind: 'NodeCrashed', node: 'node-1' }, ...runs('b', 'node-2').slice(0, 2)],
      event: { kind: 'ContainerStarted', podUid: 'b', container: 'main' },
      by: 'kubelet',
    },
  },
  'stateful-set/creates-only-wanted-ordinals': {
    says: 'web-3 of StatefulSet default/web was created; expected ordinals 0 to 2 only',
    breaks: { stored: [set, ...three], by: controller, event: created(member(3)) },
    holds: { stored: [set, member(0), member(1)], by: controller, event: created(member(2)) },
  },
  'stateful-set/creates-in-order': {
    says: 'web-2 of StatefulSet default/web was created while web-1 is terminating',
    breaks: { stored: [set, member(0), member(1, { terminating: true })], by: controller, event: created(member(2)) },
    // The cache does not show the deletion yet: what the controller saw is in order.
    holds: {
      stored: [set, member(0), member(1, { terminating: true })],
      seen: [set, member(0), member(1)],
      by: controller,
      event: created(member(2)),
    },
  },
  'stateful-set/scales-down-in-order': {
    says: 'while web-4 still existed',
    breaks: { stored: [set, ...three, member(3), member(4)], by: controller, event: deletes(member(3)) },
    holds: { stored: [set, ...three, member(3), member(4)], by: controller, event: deletes(member(4)) },
  },
  'stateful-set/deletes-only-for-a-reason': {
    says: 'expected it to stay: it is in the range, Running, and at the newest revision',
    breaks: { stored: [set, old, ...three], by: controller, event: deletes(member(1)) },
    holds: { stored: [set, old, next, ...three], by: controller, event: deletes(member(2)) },
  },
  'stateful-set/touches-only-its-own-pods': {
    says: 'which is controlled by ReplicaSet front',
    breaks: {
      stored: [set, aPod('web-1', { owner: withMetadata({ ...set, kind: 'ReplicaSet' }, { name: 'front' }) })],
      by: controller,
      event: deletes(aPod('web-1', { owner: withMetadata({ ...set, kind: 'ReplicaSet' }, { name: 'front' }) })),
    },
    holds: { stored: [set, ...three], by: controller, event: deletes(member(1)) },
  },
  'stateful-set/pods-mount-their-own-claims': {
    says: 'was created with the claim "www-web-0" in its volume www; expected www-web-1',
    breaks: {
      stored: [claimed],
      by: controller,
      event: created(aMember(claimed, 1, { spec: { volumes: [{ name: 'www', persistentVolumeClaim: { claimName: 'www-web-0' } }] } })),
    },
    holds: { stored: [claimed], by: controller, event: created(aMember(claimed, 1)) },
  },
  'stateful-set/pods-have-known-revisions': {
    says: 'was created at revision "web-older"; expected web-old',
    breaks: { stored: [set, old], by: controller, event: created(member(0, { revision: 'web-older' })) },
    holds: { stored: [set, old, next], by: controller, event: created(member(0, { revision: 'web-new' })) },
  },
  'stateful-set/partition-is-respected': {
    says: 'expected it to stay, for it is below the partition 2',
    breaks: {
      stored: [withSpec({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } }), old, next, ...three],
      by: controller,
      event: deletes(member(1)),
    },
    holds: {
      stored: [withSpec({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } }), old, next, ...three],
      by: controller,
      event: deletes(member(2)),
    },
  },
  'stateful-set/updates-from-the-highest-ordinal': {
    says: 'was deleted for the update before web-2',
    breaks: { stored: [set, old, next, ...three], by: controller, event: deletes(member(1)) },
    holds: {
      stored: [set, old, next, member(0), member(1), member(2, { revision: 'web-new' })],
      by: controller,
      event: deletes(member(1)),
    },
  },
  'stateful-set/keeps-pods-available': {
    says: 'was deleted for the update while web-2 was unavailable; expected at most 1',
    breaks: {
      stored: [set, old, next, member(0), member(1), member(2, { revision: 'web-new', ready: false })],
      by: controller,
      event: deletes(member(1)),
    },
    holds: {
      stored: [set, old, next, member(0), member(1, { ready: false }), member(2, { revision: 'web-new' })],
      by: controller,
      event: deletes(member(1, { ready: false })),
    },
  },
  'stateful-set/on-delete-leaves-pods': {
    says: 'expected it to keep its template until somebody deletes it (OnDelete)',
    breaks: {
      stored: [withSpec({ updateStrategy: { type: 'OnDelete' } }), old, next, ...three],
      by: controller,
      event: deletes(member(2)),
    },
    holds: { stored: [withSpec({ updateStrategy: { type: 'OnDelete' } }), old, next, ...three], event: deletes(member(2)) },
  },
  'stateful-set/rollout-ends-when-complete': {
    says: 'ended with 2 updated, 3 ready and 3 Pods in all; expected 3 of each',
    breaks: {
      stored: [withStatus({ updateRevision: 'web-new', updatedReplicas: 1 }), old, next],
      by: controller,
      event: changed(
        'StatefulSetRolloutCompleted',
        withStatus({ updateRevision: 'web-new', updatedReplicas: 1 }),
        withStatus({ currentRevision: 'web-new', updateRevision: 'web-new', updatedReplicas: 2, readyReplicas: 3 }),
      ),
    },
    holds: {
      stored: [withStatus({ updateRevision: 'web-new', updatedReplicas: 1 }), old, next],
      by: controller,
      event: changed(
        'StatefulSetRolloutCompleted',
        withStatus({ updateRevision: 'web-new', updatedReplicas: 1 }),
        withStatus({ currentRevision: 'web-new', updateRevision: 'web-new', updatedReplicas: 3, readyReplicas: 3 }),
      ),
    },
  },
  'stateful-set/revisions-are-distinct': {
    says: 'holds the same template as web-old',
    breaks: { stored: [set, old], by: controller, event: created(aRevision(set, 'web-twin', 2, 'web-old')) },
    holds: { stored: [set, old], by: controller, event: created(next) },
  },
  'stateful-set/live-revisions-are-kept': {
    says: 'expected it to stay: web-2 was made from it',
    breaks: { stored: [set, old, next, member(2, { revision: 'web-new' })], by: controller, event: removed(next) },
    holds: { stored: [set, old, next, ...three], by: controller, event: removed(next) },
  },
  'claims/claims-outlive-pods': {
    says: 'expected it never to delete claims',
    breaks: { stored: [set, claim], by: controller, event: removed(claim) },
    holds: { stored: [set, owned(member(2))], by: collector, event: removed(owned(member(2))) },
  },
  'claims/retention-policy-is-obeyed': {
    says: 'expected no owner: whenDeleted is Retain',
    breaks: { stored: [set, claim], by: controller, event: changed('ClaimChanged', claim, owned(set)) },
    holds: {
      stored: [withSpec({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' } }), claim],
      by: controller,
      event: changed('ClaimChanged', claim, owned(set)),
    },
  },
  'claims/claims-in-use-stay': {
    says: 'was removed while web-2 on node-1 uses it',
    breaks: { stored: [claimed, aMember(claimed, 2), claim], by: 'pvc-protection-controller', event: removed(claim) },
    holds: { stored: [claimed, aMember(claimed, 2, { node: '' }), claim], by: 'pvc-protection-controller', event: removed(claim) },
  },
  'claims/one-volume-one-claim': {
    says: 'became Bound to pv-1, which belongs to www-web-1; expected the volume to name the claim',
    breaks: {
      stored: [claim, aVolume('pv-1', aClaim('www-web-1'))],
      by: 'persistentvolume-controller',
      event: changed('ClaimBound', claim, aClaim('www-web-2', { uid: 'claim-2' }, 'pv-1')),
    },
    holds: {
      stored: [claim, aVolume('pv-1', claim)],
      by: 'persistentvolume-controller',
      event: changed('ClaimBound', claim, aClaim('www-web-2', { uid: 'claim-2' }, 'pv-1')),
    },
  },
  'claims/disks-are-on-one-node': {
    says: 'was attached to node-2 while attached to node-1; expected one node at a time (ReadWriteOnce)',
    breaks: {
      stored: [aVolume('pv-1')],
      world: [...machines, { kind: 'VolumeAttached', volume: 'disk-of-pv-1', node: 'node-1' }],
      event: { kind: 'VolumeAttached', volume: 'disk-of-pv-1', node: 'node-2' },
      by: 'attachdetach-controller',
    },
    holds: {
      stored: [aVolume('pv-1', undefined, { accessModes: ['ReadWriteMany'] })],
      world: [...machines, { kind: 'VolumeAttached', volume: 'disk-of-pv-1', node: 'node-1' }],
      event: { kind: 'VolumeAttached', volume: 'disk-of-pv-1', node: 'node-2' },
      by: 'attachdetach-controller',
    },
  },
  'status/counts-are-nested': {
    says: '2 ready, 3 available',
    breaks: {
      stored: [set],
      by: controller,
      event: changed('StatefulSetStatusChanged', set, withStatus({ readyReplicas: 2, availableReplicas: 3 })),
    },
    holds: {
      stored: [set],
      by: controller,
      event: changed('StatefulSetStatusChanged', set, withStatus({ readyReplicas: 3, availableReplicas: 2 })),
    },
  },
  'status/observed-generation-follows': {
    says: 'says observedGeneration 2 after 0, at generation 1',
    breaks: { stored: [set], by: controller, event: changed('StatefulSetStatusChanged', set, withStatus({ observedGeneration: 2 })) },
    holds: { stored: [set], by: controller, event: changed('StatefulSetStatusChanged', set, withStatus({ observedGeneration: 1 })) },
  },
  'status/stateful-set-counts-its-pods': {
    says: 'expected 3, 2, 2, 3',
    breaks: {
      stored: [set, member(0), member(1), member(2, { ready: false })],
      by: controller,
      event: changed('StatefulSetStatusChanged', set, withStatus({ readyReplicas: 3, availableReplicas: 3, updatedReplicas: 3 })),
    },
    holds: {
      stored: [set, member(0), member(1), member(2, { ready: false })],
      seen: [set, ...three],
      by: controller,
      event: changed('StatefulSetStatusChanged', set, withStatus({ readyReplicas: 3, availableReplicas: 3, updatedReplicas: 3 })),
    },
  },
  'nodes/pods-are-bound-once': {
    says: 'went from node node-1 to node-2',
    breaks: { stored: [member(0)], event: changed('PodChanged', member(0), member(0, { node: 'node-2' })) },
    holds: { stored: [member(0, { node: '' })], event: changed('PodScheduled', member(0, { node: '' }), member(0)) },
  },
  'nodes/nodes-are-not-overbooked': {
    says: 'requests of 3000 milli-CPU; expected at most 2000',
    breaks: bindsWithRequests('1500m'),
    holds: bindsWithRequests('1'),
  },
  'nodes/taints-and-cordons-keep-pods-away': {
    says: 'expected none: the node is cordoned',
    breaks: {
      stored: [aNode('node-1', { unschedulable: true }), member(0, { node: '' })],
      by: scheduler,
      event: changed('PodScheduled', member(0, { node: '' }), member(0)),
    },
    holds: {
      stored: [aNode('node-1', { unschedulable: true }), member(0, { node: '' })],
      seen: [aNode('node-1'), member(0, { node: '' })],
      by: scheduler,
      event: changed('PodScheduled', member(0, { node: '' }), member(0)),
    },
  },
  'nodes/node-selectors-hold': {
    says: 'whose label disk is null; expected "fast"',
    breaks: {
      stored: [aNode('node-1'), aPod('web-0', { node: '', spec: { nodeSelector: { disk: 'fast' } } })],
      by: scheduler,
      event: changed(
        'PodScheduled',
        aPod('web-0', { node: '', spec: { nodeSelector: { disk: 'fast' } } }),
        aPod('web-0', { spec: { nodeSelector: { disk: 'fast' } } }),
      ),
    },
    holds: {
      stored: [aNode('node-1', {}, { labels: { disk: 'fast' } }), aPod('web-0', { node: '', spec: { nodeSelector: { disk: 'fast' } } })],
      by: scheduler,
      event: changed(
        'PodScheduled',
        aPod('web-0', { node: '', spec: { nodeSelector: { disk: 'fast' } } }),
        aPod('web-0', { spec: { nodeSelector: { disk: 'fast' } } }),
      ),
    },
  },
  'nodes/objects-go-after-their-processes': {
    says: 'while its container main runs',
    breaks: {
      stored: [aPod('web-1', { metadata: { uid: 'a' } })],
      world: [...machines, ...runs('a', 'node-1')],
      by: 'kubelet',
      event: removed(aPod('web-1', { metadata: { uid: 'a' } })),
    },
    holds: {
      stored: [aPod('web-1', { metadata: { uid: 'a' } })],
      world: [
        ...machines,
        ...runs('a', 'node-1'),
        { kind: 'ContainerExited', podUid: 'a', container: 'main', exitCode: 0, reason: 'Completed' },
      ],
      by: 'kubelet',
      event: removed(aPod('web-1', { metadata: { uid: 'a' } })),
    },
  },
  'nodes/budgets-are-not-overdrawn': {
    says: 'allows -1 disruptions',
    breaks: { stored: [budget(0)], event: changed('DisruptionBudgetStatusChanged', budget(0), budget(-1)) },
    holds: { stored: [budget(1)], event: changed('DisruptionBudgetStatusChanged', budget(1), budget(0)) },
  },
  'nodes/affinity-holds': {
    says: 'web-0 is in the same topology.kubernetes.io/zone, which its anti-affinity forbids',
    breaks: binds('node-3', apart, [...zones, aPod('web-0', { node: 'node-2' })]),
    holds: binds('node-3', apart, [...zones, aPod('web-0', { node: 'node-1' })]),
  },
  'nodes/spread-holds': {
    says: 'with it topology.kubernetes.io/zone=b has 2 more than the emptiest; expected at most 1',
    breaks: binds('node-3', spread, [...zones, aPod('web-0', { node: 'node-2' })]),
    holds: binds('node-3', spread, [...zones, aPod('web-0', { node: 'node-2' }), aPod('web-2', { node: 'node-1' })]),
  },
  'nodes/pods-wait-for-their-kubelet': {
    says: 'taint-eviction-controller removed web-1 while it runs on node-1',
    breaks: {
      stored: [aPod('web-1', { metadata: { uid: 'a' } })],
      world: [...machines, ...runs('a', 'node-1')],
      by: 'taint-eviction-controller',
      event: removed(aPod('web-1', { metadata: { uid: 'a' } })),
    },
    holds: {
      stored: [aPod('web-1', { metadata: { uid: 'a' } })],
      world: [...machines, ...runs('a', 'node-1')],
      by: 'pod-garbage-collector-controller',
      event: removed(aPod('web-1', { metadata: { uid: 'a' } })),
    },
  },
  'api/stale-writes-are-refused': {
    says: 'which meant resourceVersion 0; expected 1, or a Conflict',
    breaks: replaces('0'),
    holds: replaces('1'),
  },
  'time/containers-back-off': {
    says: 'container main of web-1 was made again at 9000 ms; expected its back-off to last until 10000 ms',
    breaks: crashLoop(9_000),
    holds: crashLoop(10_000),
  },
  'garbage-collection/owned-objects-stay': {
    says: 'which StatefulSet web (uid StatefulSet-web) owns and which exists',
    breaks: { stored: [set, member(0)], by: collector, event: deletes(member(0)) },
    holds: { stored: [withMetadata(set, { uid: 'another' }), member(0)], by: collector, event: deletes(member(0)) },
  },
  'garbage-collection/orphans-are-let-go': {
    says: 'was let go while web-0 still names it as its owner',
    breaks: { stored: [orphaning(set), member(0)], by: collector, event: removed(orphaning(set)) },
    holds: { stored: [orphaning(set), aPod('web-0')], by: collector, event: removed(orphaning(set)) },
  },
  'api/names-are-taken-once': {
    says: 'was created while the one with uid Pod-web-0 still existed',
    breaks: { stored: [member(0)], event: created(member(0, { metadata: { uid: 'another' } })) },
    holds: { stored: [member(0)], event: created(member(1)) },
  },
  'api/uids-are-for-ever': {
    says: 'but Pod web-0 already names it as its owner',
    breaks: { stored: [member(0)], event: created(set) },
    holds: { stored: [member(0)], event: created(withMetadata(set, { uid: 'another' })) },
  },
  'api/resource-versions-increase': {
    says: 'was written at resourceVersion 200; expected more than 200',
    breaks: { stored: [member(0)], event: { kind: 'PodDeleted', object: 'Pod/default/web-0', rv: 200 } },
    holds: { stored: [member(0)], event: { kind: 'PodDeleted', object: 'Pod/default/web-0', rv: 201 } },
  },
  'api/writes-change-something': {
    says: 'changed nothing; expected no write at all',
    breaks: {
      stored: [set],
      event: { kind: 'StatefulSetScaled', object: 'StatefulSet/default/web', rv: 201, set: { '/spec/replicas': 3 } },
    },
    holds: {
      stored: [set],
      event: { kind: 'StatefulSetScaled', object: 'StatefulSet/default/web', rv: 201, set: { '/spec/replicas': 4 } },
    },
  },
  'api/generation-counts-spec-changes': {
    says: 'went from generation 1 to 1 by a write of /spec/replicas; expected 2',
    breaks: {
      stored: [set],
      event: { kind: 'StatefulSetScaled', object: 'StatefulSet/default/web', rv: 201, set: { '/spec/replicas': 4 } },
    },
    holds: {
      stored: [set],
      event: {
        kind: 'StatefulSetScaled',
        object: 'StatefulSet/default/web',
        rv: 201,
        set: { '/spec/replicas': 4, '/metadata/generation': 2 },
      },
    },
  },
  'api/status-writes-keep-the-spec': {
    says: 'touched its status and /spec/replicas',
    breaks: {
      stored: [set],
      by: controller,
      event: {
        kind: 'StatefulSetStatusChanged',
        object: 'StatefulSet/default/web',
        rv: 201,
        set: { '/status/replicas': 1, '/spec/replicas': 4 },
      },
    },
    holds: {
      stored: [set],
      by: controller,
      event: { kind: 'StatefulSetStatusChanged', object: 'StatefulSet/default/web', rv: 201, set: { '/status/replicas': 1 } },
    },
  },
  'api/stateful-set-spec-is-mostly-fixed': {
    says: 'had /spec/serviceName changed by user',
    breaks: { stored: [set], event: changed('StatefulSetChanged', set, withSpec({ serviceName: 'other' })) },
    holds: { stored: [set], event: changed('StatefulSetChanged', set, withSpec({ minReadySeconds: 3 })) },
  },
  'api/deletion-is-one-way': {
    says: 'now it is not being deleted any more',
    breaks: { stored: [terminating(member(0))], event: changed('PodChanged', terminating(member(0)), member(0)) },
    holds: {
      stored: [terminating(member(0))],
      event: changed(
        'PodChanged',
        terminating(member(0)),
        withMetadata(terminating(member(0)), { deletionTimestamp: '2026-01-01T00:01:40Z' }),
      ),
    },
  },
  'api/finalizers-hold-objects': {
    says: 'expected it to stay until they are taken off',
    breaks: {
      stored: [withMetadata(terminating(claim), { finalizers: ['kubernetes.io/pvc-protection'] })],
      by: collector,
      event: removed(claim),
    },
    holds: {
      stored: [withMetadata(terminating(claim), { finalizers: ['kubernetes.io/pvc-protection'] })],
      by: 'pvc-protection-controller',
      event: removed(claim),
    },
  },
  'api/one-controller-each': {
    says: 'is controlled by StatefulSet web and StatefulSet db; expected at most one',
    breaks: {
      event: created(
        aPod('web-0', { metadata: { ownerReferences: [ownedBy(set), ownedBy(withMetadata(set, { name: 'db', uid: 'db' }))] } }),
      ),
    },
    holds: { event: created(member(0)) },
  },
  'api/causes-come-first': {
    says: 'does not say who did it',
    breaks: { event: created(member(0)), by: '' },
    holds: { event: created(member(0)), by: controller },
  },
}

function bindsWithRequests(cpu: string): Scene {
  const spec = { containers: [{ name: 'main', image: 'nginx', resources: { requests: { cpu } } }] }
  const node = aNode('node-1')
  const sized = { ...node, status: { ...node.status, allocatable: { cpu: '2', memory: '1Gi', pods: '10' } } }
  const waiting = aPod('web-1', { node: '', spec })
  return {
    stored: [sized, aPod('web-0', { spec }), waiting],
    by: scheduler,
    event: changed('PodScheduled', waiting, aPod('web-1', { spec })),
  }
}

function orphaning(owner: StatefulSet): StatefulSet {
  return withMetadata(owner, { deletionTimestamp: '2026-01-01T00:02:00Z', finalizers: ['orphan'] })
}

const byEvent = alwaysInvariants.filter(({ concerns }) => concerns.length > 0)

describe.each(byEvent.map((invariant) => [invariant.name, invariant] as const))('%s', (name, invariant) => {
  const known = cases[name]
  it('is broken by a history', () => {
    if (known === undefined) throw new Error('no history here breaks it')
    const observation = observe(known.breaks)
    expect(invariant.concerns).toContain(observation.recorded.event.kind)
    const found = invariant.check(observation)
    expect(found?.message).toContain(known.says)
    expect(found?.invariant).toBe(name)
  })

  it('holds in one that is close', () => {
    if (known === undefined) throw new Error('no history here')
    const observation = observe(known.holds)
    expect(invariant.check(observation)).toBeUndefined()
  })
})

describe('the list of invariants', () => {
  it('names each once, area first, with a promise that is a sentence', () => {
    const names = allInvariants.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { name, promise, concerns, checkTurn } of allInvariants) {
      expect(name).toMatch(/^[a-z-]+\/[a-z-]+$/)
      expect(promise).toMatch(/^[A-Z].*\.$/)
      expect(concerns.length > 0 || checkTurn !== undefined).toBe(true)
    }
  })

  it('has every case of this file', () => {
    expect(new Set(Object.keys(cases))).toEqual(new Set(byEvent.map(({ name }) => name)))
  })

  it('has at least forty marks', () => {
    expect(allMarks.length).toBeGreaterThanOrEqual(40)
  })
})

describe('class F', () => {
  it('is not judged while a cache of the controller lags', () => {
    const invariant = alwaysInvariants.find(({ name }) => name === 'garbage-collection/owned-objects-stay')
    const lagging = { informerLags: setAt(emptyMap<number>(), `${collector} StatefulSet`, 500) }
    expect(
      invariant?.check(observe({ stored: [set, member(0)], by: collector, event: deletes(member(0)), state: lagging })),
    ).toBeUndefined()
  })
})
