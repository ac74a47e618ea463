import { describe, expect, it } from 'vitest'
import type { Deployment, ReplicaSet } from '../../api/generated/types.js'
import { timestampOf } from '../../kernel/sim-time.js'
import { FakeApi } from '../../testing/fake-api.js'
import { aMetadata, aTemplate, ownedBy } from '../../testing/workload-builders.js'
import { replicaSetController } from '../replica-set/controller.js'
import { deploymentController } from './controller.js'
import { annotationsOfNewSet } from './revisions.js'
import { maxSurge, maxUnavailable, newReplicas, proportionalSizes } from './scaling.js'

const aDeployment = (replicas: number, spec: Partial<Deployment['spec']> = {}, status: Deployment['status'] = {}): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: aMetadata('Deployment', 'nginx'),
  spec: {
    replicas,
    progressDeadlineSeconds: 600,
    revisionHistoryLimit: 10,
    selector: { matchLabels: { app: 'nginx' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    template: aTemplate(),
    ...spec,
  },
  status,
})

const aSet = (
  name: string,
  replicas: number,
  shape: {
    readonly image?: string
    readonly annotations?: { readonly [key: string]: string }
    readonly status?: Partial<ReplicaSet['status']>
    readonly age?: number
  } = {},
): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: aMetadata('ReplicaSet', name, {
    labels: { app: 'nginx', 'pod-template-hash': name },
    creationTimestamp: timestampOf(shape.age ?? 0),
    ownerReferences: [ownedBy(aDeployment(0))],
    ...(shape.annotations === undefined ? undefined : { annotations: shape.annotations }),
  }),
  spec: {
    replicas,
    selector: { matchLabels: { app: 'nginx', 'pod-template-hash': name } },
    template: aTemplate(shape.image, { app: 'nginx', 'pod-template-hash': name }),
  },
  status: { replicas, readyReplicas: replicas, availableReplicas: replicas, observedGeneration: 1, ...shape.status },
})

const sync = (api: FakeApi): ReturnType<FakeApi['sync']> => api.sync(deploymentController, 'default/nginx')
const deploymentOf = (api: FakeApi): Deployment => {
  const deployment = api.live.get('Deployment', 'default', 'nginx')
  if (deployment === undefined) throw new Error('there is a Deployment')
  return deployment
}
const setsOf = (api: FakeApi): readonly ReplicaSet[] => api.live.list('ReplicaSet', 'default')

/** `3 3 3 1 -`: replicas, ready, available, updated, unavailable. */
const countsOf = ({ status }: Deployment): string =>
  [status.replicas, status.readyReplicas, status.availableReplicas, status.updatedReplicas, status.unavailableReplicas]
    .map((count) => count ?? '-')
    .join(' ')

/** Lets the controllers and a quick kubelet work until nothing changes; answers the counts that the Deployment went through. */
const settle = (api: FakeApi, kubelet: { readonly starts?: boolean } = {}): readonly string[] => {
  const seen: string[] = [countsOf(deploymentOf(api))]
  const look = (): void => {
    const counts = countsOf(deploymentOf(api))
    if (seen.at(-1) !== counts) seen.push(counts)
  }
  for (let round = 0; round < 60; round += 1) {
    const writes: string[] = []
    // The Deployment is looked at after every change of a ReplicaSet, as its informer would have it.
    const lookAtDeployment = (): void => {
      for (let retry = 0; retry < 4; retry += 1) {
        const observed = sync(api)
        writes.push(...observed.writes)
        look()
        if (observed.writes.length === 0 && observed.outcome.error === undefined) break
      }
    }
    lookAtDeployment()
    for (const { metadata } of setsOf(api)) {
      writes.push(...api.sync(replicaSetController, `default/${metadata.name}`).writes)
      lookAtDeployment()
    }
    if (writes.length > 0) continue
    const terminating = api.live.list('Pod').filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    const starting = api.live.list('Pod').filter(({ status }) => status.phase === 'Pending')
    for (const { metadata } of terminating) api.remove('Pod', metadata.name)
    if (kubelet.starts !== false) {
      for (const pod of starting) {
        api.put({
          ...pod,
          status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: timestampOf(api.now) }] },
        })
      }
    }
    if (terminating.length === 0 && (starting.length === 0 || kubelet.starts === false)) break
  }
  return seen
}

const rolledOut = (replicas: number, spec: Partial<Deployment['spec']> = {}): FakeApi => {
  const api = new FakeApi()
  api.put(aDeployment(replicas, spec))
  settle(api)
  return api
}

const update = (api: FakeApi, change: (spec: Deployment['spec']) => Deployment['spec']): void => {
  api.change('Deployment', 'nginx', (deployment) => ({
    ...deployment,
    metadata: { ...deployment.metadata, generation: (deployment.metadata.generation ?? 0) + 1 },
    spec: change(deployment.spec),
  }))
}

describe('a new Deployment', () => {
  it('makes its ReplicaSet, tells of it in its conditions, and is refused a second status in the same sync', () => {
    const api = new FakeApi()
    api.put(aDeployment(3))
    const first = sync(api)
    const [set] = setsOf(api)
    expect(first).toMatchObject({
      writes: [`create ReplicaSet ${set?.metadata.name}`, 'write status of Deployment nginx', 'write status of Deployment nginx'],
      events: [`Normal ScalingReplicaSet Scaled up replica set ${set?.metadata.name} from 0 to 3`],
      outcome: { error: { reason: 'Conflict' } },
    })
    expect(set?.metadata).toMatchObject({
      annotations: {
        'deployment.kubernetes.io/desired-replicas': '3',
        'deployment.kubernetes.io/max-replicas': '4',
        'deployment.kubernetes.io/revision': '1',
      },
      labels: { app: 'nginx', 'pod-template-hash': set?.metadata.name.slice('nginx-'.length) },
    })
    expect(deploymentOf(api)).toMatchObject({
      metadata: { annotations: { 'deployment.kubernetes.io/revision': '1' } },
      status: {
        conditions: [{ type: 'Progressing', reason: 'NewReplicaSetCreated', message: `Created new replica set "${set?.metadata.name}"` }],
      },
    })
    sync(api)
    expect(deploymentOf(api).status).toMatchObject({ observedGeneration: 1, unavailableReplicas: 3, terminatingReplicas: 0 })
    expect(deploymentOf(api).status.conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'Progressing True',
      'Available False',
    ])
  })

  it('ends available and progressed', () => {
    const api = rolledOut(3)
    expect(deploymentOf(api).status.conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual([
      'Available True MinimumReplicasAvailable',
      'Progressing True NewReplicaSetAvailable',
    ])
    expect(sync(api).writes).toEqual([])
  })
})

describe('a rolling update', () => {
  it('of three replicas goes through the recorded counts', () => {
    const api = rolledOut(3)
    update(api, (spec) => ({ ...spec, template: aTemplate('nginx:1.28') }))
    expect(settle(api).slice(1)).toEqual([
      '3 3 3 - 1',
      '4 3 3 1 1',
      '4 4 4 1 -',
      '3 3 3 1 1',
      '4 3 3 2 1',
      '4 4 4 2 -',
      '3 3 3 2 1',
      '4 3 3 3 1',
      '4 4 4 3 -',
      '3 3 3 3 -',
    ])
  })

  it('back to an old template gives the old ReplicaSet the newest number', () => {
    const api = rolledOut(3)
    update(api, (spec) => ({ ...spec, template: aTemplate('nginx:1.28') }))
    settle(api)
    update(api, (spec) => ({ ...spec, template: aTemplate('nginx:1.27') }))
    settle(api)
    expect(setsOf(api)).toHaveLength(2)
    const current = setsOf(api).find(({ spec }) => spec.replicas === 3)
    expect(current?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    })
    expect(deploymentOf(api).metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '3' })
  })

  it('whose Pods do not start keeps the old ones and is late after its deadline', () => {
    const api = rolledOut(4)
    update(api, (spec) => ({ ...spec, template: aTemplate('nginx:no-such') }))
    settle(api, { starts: false })
    expect(
      setsOf(api)
        .map(({ spec }) => spec.replicas)
        .sort((one = 0, other = 0) => one - other),
    ).toEqual([2, 3])
    const { requeueAfterMs } = sync(api).outcome
    expect(requeueAfterMs).toBe(601_000)
    api.now = 601_000
    sync(api)
    expect(deploymentOf(api).status.conditions?.find(({ type }) => type === 'Progressing')).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
    })
  })

  it('keeps no more old ReplicaSets than the limit', () => {
    const api = rolledOut(1, { revisionHistoryLimit: 1 })
    for (const version of ['1.28', '1.29', '1.30']) {
      update(api, (spec) => ({ ...spec, template: aTemplate(`nginx:${version}`) }))
      settle(api)
    }
    expect(
      setsOf(api)
        .map(({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision'])
        .sort((one = '', other = '') => (one < other ? -1 : 1)),
    ).toEqual(['3', '4'])
  })
})

describe('a Deployment that recreates', () => {
  it('makes the new ReplicaSet when no old Pod runs any more', () => {
    const api = rolledOut(2, { strategy: { type: 'Recreate' } })
    update(api, (spec) => ({ ...spec, template: aTemplate('nginx:1.28') }))
    sync(api)
    const [old] = setsOf(api)
    expect([setsOf(api).length, old?.spec.replicas]).toEqual([1, 0])
    api.sync(replicaSetController, `default/${old?.metadata.name}`)
    api.sync(replicaSetController, `default/${old?.metadata.name}`)
    expect(sync(api).outcome.waitingFor).toMatchObject([{ kind: 'OldPodRunning' }, { kind: 'OldPodRunning' }])
    for (const name of api.podNames()) api.change('Pod', name, (pod) => ({ ...pod, status: { ...pod.status, phase: 'Succeeded' } }))
    sync(api)
    expect(
      setsOf(api)
        .map(({ spec }) => spec.replicas)
        .sort((one = 0, other = 0) => one - other),
    ).toEqual([0, 2])
  })
})

describe('a paused Deployment', () => {
  it('is scaled but not rolled out, and its deadline does not run', () => {
    const api = rolledOut(3)
    update(api, (spec) => ({ ...spec, paused: true, replicas: 5, template: aTemplate('nginx:1.28') }))
    settle(api)
    expect(setsOf(api).map(({ spec }) => spec.replicas)).toEqual([5])
    expect(deploymentOf(api).status.conditions?.find(({ type }) => type === 'Progressing')).toMatchObject({
      status: 'Unknown',
      message: 'Deployment is paused',
    })
    update(api, (spec) => ({ ...spec, paused: false }))
    sync(api)
    expect(deploymentOf(api).status.conditions?.find(({ type }) => type === 'Progressing')?.message).toMatch(
      /Deployment is resumed|Created new replica set/,
    )
  })
})

describe('scaling', () => {
  it('takes nothing more from an old ReplicaSet that has not caught up with its last reduction', () => {
    const api = new FakeApi()
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } as const
    const annotations = { 'deployment.kubernetes.io/desired-replicas': '4', 'deployment.kubernetes.io/max-replicas': '5' }
    api.put(aDeployment(4, { strategy, template: aTemplate('nginx:1.28') }))
    // Asked for four, it still reports eight.
    const status = { replicas: 8, readyReplicas: 8, availableReplicas: 8 }
    api.put(aSet('old', 4, { image: 'nginx:1.27', annotations, status }))
    api.put(aSet('new', 2, { image: 'nginx:1.28', annotations, age: 1, status: { readyReplicas: 2, availableReplicas: 2 } }))
    sync(api)
    expect(setsOf(api).find(({ metadata }) => metadata.name === 'old')?.spec.replicas).toBe(4)
  })

  it('outside a rollout is one write with both annotations', () => {
    const api = rolledOut(3)
    update(api, (spec) => ({ ...spec, replicas: 5 }))
    expect(sync(api).writes).toMatchObject([expect.stringContaining('replace ReplicaSet'), 'write status of Deployment nginx'])
    expect(setsOf(api)[0]?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/desired-replicas': '5',
      'deployment.kubernetes.io/max-replicas': '7',
    })
  })

  const rows: readonly (readonly [number, readonly (readonly [number, number])[], readonly number[]])[] = [
    // wanted, [replicas, annotated max] of each ReplicaSet → new sizes
    [
      20,
      [
        [8, 13],
        [5, 13],
      ],
      [15, 10],
    ],
    [
      5,
      [
        [8, 13],
        [5, 13],
      ],
      [4, 3],
    ],
    [
      0,
      [
        [8, 13],
        [5, 13],
      ],
      [0, 0],
    ],
    [
      15,
      [
        [10, 13],
        [2, 13],
        [1, 13],
      ],
      [15, 3, 1],
    ],
    [
      10,
      [
        [5, 13],
        [5, 13],
        [3, 13],
      ],
      [5, 5, 3],
    ],
  ]
  it.each(rows)('in the midst of a rollout to %i gives each its share', (wanted, sets, expected) => {
    const deployment = aDeployment(wanted)
    const active = sets.map(([replicas, max], index) =>
      aSet(`s${index}`, replicas, { annotations: { 'deployment.kubernetes.io/max-replicas': String(max) } }),
    )
    const sizes = proportionalSizes(deployment, active)
    expect(active.map((set) => sizes.find((size) => size.set === set)?.replicas)).toEqual(expected)
  })
})

describe('the bounds of a rollout', () => {
  const rows: readonly (readonly [number, number | string, number | string, number, number])[] = [
    // replicas, maxSurge, maxUnavailable → surge, unavailable
    [3, '25%', '25%', 1, 0],
    [10, '25%', '25%', 3, 2],
    [4, 0, 0, 0, 1],
    [2, 1, 5, 1, 2],
    [0, '25%', '25%', 0, 0],
  ]
  it.each(rows)(
    'for %i replicas, surge %s and unavailable %s are %i and %i',
    (replicas, surge, unavailable, expectedSurge, expectedUnavailable) => {
      const deployment = aDeployment(replicas, {
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
      })
      expect([maxSurge(deployment), maxUnavailable(deployment)]).toEqual([expectedSurge, expectedUnavailable])
    },
  )
  it('leave room for the new ReplicaSet', () => {
    expect(newReplicas(aDeployment(10), [aSet('old', 10)], 0)).toBe(3)
  })
})

describe('the annotations of the new ReplicaSet', () => {
  it("are the Deployment's own, without what was applied", () => {
    const deployment = aDeployment(1)
    const annotated = {
      ...deployment,
      metadata: { ...deployment.metadata, annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', team: 'web' } },
    }
    expect(annotationsOfNewSet(annotated, undefined, 1)).toEqual({ team: 'web', 'deployment.kubernetes.io/revision': '1' })
  })
  it('remember earlier numbers', () => {
    const before = { 'deployment.kubernetes.io/revision': '2', 'deployment.kubernetes.io/revision-history': '1' }
    expect(annotationsOfNewSet(aDeployment(1), before, 5)).toMatchObject({
      'deployment.kubernetes.io/revision': '5',
      'deployment.kubernetes.io/revision-history': '1,2',
    })
  })
})

describe('a name that is taken by another template', () => {
  it('raises the collision count, and the next name is another one', () => {
    const api = new FakeApi()
    api.put(aDeployment(1))
    sync(api)
    const [first] = setsOf(api)
    if (first === undefined) throw new Error('there is a ReplicaSet')
    const blocked = new FakeApi()
    blocked.put(aDeployment(1))
    blocked.put({
      ...first,
      metadata: { ...first.metadata, labels: {}, ownerReferences: [] },
      spec: { ...first.spec, template: aTemplate('other') },
    })
    expect(sync(blocked).outcome.error?.reason).toBe('AlreadyExists')
    expect(deploymentOf(blocked).status.collisionCount).toBe(1)
    sync(blocked)
    expect(setsOf(blocked)).toHaveLength(2)
  })
})
