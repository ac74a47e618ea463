/** The small clusters in which seeded bugs have to show: each a scenario with a scope that is searched whole or up to a bound. */
import type { JsonObject } from '@statefold/core'
import type { WrittenExpectation, WrittenScenario, WrittenStep } from '../src/format/scenario-codec.js'
import { claims, shortLatencies, smallSet, type PodParts } from '../src/testing/small-set.js'

type Written = Omit<WrittenScenario, 'apiVersion' | 'kind'>
type Search = NonNullable<WrittenScenario['search']>

interface SetParts extends PodParts {
  readonly replicas?: number
  readonly spec?: JsonObject
  readonly claims?: boolean
  readonly storageClass?: string
}

const cluster: NonNullable<WrittenScenario['cluster']> = {
  nodes: 1,
  imagesArePresent: true,
  latencies: { ...shortLatencies, attach: '0s', detach: '0s' },
}

const statefulSet = ({ replicas = 3, spec, claims: hasClaims = false, storageClass, ...pod }: SetParts = {}) =>
  smallSet(replicas, { ...(hasClaims ? { volumeClaimTemplates: claims(storageClass) } : undefined), ...spec }, pod)

const ready = (replicas: number): WrittenExpectation => ({
  eventually: { object: 'statefulset/web', path: 'status.readyReplicas', equals: replicas },
})

interface Parts {
  readonly set?: SetParts
  readonly steps?: readonly WrittenStep[]
  readonly search?: Search
  readonly expect?: readonly WrittenExpectation[]
  readonly cluster?: Partial<NonNullable<WrittenScenario['cluster']>>
  readonly more?: readonly object[]
  /** The set is made by the first step of the search, not before. */
  readonly fromNothing?: boolean
  readonly except?: readonly string[]
}

const order = ['statefulset-controller', 'kubelet']

const situation = ({
  set = {},
  steps = [],
  search = {},
  expect = [],
  cluster: given = {},
  more = [],
  fromNothing = false,
  except = [],
}: Parts): Written => ({
  cluster: { ...cluster, ...given },
  // Objects in code are as YAML would have them.
  manifests: [...(more as never[]), ...(fromNothing ? [] : [statefulSet(set) as never])],
  steps: [{ settle: true }, ...(fromNothing ? [{ apply: [statefulSet(set) as never] }] : []), ...steps],
  search: { order, ...search },
  expect: [...expect],
  invariants: { except: [...except] },
})

/** For runs that are repeated instead of searched. */
const unsearched = (parts: Parts): Written => {
  const { search: _search, ...written } = situation(parts)
  return written
}

const slowPods = [{ controller: 'statefulset-controller', kind: 'Pod', most: 2 }]

export const situations = {
  creation: situation({ fromNothing: true, expect: [ready(3)] }),
  'slow start': situation({
    fromNothing: true,
    set: { container: { readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 }, ports: [{ containerPort: 80 }] }, image: 'slow:1' },
    cluster: { images: [{ images: 'slow:*', answersAfter: '5s', listens: [80] }] },
    expect: [ready(3)],
  }),
  scaling: situation({ steps: [{ scale: { 'statefulset/web': 1 } }, { scale: { 'statefulset/web': 3 } }], expect: [ready(3)] }),
  'scaling with a slow cache': situation({
    steps: [{ scale: { 'statefulset/web': 1 } }, { scale: { 'statefulset/web': 3 } }],
    search: { caches: slowPods },
    expect: [ready(3)],
  }),
  'scaling with a crash': situation({
    set: { claims: true },
    steps: [{ scale: { 'statefulset/web': 1 } }, { scale: { 'statefulset/web': 3 } }],
    search: { crashes: { controllers: ['statefulset-controller'], most: 1 } },
    expect: [ready(3), { eventually: { count: 'pvc', equals: 3 } }],
  }),
  'creation with a crash': situation({
    fromNothing: true,
    set: { claims: true, replicas: 2 },
    search: { crashes: { controllers: ['statefulset-controller'], most: 1 } },
    expect: [ready(2), { eventually: { count: 'pvc', equals: 2 } }],
  }),
  'growing with a deletion': situation({
    set: { replicas: 2 },
    steps: [{ scale: { 'statefulset/web': 3 } }],
    search: { anytime: [{ delete: 'pod/web-0' }] },
    expect: [ready(3)],
  }),
  ordinals: situation({
    fromNothing: true,
    set: { spec: { ordinals: { start: 1 } } },
    expect: [ready(3)],
  }),
  'parallel with a broken Pod': situation({
    fromNothing: true,
    set: { spec: { podManagementPolicy: 'Parallel' }, image: 'nginx:no-such' },
    cluster: { images: [{ images: '*no-such*', unpullable: 'not found' }], imagesArePresent: false },
    expect: [{ eventually: { count: 'pods', equals: 3 } }],
    search: { horizon: '10s' },
  }),
  rollout: situation({
    steps: [{ setImage: { 'statefulset/web': 'nginx:1.28' } }],
    expect: [ready(3), { eventually: { object: 'statefulset/web', path: 'status.updatedReplicas', equals: 3 } }],
  }),
  'rollout with a deletion': situation({
    steps: [{ setImage: { 'statefulset/web': 'nginx:1.28' } }],
    search: { anytime: [{ delete: 'pod/web-0' }] },
    expect: [ready(3)],
  }),
  partition: situation({
    set: { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } } },
    steps: [{ setImage: { 'statefulset/web': 'nginx:1.28' } }],
    search: { anytime: [{ delete: 'pod/web-0' }] },
    expect: [ready(3)],
  }),
  'on delete': situation({
    set: { spec: { updateStrategy: { type: 'OnDelete' } } },
    steps: [{ setImage: { 'statefulset/web': 'nginx:1.28' } }],
    expect: [ready(3)],
  }),
  'parallel rollout of what is broken': situation({
    set: { spec: { podManagementPolicy: 'Parallel' } },
    cluster: { images: [{ images: '*no-such*', unpullable: 'not found' }], imagesArePresent: false },
    steps: [{ setImage: { 'statefulset/web': 'nginx:no-such' } }, { setImage: { 'statefulset/web': 'nginx:1.28' } }],
    search: { horizon: '10s' },
    expect: [ready(3)],
  }),
  'stuck rollout': situation({
    cluster: { images: [{ images: '*no-such*', unpullable: 'not found' }], imagesArePresent: false },
    steps: [{ setImage: { 'statefulset/web': 'nginx:no-such' } }, { setImage: { 'statefulset/web': 'nginx:1.27' } }],
    search: { horizon: '10s' },
    expect: [
      // Known of Kubernetes (issue 67250): somebody has to delete the broken Pod.
      {
        never: {
          all: [
            { object: 'pod/web-2', path: '{.status.containerStatuses[0].state.waiting.reason}', equals: 'ErrImagePull' },
            { object: 'pod/web-2', path: '{.metadata.deletionTimestamp}', matches: '.' },
          ],
        },
      },
    ],
  }),
  'many revisions': situation({
    set: { replicas: 1, spec: { revisionHistoryLimit: 0 } },
    steps: [{ setImage: { 'statefulset/web': 'nginx:1.28' } }, { setImage: { 'statefulset/web': 'nginx:1.29' } }],
    expect: [ready(1), { eventually: { count: 'controllerrevisions', equals: 1 } }],
  }),
  'retention when scaled': situation({
    set: { replicas: 2, claims: true, spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' } } },
    steps: [{ setImage: { 'statefulset/web': 'nginx:1.28' } }],
    search: { order: ['statefulset-controller', 'kubelet', 'garbage-collector-controller'] },
    expect: [ready(2)],
  }),
  'writes that fail': situation({
    fromNothing: true,
    set: { replicas: 2 },
    search: { answers: { controllers: ['statefulset-controller'], are: ['conflict', 'lost-answer', 'internal-error'], most: 1 } },
    expect: [ready(2)],
  }),
  'slow cache of the set': situation({
    set: { replicas: 2 },
    steps: [{ scale: { 'statefulset/web': 1 } }, { scale: { 'statefulset/web': 2 } }],
    search: { caches: [{ controller: 'statefulset-controller', kind: 'StatefulSet', most: 2 }] },
    expect: [ready(2)],
  }),
  'orphaned with a slow cache': situation({
    set: { replicas: 1 },
    steps: [{ delete: { object: 'statefulset/web', cascade: 'orphan' } }],
    search: {
      order: ['statefulset-controller', 'garbage-collector-controller'],
      caches: [{ controller: 'statefulset-controller', kind: 'StatefulSet', most: 4 }],
      anytime: [{ patch: { object: 'pod/web-0', type: 'merge', patch: { metadata: { labels: { touched: 'yes' } } } } }],
    },
    expect: [
      {
        never: {
          all: [
            { object: 'statefulset/web', exists: false },
            { object: 'pod/web-0', path: '{.metadata.ownerReferences}', matches: '.' },
          ],
        },
      },
    ],
  }),
  orphaned: situation({
    set: { replicas: 2 },
    steps: [{ delete: { object: 'statefulset/web', cascade: 'orphan' } }],
    search: { order: ['statefulset-controller', 'kubelet', 'garbage-collector-controller'] },
    expect: [{ eventually: { count: 'pods', equals: 2 } }, { eventually: { object: 'statefulset/web', exists: false } }],
  }),
  'deleted and made again': situation({
    set: { replicas: 1 },
    steps: [{ delete: 'statefulset/web' }, { apply: [statefulSet({ replicas: 1 }) as never] }],
    search: { order: ['statefulset-controller', 'kubelet', 'garbage-collector-controller'] },
    expect: [ready(1)],
  }),
  'forced deletion': situation({
    set: { replicas: 1 },
    search: { anytime: [{ delete: 'pod/web-0' }, { delete: { object: 'pod/web-0', force: true } }] },
    // Two processes of one name at once is what force is for: the property does not count here.
    except: ['stateful-set/at-most-one-pod-per-ordinal'],
    expect: [ready(1)],
  }),
  'forced deletion and a slow kubelet': situation({
    set: { replicas: 1 },
    search: {
      anytime: [{ delete: 'pod/web-0' }, { delete: { object: 'pod/web-0', force: true } }],
      caches: [{ controller: 'kubelet', kind: 'Pod', most: 6 }],
    },
    except: ['stateful-set/at-most-one-pod-per-ordinal'],
  }),
  'creation with a slow cache and a crash': situation({
    fromNothing: true,
    set: { replicas: 2 },
    search: { caches: slowPods, crashes: { controllers: ['statefulset-controller'], most: 1 } },
    expect: [ready(2)],
  }),
  'replica set with a slow cache': {
    ...situation({}),
    manifests: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name: 'web' },
        spec: {
          replicas: 1,
          selector: { matchLabels: { app: 'web' } },
          template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.27' }] } },
        },
      } as never,
    ],
    steps: [{ settle: true }, { scale: { 'replicaset/web': 2 } }],
    search: {
      order: ['replicaset-controller'],
      caches: [{ controller: 'replicaset-controller', kind: 'Pod', most: 8 }],
    },
    expect: [
      { never: { count: 'pods', atLeast: 3 } },
      { eventually: { object: 'replicaset/web', path: 'status.readyReplicas', equals: 2 } },
    ],
  } as Written,
  'lost node': situation({
    set: { replicas: 1 },
    cluster: { nodes: 2, tolerationSeconds: 10, nodeMonitorGracePeriod: '10s' },
    steps: [{ fault: { nodePartition: '{node of web-0}' } }],
    search: { horizon: '2m' },
    expect: [{ eventually: { object: 'pod/web-0', exists: true } }],
  }),
  'small node': situation({
    fromNothing: true,
    set: { replicas: 3, container: { resources: { requests: { cpu: '2' } } } },
    expect: [{ eventually: { object: 'statefulset/web', path: 'status.readyReplicas', equals: 2 } }],
  }),
  'disk that moves': situation({
    set: { replicas: 1, claims: true, storageClass: 'disk' },
    cluster: { nodes: 2, storageClasses: [{ name: 'disk', provisioner: 'ebs.csi.aws.com', volumeBindingMode: 'WaitForFirstConsumer' }] },
    steps: [{ cordon: '{node of web-0}' }, { delete: { object: 'pod/web-0', force: true } }],
    search: { order: ['statefulset-controller', 'kubelet', 'attachdetach-controller'] },
  }),
  'a deletion by hand': situation({
    set: { replicas: 2 },
    search: { anytime: [{ delete: 'pod/web-1' }] },
    expect: [ready(2), { eventually: { not: { object: 'pod/web-1', path: '{.metadata.deletionTimestamp}', matches: '.' } } }],
  }),
  'a deletion by hand and a slow cache': situation({
    set: { replicas: 2 },
    steps: [{ delete: 'pod/web-1' }],
    search: { caches: [{ controller: 'statefulset-controller', kind: 'Pod', most: 4 }] },
    expect: [ready(2)],
  }),
  'creation with a slow cache': situation({
    fromNothing: true,
    set: { replicas: 2 },
    search: { caches: slowPods },
    expect: [ready(2)],
  }),
  'a name that is taken': situation({
    fromNothing: true,
    set: { replicas: 2 },
    more: [
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web-1', labels: { app: 'other' } },
        spec: { containers: [{ name: 'other', image: 'nginx:1.27' }] },
      },
    ],
    steps: [{ delete: { object: 'pod/web-1', force: true } }],
    except: ['stateful-set/at-most-one-pod-per-ordinal'],
    expect: [ready(2)],
  }),
  'deleted in the foreground': situation({
    set: { replicas: 2 },
    steps: [{ delete: { object: 'statefulset/web', cascade: 'foreground' } }],
    search: { order: ['statefulset-controller', 'kubelet', 'garbage-collector-controller'] },
    expect: [{ eventually: { count: 'pods', equals: 0 } }, { eventually: { object: 'statefulset/web', exists: false } }],
  }),
  'scaled down and up, claims go': situation({
    set: { replicas: 2, claims: true, spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' } } },
    steps: [{ scale: { 'statefulset/web': 1 } }, { scale: { 'statefulset/web': 2 } }],
    search: { order: ['statefulset-controller', 'kubelet', 'garbage-collector-controller'] },
    // That web-1 comes back is not expected: no claim event wakes the controller when the stale claim is gone, as in Kubernetes.
    expect: [
      {
        never: {
          all: [
            { object: 'pod/web-1', ready: true },
            { object: 'pvc/www-web-1', path: '{.metadata.deletionTimestamp}', matches: '.' },
            { not: { object: 'pod/web-1', path: '{.metadata.deletionTimestamp}', matches: '.' } },
          ],
        },
      },
    ],
  }),
  drain: situation({
    set: { replicas: 2 },
    cluster: { nodes: 2 },
    more: [
      {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'web' },
        spec: { minAvailable: 2, selector: { matchLabels: { app: 'web' } } },
      },
    ],
    steps: [{ drain: '{node of web-0}' }],
    expect: [ready(2)],
  }),
  'a patch that changes nothing': situation({ set: { replicas: 1 }, steps: [{ scale: { 'statefulset/web': 1 } }], expect: [ready(1)] }),
  'the same history again': unsearched({
    set: { replicas: 2, claims: true },
    cluster: { nodes: 3 },
    steps: [{ delete: 'statefulset/web' }, { settle: true }],
  }),
  'revisions that collide': situation({
    set: { replicas: 1 },
    steps: [{ setImage: { 'statefulset/web': 'nginx:1.28' } }],
    expect: [ready(1), { eventually: { object: 'pod/web-0', path: '{.spec.containers[0].image}', equals: 'nginx:1.28' } }],
  }),
} satisfies Readonly<Record<string, Written>>

export type SituationName = keyof typeof situations
