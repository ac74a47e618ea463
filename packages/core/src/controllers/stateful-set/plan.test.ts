import { describe, expect, it, test } from 'vitest'
import type { Pod, PodStatus, StatefulSet, StatefulSetSpec } from '../../api/generated/types.js'
import { conflict, forbidden, modifiedMessage, type ApiStatus } from '../../api/api-status.js'
import type { ClusterCommand } from '../../cluster/commands.js'
import { timestampOf, type SimTime } from '../../kernel/sim-time.js'
import { isRunningAndReady, isTerminating, ordinalOf } from '../../resources/pod/queries.js'
import { FakeApi, type ObservedSync } from '../../testing/fake-api.js'
import type { Controller } from '../controller.js'
import { makeStatefulSetController, statefulSetController } from './controller.js'
import { maxUnavailableOf } from './plan-rollout.js'

const key = 'default/web'

const template = (image: string): StatefulSetSpec['template'] => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'nginx', image }], volumes: [{ name: 'logs', emptyDir: {} }] },
})

const baseSpec: StatefulSetSpec = {
  replicas: 3,
  serviceName: 'nginx',
  selector: { matchLabels: { app: 'web' } },
  template: template('nginx:1'),
  podManagementPolicy: 'OrderedReady',
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
  revisionHistoryLimit: 10,
  volumeClaimTemplates: [
    { metadata: { name: 'www', labels: { app: 'template', tier: 'disk' } }, spec: { accessModes: ['ReadWriteOnce'] } },
  ],
}

const aStatefulSet = (spec: Partial<StatefulSetSpec> = {}): StatefulSet => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'web', namespace: 'default', uid: 'web-uid', resourceVersion: '1', creationTimestamp: timestampOf(0), generation: 1 },
  spec: { ...baseSpec, ...spec },
  status: { replicas: 0, availableReplicas: 0 },
})

const readyStatus = (since: SimTime, ready = true): PodStatus => ({
  phase: 'Running',
  conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: timestampOf(since) }],
})

/** A cluster with one set and nothing that runs Pods but the test. */
class Situation {
  readonly api = new FakeApi()
  readonly controller: Controller

  constructor(spec: Partial<StatefulSetSpec> = {}, controller: Controller = statefulSetController) {
    this.controller = controller
    this.api.put(aStatefulSet(spec))
  }

  get set(): StatefulSet {
    const set = this.api.live.get('StatefulSet', 'default', 'web')
    if (set === undefined) throw new Error('no set')
    return set
  }

  sync(): ObservedSync {
    return this.api.sync(this.controller, key)
  }

  /** What a user changes: the generation counts. */
  update(spec: Partial<StatefulSetSpec>): void {
    this.api.change('StatefulSet', 'web', (set) => ({
      ...set,
      metadata: { ...set.metadata, generation: (set.metadata.generation ?? 0) + 1 },
      spec: { ...set.spec, ...spec },
    }))
  }

  become(name: string, status: PodStatus): void {
    this.api.change('Pod', name, (pod) => ({ ...pod, status }))
  }

  ready(...names: readonly string[]): void {
    for (const name of names) this.become(name, readyStatus(this.api.now))
  }

  unready(...names: readonly string[]): void {
    for (const name of names) this.become(name, readyStatus(this.api.now, false))
  }

  /** A user or somebody else deletes a Pod: it terminates. */
  terminate(...names: readonly string[]): void {
    for (const name of names) this.api.answer({ kind: 'DeleteObject', target: { kind: 'Pod', namespace: 'default', name }, options: {} })
  }

  gone(...names: readonly string[]): void {
    for (const name of names) this.api.remove('Pod', name)
  }

  relabel(name: string, labels: { readonly [label: string]: string }): void {
    this.api.change('Pod', name, (pod) => ({ ...pod, metadata: { ...pod.metadata, labels } }))
  }

  pods(): readonly Pod[] {
    return [...this.api.live.list('Pod')].sort((left, right) => ordinalOf(left) - ordinalOf(right))
  }

  images(): readonly (string | undefined)[] {
    return this.pods().map((pod) => pod.spec.containers[0]?.image)
  }

  revisions(): readonly number[] {
    return this.api.live
      .list('ControllerRevision')
      .map(({ revision }) => revision)
      .sort((left, right) => left - right)
  }

  claimOwners(name: string): readonly string[] {
    return (this.api.live.get('PersistentVolumeClaim', 'default', name)?.metadata.ownerReferences ?? []).map(
      ({ kind, name: owner }) => `${kind} ${owner}`,
    )
  }

  /** Lets healthy machines work until a sync has nothing to do and everything is Ready. Answers all writes, in order. */
  converge(look: () => void = () => undefined): readonly string[] {
    const writes: string[] = []
    for (let round = 0; round < 4_000; round += 1) {
      const observed = this.sync()
      writes.push(...observed.writes)
      look()
      const leaving = this.pods().filter(isTerminating)
      const starting = this.pods().filter(
        (pod) => !isTerminating(pod) && !isRunningAndReady(pod) && pod.status.phase !== 'Failed' && pod.status.phase !== 'Succeeded',
      )
      if (leaving.length === 0 && starting.length === 0 && observed.writes.length === 0 && observed.outcome.error === undefined)
        return writes
      this.gone(...leaving.map(({ metadata }) => metadata.name))
      this.ready(...starting.map(({ metadata }) => metadata.name))
    }
    throw new Error('does not come to rest')
  }
}

const converged = (spec: Partial<StatefulSetSpec> = {}, controller: Controller = statefulSetController): Situation => {
  const situation = new Situation(spec, controller)
  situation.converge()
  return situation
}

const waitsFor = ({ outcome }: ObservedSync): readonly string[] => (outcome.waitingFor ?? []).map(({ kind, on }) => `${kind} ${on}`)
const podWrites = ({ writes }: ObservedSync): readonly string[] => writes.filter((write) => write.includes(' Pod '))
const counts = ({ status }: StatefulSet): readonly (number | undefined)[] => [
  status.replicas,
  status.readyReplicas,
  status.availableReplicas,
  status.currentReplicas,
  status.updatedReplicas,
]

const refusing =
  (matches: (command: ClusterCommand) => boolean, refusal: ApiStatus) =>
  (command: ClusterCommand): ApiStatus | undefined =>
    matches(command) ? refusal : undefined

const forbid = forbidden('pods', 'web-0', 'no reason')
const isPodCommand =
  (kind: ClusterCommand['kind']) =>
  (command: ClusterCommand): boolean =>
    command.kind === kind &&
    ('target' in command ? command.target.kind === 'Pod' : command.kind === 'CreateObject' && command.object.kind === 'Pod')

const retentionPolicies = [
  undefined,
  { whenDeleted: 'Retain', whenScaled: 'Retain' },
  { whenDeleted: 'Delete', whenScaled: 'Retain' },
  { whenDeleted: 'Retain', whenScaled: 'Delete' },
  { whenDeleted: 'Delete', whenScaled: 'Delete' },
] as const
const managementPolicies = ['OrderedReady', 'Parallel'] as const

const variants = managementPolicies.flatMap((podManagementPolicy) =>
  retentionPolicies.map((policy) => ({
    title: `${podManagementPolicy}, ${policy === undefined ? 'no retention policy' : `${policy.whenDeleted}/${policy.whenScaled}`}`,
    spec: {
      podManagementPolicy,
      ...(policy === undefined ? {} : { persistentVolumeClaimRetentionPolicy: policy }),
    } satisfies Partial<StatefulSetSpec>,
  })),
)

/** In OrderedReady a Pod exists only above Pods that are Running and Ready; in no policy are there two of one ordinal or claims of others. */
const checkInvariants = (situation: Situation): void => {
  const { set } = situation
  const pods = situation.pods()
  for (const pod of pods) {
    expect(pod.spec.hostname).toBe(pod.metadata.name)
    expect(pod.spec.volumes?.[0]?.persistentVolumeClaim?.claimName).toBe(`www-${pod.metadata.name}`)
    expect(pod.metadata.labels?.['apps.kubernetes.io/pod-index']).toBe(String(ordinalOf(pod)))
  }
  const { whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
  if ((set.spec.persistentVolumeClaimRetentionPolicy?.whenDeleted ?? 'Retain') === 'Retain' && (whenScaled ?? 'Retain') === 'Retain') {
    for (const claim of situation.api.live.list('PersistentVolumeClaim')) expect(claim.metadata.ownerReferences).toBeUndefined()
  }
}

describe.each(variants)('TestStatefulSetControl: $title', ({ spec }) => {
  const isMonotonic = spec.podManagementPolicy === 'OrderedReady'

  test('CreatesPods', () => {
    const situation = new Situation(spec)
    const writes = situation.converge(() => {
      checkInvariants(situation)
    })
    expect(situation.api.podNames()).toEqual(['web-0', 'web-1', 'web-2'])
    expect(counts(situation.set)).toEqual([3, 3, 3, 3, 3])
    expect(writes.filter((write) => write.startsWith('create Pod'))).toEqual(['create Pod web-0', 'create Pod web-1', 'create Pod web-2'])
    expect(situation.sync().writes).toEqual([])
  })

  test('ScalesUp', () => {
    const situation = converged(spec)
    situation.update({ replicas: 4 })
    expect(situation.converge().filter((write) => write.includes(' Pod '))).toEqual(['create Pod web-3'])
    expect(counts(situation.set)).toEqual([4, 4, 4, 4, 4])
  })

  test('ScalesDown', () => {
    const situation = converged(spec)
    situation.update({ replicas: 0 })
    expect(situation.converge().filter((write) => write.includes(' Pod '))).toEqual([
      'delete Pod web-2',
      'delete Pod web-1',
      'delete Pod web-0',
    ])
    expect(counts(situation.set)).toEqual([0, undefined, 0, undefined, undefined])
  })

  test('ReplacesPods', () => {
    const situation = converged({ ...spec, replicas: 5 })
    situation.gone('web-0', 'web-2', 'web-4')
    expect(situation.converge().filter((write) => write.includes(' Pod '))).toEqual([
      'create Pod web-0',
      'create Pod web-2',
      'create Pod web-4',
    ])
  })

  test.each(['Failed', 'Succeeded'] as const)('RecreatesPod that has %s', (phase) => {
    const situation = converged(spec)
    situation.become('web-0', { phase })
    const first = situation.sync()
    expect(podWrites(first)).toEqual(['delete Pod web-0'])
    expect(first.events).toEqual(['Normal SuccessfulDelete Delete Pod web-0 in StatefulSet web successful'])
    expect(podWrites(situation.sync())).toEqual([])
    situation.gone('web-0')
    expect(podWrites(situation.sync())).toEqual(['create Pod web-0'])
  })

  test('RecreatesFailedPodWithDeleteFailure', () => {
    const situation = converged(spec)
    situation.become('web-0', { phase: 'Failed' })
    situation.api.refuse = refusing(isPodCommand('DeleteObject'), forbid)
    const observed = situation.sync()
    expect(observed.outcome.error?.message).toBe('pods "web-0" is forbidden: no reason')
    expect(observed.events).toEqual([
      'Warning FailedDelete Delete Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: no reason',
    ])
    expect(situation.api.podNames()).toHaveLength(3)
  })

  test('CreatePodFailure', () => {
    const situation = new Situation(spec)
    situation.api.refuse = refusing(isPodCommand('CreateObject'), forbid)
    const observed = situation.sync()
    expect(observed.outcome.error).toEqual(forbid)
    expect(observed.events).toEqual([
      'Normal SuccessfulCreate Create Claim www-web-0 Pod web-0 in StatefulSet web success',
      'Warning FailedCreate Create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: no reason',
    ])
    // The status is written although the creation failed (#108837).
    expect(situation.set.status.observedGeneration).toBe(1)
    situation.api.refuse = () => undefined
    situation.converge()
    expect(counts(situation.set)).toEqual([3, 3, 3, 3, 3])
  })

  test('UpdatePodFailure', () => {
    const situation = converged(spec)
    situation.relabel('web-0', { app: 'web' })
    situation.api.refuse = refusing((command) => command.kind === 'ReplaceObject' && command.object.kind === 'Pod', forbid)
    const observed = situation.sync()
    expect(observed.outcome.error).toEqual(forbid)
    expect(observed.events).toEqual([
      'Warning FailedUpdate Update Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: no reason',
    ])
  })

  test('UpdateSetStatusFailure', () => {
    const situation = new Situation(spec)
    situation.api.refuse = refusing((command) => command.kind === 'ReplaceObject' && command.subresource === 'status', forbid)
    expect(situation.sync().outcome.error).toEqual(forbid)
    situation.api.refuse = () => undefined
    situation.converge()
    expect(counts(situation.set)).toEqual([3, 3, 3, 3, 3])
  })

  test('NewRevisionDeletePodFailure', () => {
    const situation = converged(spec)
    situation.update({ template: template('nginx:2') })
    situation.api.refuse = refusing(isPodCommand('DeleteObject'), forbid)
    expect(situation.sync().outcome.error).toEqual(forbid)
    expect(situation.set.status.currentReplicas).toBe(3)
    situation.api.refuse = () => undefined
    situation.sync()
    expect(situation.set.status.currentReplicas).toBe(2)
  })

  test('RecreatesPVCForPendingPod', () => {
    const situation = new Situation({ ...spec, replicas: 1 })
    situation.sync()
    situation.api.remove('PersistentVolumeClaim', 'www-web-0')
    expect(situation.sync().writes).toContain('create PersistentVolumeClaim www-web-0')
  })

  test('CreatesPodsWithStartOrdinal', () => {
    const situation = converged({ ...spec, ordinals: { start: 2 } })
    expect(situation.api.podNames()).toEqual(['web-2', 'web-3', 'web-4'])
  })

  test('ScaleDownDeleteError', () => {
    const situation = converged(spec)
    situation.update({ replicas: 0 })
    situation.api.refuse = refusing(isPodCommand('DeleteObject'), forbid)
    expect(situation.sync().outcome.error).toEqual(forbid)
    situation.api.refuse = () => undefined
    situation.converge()
    expect(situation.api.podNames()).toEqual([])
  })

  test.each([
    { name: 'image', replicas: 3 },
    { name: 'image and scale up', replicas: 5 },
    { name: 'image and scale down', replicas: 2 },
  ])('RollingUpdate: $name', ({ replicas }) => {
    const situation = converged(spec)
    situation.update({ template: template('nginx:2'), replicas })
    situation.converge()
    expect(situation.images()).toEqual(Array.from({ length: replicas }, () => 'nginx:2'))
    expect(situation.set.status.currentRevision).toBe(situation.set.status.updateRevision)
  })

  test.each([
    { name: 'with partition', replicas: 4, expected: ['nginx:1', 'nginx:1', 'nginx:2', 'nginx:2'] },
    { name: 'with partition and scale down', replicas: 2, expected: ['nginx:1', 'nginx:1'] },
    { name: 'with partition and scale up', replicas: 6, expected: ['nginx:1', 'nginx:1', 'nginx:2', 'nginx:2', 'nginx:2', 'nginx:2'] },
  ])('RollingUpdateWithPartition: $name', ({ replicas, expected }) => {
    const situation = converged({ ...spec, replicas: 4, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } })
    situation.update({ template: template('nginx:2'), replicas })
    situation.converge()
    expect(situation.images()).toEqual(expected)
  })

  test.each([
    { name: 'as it is', from: 3, to: 3, expected: ['nginx:1', 'nginx:1', 'nginx:1'] },
    { name: 'scale up', from: 3, to: 5, expected: ['nginx:1', 'nginx:1', 'nginx:1', 'nginx:2', 'nginx:2'] },
    { name: 'scale down', from: 3, to: 2, expected: ['nginx:1', 'nginx:1'] },
    { name: 'from nothing', from: 0, to: 2, expected: ['nginx:2', 'nginx:2'] },
  ])('OnDeleteUpdate: $name', ({ from, to, expected }) => {
    const situation = converged({ ...spec, replicas: from, updateStrategy: { type: 'OnDelete' } })
    situation.update({ template: template('nginx:2'), replicas: to })
    situation.converge()
    expect(situation.images()).toEqual(expected)
    situation.gone(...situation.api.podNames())
    situation.converge()
    expect(situation.images()).toEqual(Array.from({ length: to }, () => 'nginx:2'))
  })

  test('Rollback', () => {
    const situation = converged(spec)
    const first = situation.set.status.currentRevision
    situation.update({ template: template('nginx:2') })
    situation.converge()
    situation.update({ template: template('nginx:1') })
    situation.converge()
    expect(situation.images()).toEqual(['nginx:1', 'nginx:1', 'nginx:1'])
    expect(situation.set.status.currentRevision).toBe(first)
    expect(situation.revisions()).toEqual([2, 3])
  })

  test('LimitsHistory', () => {
    const situation = converged({ ...spec, revisionHistoryLimit: 2 })
    for (const version of [2, 3, 4, 5]) {
      situation.update({ template: template(`nginx:${String(version)}`) })
      situation.converge()
    }
    expect(situation.revisions()).toEqual([3, 4, 5])
  })

  test('a negative history limit keeps all', () => {
    const situation = converged({ ...spec, revisionHistoryLimit: -1 })
    for (const version of [2, 3, 4]) {
      situation.update({ template: template(`nginx:${String(version)}`) })
      situation.converge()
    }
    expect(situation.revisions()).toEqual([1, 2, 3, 4])
  })

  test('StatefulSetAvailability', () => {
    const situation = new Situation({ ...spec, replicas: 1, minReadySeconds: 3_600 })
    situation.sync()
    situation.ready('web-0')
    situation.api.now = 1_800_000
    const early = situation.sync()
    expect(counts(situation.set)).toEqual([1, 1, 0, 1, 1])
    expect(early.outcome.requeueAfterMs).toBe(1_800_000)
    situation.api.now = 3_600_000
    situation.sync()
    expect(counts(situation.set)).toEqual([1, 1, 1, 1, 1])
  })

  test('ParallelScale: first few, then many', () => {
    const situation = converged({ ...spec, replicas: 3, volumeClaimTemplates: [] })
    situation.update({ replicas: 30 })
    const sync = situation.sync()
    expect(podWrites(sync)).toHaveLength(isMonotonic ? 1 : 27)
  })
})

describe('the first sync of a set', () => {
  // T1 of the worked traces; recorded in ordered-create.
  it('creates revision, claim and Pod, then writes the status, and waits for the Pod', () => {
    const situation = new Situation()
    const observed = situation.sync()
    const revision = situation.api.live.list('ControllerRevision')[0]?.metadata.name ?? ''
    expect(observed.writes).toEqual([
      `create ControllerRevision ${revision}`,
      'create PersistentVolumeClaim www-web-0',
      'create Pod web-0',
      'write status of StatefulSet web',
    ])
    expect(observed.events).toEqual([
      'Normal SuccessfulCreate Create Claim www-web-0 Pod web-0 in StatefulSet web success',
      'Normal SuccessfulCreate Create Pod web-0 in StatefulSet web successful',
    ])
    expect(waitsFor(observed)).toEqual(['PodNotReady default/web-0'])
    expect(situation.set.status).toEqual({
      observedGeneration: 1,
      replicas: 0,
      availableReplicas: 0,
      collisionCount: 0,
      currentRevision: revision,
      updateRevision: revision,
    })
  })

  it('gives the Pod its identity', () => {
    const situation = new Situation()
    situation.sync()
    const pod = situation.api.pod('web-0')
    expect(pod?.metadata.generateName).toBe('web-')
    expect(pod?.metadata.labels).toEqual({
      app: 'web',
      'statefulset.kubernetes.io/pod-name': 'web-0',
      'apps.kubernetes.io/pod-index': '0',
      'controller-revision-hash': situation.set.status.currentRevision,
    })
    expect(pod?.spec.hostname).toBe('web-0')
    expect(pod?.spec.subdomain).toBe('nginx')
    expect(pod?.spec.volumes).toEqual([
      { name: 'www', persistentVolumeClaim: { claimName: 'www-web-0' } },
      { name: 'logs', emptyDir: {} },
    ])
    expect(pod?.metadata.ownerReferences).toEqual([
      { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'web-uid', controller: true, blockOwnerDeletion: true },
    ])
  })

  it('labels a claim as the template does, but the selector wins', () => {
    const situation = new Situation()
    situation.sync()
    const claim = situation.api.live.get('PersistentVolumeClaim', 'default', 'www-web-0')
    expect(claim?.metadata.labels).toEqual({ app: 'web', tier: 'disk' })
    expect(claim?.metadata.ownerReferences).toBeUndefined()
  })

  // T2; recorded in parallel-create.
  it('creates claim 0 and Pod 0, then the claims of a batch before its Pods, when Parallel', () => {
    const situation = new Situation({ podManagementPolicy: 'Parallel' })
    expect(situation.sync().writes.slice(1)).toEqual([
      'create PersistentVolumeClaim www-web-0',
      'create Pod web-0',
      'create PersistentVolumeClaim www-web-1',
      'create PersistentVolumeClaim www-web-2',
      'create Pod web-1',
      'create Pod web-2',
      'write status of StatefulSet web',
    ])
    expect(counts(situation.set)).toEqual([0, undefined, 0, undefined, undefined])
    situation.sync()
    expect(counts(situation.set)).toEqual([3, undefined, 0, 3, 3])
  })

  it('lets chance order a batch, never the batches', () => {
    const situation = new Situation({ podManagementPolicy: 'Parallel', volumeClaimTemplates: [] })
    situation.api.choose = (_address, options) => options - 1
    expect(podWrites(situation.sync())).toEqual(['create Pod web-0', 'create Pod web-2', 'create Pod web-1'])
  })
})

describe('OrderedReady waits', () => {
  test.each([
    {
      name: 'for a Pod that is not Ready',
      arrange: (situation: Situation) => situation.unready('web-1'),
      waiting: 'PodNotReady default/web-1',
    },
    {
      name: 'for a Pod that is Pending',
      arrange: (situation: Situation) => situation.become('web-1', { phase: 'Pending' }),
      waiting: 'PodNotReady default/web-1',
    },
    {
      name: 'for a Pod that is terminating',
      arrange: (situation: Situation) => situation.terminate('web-1'),
      waiting: 'PodTerminating default/web-1',
    },
    {
      name: 'for the lowest of several',
      arrange: (situation: Situation) => situation.unready('web-2', 'web-1', 'web-0'),
      waiting: 'PodNotReady default/web-0',
    },
    {
      name: 'for a finished Pod that is on its way out',
      arrange: (situation: Situation) => (situation.become('web-1', { phase: 'Failed' }), situation.terminate('web-1')),
      waiting: 'PodTerminating default/web-1',
    },
  ])('$name, neither scaling nor updating', ({ arrange, waiting }) => {
    const situation = converged()
    arrange(situation)
    for (const change of [{}, { replicas: 5 }, { template: template('nginx:2') }]) {
      situation.update({ ...baseSpec, ...change })
      const observed = situation.sync()
      expect(podWrites(observed)).toEqual([])
      expect(waitsFor(observed)).toEqual([waiting])
    }
  })

  it('for a Pod that is Ready but not available', () => {
    const situation = new Situation({ minReadySeconds: 10 })
    situation.sync()
    situation.ready('web-0')
    situation.api.now = 2_300
    const observed = situation.sync()
    expect(waitsFor(observed)).toEqual(['PodNotAvailable default/web-0'])
    // The Ready condition has whole seconds: the wait ends with the second.
    expect(observed.outcome.requeueAfterMs).toBe(7_700)
    situation.api.now = 10_000
    expect(podWrites(situation.sync())).toEqual(['create Pod web-1'])
  })

  it('but Parallel does not', () => {
    const situation = converged({ podManagementPolicy: 'Parallel' })
    situation.unready('web-0', 'web-1')
    situation.update({ replicas: 5 })
    expect(podWrites(situation.sync())).toEqual(['create Pod web-3', 'create Pod web-4'])
    situation.update({ replicas: 1 })
    expect(podWrites(situation.sync())).toEqual(['delete Pod web-4', 'delete Pod web-3', 'delete Pod web-2', 'delete Pod web-1'])
  })
})

describe('scaling down', () => {
  // T3; recorded in scale-down.
  it('removes the highest, waits until it is gone, goes on', () => {
    const situation = converged()
    situation.update({ replicas: 1 })
    const first = situation.sync()
    expect(podWrites(first)).toEqual(['delete Pod web-2'])
    expect(counts(situation.set)).toEqual([3, 3, 3, 3, 3])
    const second = situation.sync()
    expect(waitsFor(second)).toEqual(['PodTerminating default/web-2'])
    expect(counts(situation.set)).toEqual([3, 3, 3, 2, 2])
    situation.gone('web-2')
    expect(podWrites(situation.sync())).toEqual(['delete Pod web-1'])
  })

  // T4; recorded in unready-blocks-scaling.
  it('removes an available Pod above an unready one, and then the unready one', () => {
    const situation = converged()
    situation.unready('web-1')
    situation.update({ replicas: 1 })
    expect(podWrites(situation.sync())).toEqual(['delete Pod web-2'])
    situation.gone('web-2')
    expect(podWrites(situation.sync())).toEqual(['delete Pod web-1'])
  })

  it('halts when two condemned Pods are unready', () => {
    const situation = converged()
    situation.unready('web-1', 'web-2')
    situation.update({ replicas: 1 })
    const observed = situation.sync()
    expect(podWrites(observed)).toEqual([])
    expect(waitsFor(observed)).toEqual(['PodNotReady default/web-1'])
  })

  // Recorded in external-scale.
  it('replaces a missing Pod in range while a condemned one terminates', () => {
    const situation = converged()
    situation.update({ replicas: 2 })
    situation.sync()
    situation.gone('web-0')
    expect(podWrites(situation.sync())).toEqual(['create Pod web-0'])
  })

  // T9.
  it('moves to a new start ordinal by creating first', () => {
    const situation = converged({ replicas: 2 })
    situation.update({ ordinals: { start: 2 } })
    expect(situation.converge().filter((write) => write.includes(' Pod '))).toEqual([
      'create Pod web-2',
      'create Pod web-3',
      'delete Pod web-1',
      'delete Pod web-0',
    ])
  })
})

describe('rolling out', () => {
  // T5; recorded in rolling-update.
  it('replaces from the highest down, one available Pod after another', () => {
    const situation = converged()
    const former = situation.set.status.currentRevision
    situation.update({ template: template('nginx:2') })
    const first = situation.sync()
    expect(podWrites(first)).toEqual(['delete Pod web-2'])
    expect(counts(situation.set)).toEqual([3, 3, 3, 2, undefined])
    expect(situation.set.status.currentRevision).toBe(former)
    expect(waitsFor(situation.sync())).toEqual(['PodTerminating default/web-2'])
    situation.gone('web-2')
    situation.sync()
    expect(situation.images()).toEqual(['nginx:1', 'nginx:1', 'nginx:2'])
    situation.sync()
    expect(counts(situation.set)).toEqual([3, 2, 2, 2, 1])
    situation.ready('web-2')
    expect(podWrites(situation.sync())).toEqual(['delete Pod web-1'])
    expect(counts(situation.set)).toEqual([3, 3, 3, 1, 1])
    situation.converge()
    expect(situation.set.status.currentRevision).toBe(situation.set.status.updateRevision)
    expect(counts(situation.set)).toEqual([3, 3, 3, 3, 3])
  })

  // T6; recorded in rollback-midway.
  it('rolls back only what was updated, by renumbering the old revision', () => {
    const situation = converged()
    const former = situation.set.status.currentRevision
    situation.update({ template: template('nginx:2') })
    situation.sync()
    situation.gone('web-2')
    situation.sync()
    situation.ready('web-2')
    situation.update({ template: template('nginx:1') })
    const rollback = situation.sync()
    expect(rollback.writes.slice(0, 2)).toEqual([`replace ControllerRevision ${former ?? ''}`, 'delete Pod web-2'])
    expect(situation.revisions()).toEqual([2, 3])
    expect(situation.converge().filter((write) => write.includes(' Pod '))).toEqual(['create Pod web-2'])
    expect(situation.set.status.updateRevision).toBe(former)
  })

  // T7; recorded in update-stuck.
  it('does not touch a broken new Pod, not even after the template was reverted', () => {
    const situation = converged()
    situation.update({ template: template('nginx:broken') })
    situation.sync()
    situation.gone('web-2')
    situation.sync()
    situation.unready('web-2')
    situation.update({ template: template('nginx:1') })
    const stuck = situation.sync()
    expect(podWrites(stuck)).toEqual([])
    expect(waitsFor(stuck)).toEqual(['PodNotReady default/web-2'])
    situation.gone('web-2')
    situation.converge()
    expect(situation.images()).toEqual(['nginx:1', 'nginx:1', 'nginx:1'])
  })

  it('recovers by itself in Parallel, where the update is reached', () => {
    const situation = converged({ podManagementPolicy: 'Parallel' })
    situation.update({ template: template('nginx:broken') })
    situation.sync()
    situation.gone('web-2')
    situation.sync()
    situation.unready('web-2')
    expect(waitsFor(situation.sync())).toEqual(['PodNotReady default/web-2'])
    situation.update({ template: template('nginx:1') })
    expect(podWrites(situation.sync())).toEqual(['delete Pod web-2'])
  })

  // T8; recorded in partition-pod-deleted.
  it('gives a deleted Pod below the partition its old template, and ends the canary when scaled to nothing', () => {
    const situation = converged({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } })
    situation.update({ template: template('nginx:2') })
    situation.converge()
    situation.gone('web-0', 'web-2')
    situation.converge()
    expect(situation.images()).toEqual(['nginx:1', 'nginx:1', 'nginx:2'])
    expect(waitsFor(situation.sync())).toEqual(['Partition default/web-0'])
    situation.update({ replicas: 0 })
    situation.converge()
    situation.update({ replicas: 3 })
    situation.converge()
    expect(situation.images()).toEqual(['nginx:2', 'nginx:2', 'nginx:2'])
  })

  // #70442; recorded in delete-during-update.
  it('creates any Pod that is missing from the new template, also while the rollout hangs elsewhere', () => {
    const situation = converged()
    situation.update({ template: template('nginx:2') })
    situation.sync()
    situation.gone('web-2')
    situation.sync()
    situation.unready('web-2')
    situation.gone('web-0')
    situation.sync()
    expect(situation.images()).toEqual(['nginx:2', 'nginx:1', 'nginx:2'])
  })

  it('gives a deleted Pod below the partition its old template, counted from the first ordinal', () => {
    const situation = converged({ ordinals: { start: 5 }, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } })
    situation.update({ template: template('nginx:2') })
    situation.converge()
    situation.gone('web-5')
    situation.converge()
    expect(situation.images()).toEqual(['nginx:1', 'nginx:1', 'nginx:2'])
  })

  // #119684: compared with the status' number instead of the spec's, a partial rollout once passed for complete.
  it('is not complete while there are more Pods than the spec wants', () => {
    const situation = converged({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } })
    situation.update({ template: template('nginx:2') })
    situation.converge()
    situation.update({ ordinals: { start: 1 }, replicas: 2 })
    situation.terminate('web-0')
    situation.unready('web-0')
    situation.sync()
    expect(counts(situation.set)).toEqual([3, 2, 2, undefined, 2])
    expect(situation.set.status.currentRevision).not.toBe(situation.set.status.updateRevision)
    situation.gone('web-0')
    situation.sync()
    expect(situation.set.status.currentRevision).toBe(situation.set.status.updateRevision)
  })

  it('makes only a new revision when nothing but the partition holds it', () => {
    const situation = converged({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 3 } } })
    const former = situation.set.status.currentRevision
    situation.update({ template: template('nginx:2') })
    situation.converge()
    expect(situation.images()).toEqual(['nginx:1', 'nginx:1', 'nginx:1'])
    expect(situation.set.status.currentRevision).toBe(former)
    expect(situation.set.status.updateRevision).not.toBe(former)
  })

  it('counts from the first ordinal for the partition', () => {
    const situation = converged({ ordinals: { start: 5 }, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } })
    situation.update({ template: template('nginx:2') })
    situation.converge()
    expect(situation.images()).toEqual(['nginx:1', 'nginx:1', 'nginx:2'])
  })

  it('has OnDelete wait for people', () => {
    const situation = converged({ updateStrategy: { type: 'OnDelete' } })
    situation.update({ template: template('nginx:2') })
    expect(waitsFor(situation.sync())).toEqual(['ManualDeletion default/web-0'])
    situation.gone(...situation.api.podNames())
    situation.converge()
    expect(situation.set.status.currentRevision).not.toBe(situation.set.status.updateRevision)
  })

  it('takes one off the current count for any deleted Pod, also one that was never counted', () => {
    const situation = converged({ replicas: 1 })
    situation.relabel('web-0', { app: 'web', 'statefulset.kubernetes.io/pod-name': 'web-0' })
    situation.sync()
    expect(situation.set.status.currentReplicas).toBe(-1)
  })

  it('makes no revision for anything but the template', () => {
    const situation = converged()
    situation.update({ replicas: 2, minReadySeconds: 1, updateStrategy: { type: 'OnDelete' } })
    situation.sync()
    expect(situation.revisions()).toEqual([1])
  })

  it('completes without asking for availability', () => {
    const situation = converged({ replicas: 1 })
    situation.update({ template: template('nginx:2'), minReadySeconds: 100 })
    situation.api.now = 1_000_000
    situation.sync()
    situation.gone('web-0')
    situation.sync()
    situation.ready('web-0')
    situation.sync()
    expect(situation.set.status.currentRevision).toBe(situation.set.status.updateRevision)
    expect(situation.set.status.availableReplicas).toBe(0)
  })
})

describe('a set whose strategy has no rollingUpdate', () => {
  it('creates Pods at the old revision below the number of current ones', () => {
    const situation = converged({ updateStrategy: { type: 'RollingUpdate' } })
    situation.update({ template: template('nginx:2') })
    situation.sync()
    situation.gone('web-2', 'web-0')
    situation.sync()
    expect(situation.images()).toEqual(['nginx:1', 'nginx:1'])
  })
})

describe('maxUnavailable (feature gate)', () => {
  const gated = makeStatefulSetController({ maxUnavailable: true })
  interface Vector {
    readonly name: string
    readonly policy: 'OrderedReady' | 'Parallel'
    readonly replicas: number
    readonly maxUnavailable: number | string
    readonly partition?: number
    readonly terminating?: readonly string[]
    readonly unready?: readonly string[]
    readonly deleted: readonly string[]
  }
  const vectors: readonly Vector[] = [
    {
      name: 'broken old Pods first, then within the budget',
      policy: 'Parallel',
      replicas: 5,
      maxUnavailable: 3,
      terminating: ['web-4'],
      unready: ['web-3'],
      deleted: ['web-3', 'web-2'],
    },
    {
      name: 'no good Pod when the broken ones use the budget',
      policy: 'Parallel',
      replicas: 4,
      maxUnavailable: 2,
      unready: ['web-0', 'web-1'],
      deleted: ['web-1', 'web-0'],
    },
    {
      name: 'unavailable Pods below the partition use the budget',
      policy: 'Parallel',
      replicas: 4,
      maxUnavailable: 1,
      partition: 2,
      unready: ['web-1'],
      deleted: [],
    },
    {
      name: 'several at once, from the highest',
      policy: 'OrderedReady',
      replicas: 6,
      maxUnavailable: 2,
      partition: 3,
      deleted: ['web-5', 'web-4'],
    },
    {
      name: 'several at once, from the highest',
      policy: 'Parallel',
      replicas: 6,
      maxUnavailable: 2,
      partition: 3,
      deleted: ['web-5', 'web-4'],
    },
    { name: 'a share is rounded down', policy: 'Parallel', replicas: 5, maxUnavailable: '50%', deleted: ['web-4', 'web-3'] },
    {
      name: 'terminating Pods use the budget',
      policy: 'Parallel',
      replicas: 6,
      maxUnavailable: 2,
      partition: 3,
      terminating: ['web-5'],
      deleted: ['web-4'],
    },
    {
      name: 'terminating Pods below the partition use the budget',
      policy: 'Parallel',
      replicas: 6,
      maxUnavailable: 2,
      partition: 3,
      terminating: ['web-2'],
      deleted: ['web-5'],
    },
    {
      name: 'two terminating Pods use all of it',
      policy: 'Parallel',
      replicas: 6,
      maxUnavailable: 2,
      partition: 3,
      terminating: ['web-5', 'web-3'],
      deleted: [],
    },
  ]

  test.each(vectors)(
    '$policy: $name ($replicas, $maxUnavailable)',
    ({ policy, replicas, maxUnavailable, partition = 0, terminating = [], unready = [], deleted }) => {
      const situation = converged(
        { podManagementPolicy: policy, replicas, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition, maxUnavailable } } },
        gated,
      )
      situation.unready(...unready)
      situation.terminate(...terminating)
      situation.update({ template: template('nginx:2') })
      expect(podWrites(situation.sync())).toEqual(deleted.map((name) => `delete Pod ${name}`))
    },
  )

  test.each(managementPolicies)('RollingUpdateWithMaxUnavailable converges: %s', (podManagementPolicy) => {
    const situation = converged(
      { podManagementPolicy, replicas: 6, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 3, maxUnavailable: 2 } } },
      gated,
    )
    situation.update({ template: template('nginx:2') })
    situation.converge()
    expect(situation.images()).toEqual(['nginx:1', 'nginx:1', 'nginx:1', 'nginx:2', 'nginx:2', 'nginx:2'])
  })

  test.each([
    { value: undefined, replicas: 5, expected: 1 },
    { value: 3, replicas: 5, expected: 3 },
    { value: 0, replicas: 5, expected: 1 },
    { value: '10%', replicas: 25, expected: 2 },
    { value: '50%', replicas: 5, expected: 2 },
    { value: '10%', replicas: 5, expected: 1 },
    { value: 'many', replicas: 5, expected: undefined },
  ])('GetStatefulSetMaxUnavailable: $value of $replicas is $expected', ({ value, replicas, expected }) => {
    expect(maxUnavailableOf(value, replicas)).toBe(expected)
  })

  it('is ignored while the gate is off', () => {
    const situation = converged({ replicas: 6, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 4 } } })
    situation.update({ template: template('nginx:2') })
    expect(podWrites(situation.sync())).toEqual(['delete Pod web-5'])
  })
})

describe('claims', () => {
  const scaled = { whenDeleted: 'Retain', whenScaled: 'Delete' }

  test.each([
    { policy: { whenDeleted: 'Retain', whenScaled: 'Retain' }, inRange: [], condemned: [] },
    { policy: { whenDeleted: 'Delete', whenScaled: 'Retain' }, inRange: ['StatefulSet web'], condemned: ['StatefulSet web'] },
    { policy: { whenDeleted: 'Retain', whenScaled: 'Delete' }, inRange: [], condemned: ['Pod web-1'] },
    { policy: { whenDeleted: 'Delete', whenScaled: 'Delete' }, inRange: ['StatefulSet web'], condemned: ['Pod web-1'] },
  ])('belong as $policy says: in range to $inRange, condemned to $condemned', ({ policy, inRange, condemned }) => {
    const situation = converged({ replicas: 2, persistentVolumeClaimRetentionPolicy: policy })
    expect(situation.claimOwners('www-web-1')).toEqual(inRange)
    situation.update({ replicas: 1 })
    const observed = situation.sync()
    expect(situation.claimOwners('www-web-1')).toEqual(condemned)
    expect(observed.writes.at(-2)).toBe('delete Pod web-1')
  })

  it('are all prepared before the first condemned Pod is deleted', () => {
    const situation = converged({ persistentVolumeClaimRetentionPolicy: scaled })
    situation.update({ replicas: 1 })
    expect(situation.sync().writes).toEqual([
      'replace PersistentVolumeClaim www-web-2',
      'replace PersistentVolumeClaim www-web-1',
      'delete Pod web-2',
      'write status of StatefulSet web',
    ])
  })

  // T11.
  it('PodClaimIsStale: no Pod before the claim of the former one is gone, and no requeue', () => {
    const situation = converged({ replicas: 2, persistentVolumeClaimRetentionPolicy: scaled })
    situation.update({ replicas: 1 })
    situation.sync()
    situation.update({ replicas: 2 })
    situation.gone('web-1')
    const observed = situation.sync()
    expect(podWrites(observed)).toEqual([])
    expect(waitsFor(observed)).toEqual(['ClaimStale default/web-1'])
    expect(observed.outcome.error).toBeUndefined()
    expect(observed.outcome.requeueAfterMs).toBeUndefined()
    situation.api.remove('PersistentVolumeClaim', 'www-web-1')
    expect(podWrites(situation.sync())).toEqual(['create Pod web-1'])
  })

  it('are taken again when the ordinal comes back', () => {
    const situation = converged()
    situation.update({ replicas: 1 })
    situation.converge()
    situation.update({ replicas: 3 })
    expect(situation.converge().filter((write) => write.startsWith('create'))).toEqual(['create Pod web-1', 'create Pod web-2'])
  })

  // Recorded in claim-in-use.
  it('that are being deleted keep the Pod from being created', () => {
    const situation = converged({ replicas: 1 })
    situation.api.change('PersistentVolumeClaim', 'www-web-0', (claim) => ({
      ...claim,
      metadata: { ...claim.metadata, deletionTimestamp: timestampOf(0) },
    }))
    situation.gone('web-0')
    const observed = situation.sync()
    expect(observed.outcome.error?.message).toBe('pvc www-web-0 is being deleted')
    expect(observed.events).toEqual([
      'Warning FailedCreate Create Pod web-0 in StatefulSet web failed error: pvc www-web-0 is being deleted',
    ])
    expect(counts(situation.set)).toEqual([0, undefined, 0, undefined, undefined])
  })

  it('that cannot be created are told of twice', () => {
    const situation = new Situation()
    const refusal = forbidden('persistentvolumeclaims', 'www-web-0', 'exceeded quota')
    situation.api.refuse = refusing(
      (command) => command.kind === 'CreateObject' && command.object.kind === 'PersistentVolumeClaim',
      refusal,
    )
    expect(situation.sync().events).toEqual([
      `Warning FailedCreate Create Claim www-web-0 for Pod web-0 in StatefulSet web failed error: ${refusal.message}`,
      `Warning FailedCreate Create Pod web-0 in StatefulSet web failed error: failed to create PVC www-web-0: ${refusal.message}`,
    ])
  })

  // Recorded in retain-deleted-delete.
  it('whose owner cannot be written hide the creation of the Pod', () => {
    const situation = converged({ replicas: 1, persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } })
    situation.api.change('PersistentVolumeClaim', 'www-web-0', ({ metadata: { ownerReferences: _ours, ...metadata }, ...claim }) => ({
      ...claim,
      metadata,
    }))
    situation.gone('web-0')
    const refusal = conflict('persistentvolumeclaims', 'www-web-0', modifiedMessage)
    situation.api.refuse = refusing(
      (command) => command.kind === 'ReplaceObject' && command.object.kind === 'PersistentVolumeClaim',
      refusal,
    )
    const observed = situation.sync()
    expect(podWrites(observed)).toEqual(['create Pod web-0'])
    expect(observed.events).toEqual([
      `Warning FailedUpdate Update Pod web-0 in StatefulSet web failed error: could not update claim www-web-0 for delete policy ownerRefs: ${refusal.message}`,
    ])
    expect(observed.outcome.error?.reason).toBe('Conflict')
  })

  it('controlled by somebody else are left to them, with a warning', () => {
    const situation = converged({ replicas: 1 })
    situation.api.change('PersistentVolumeClaim', 'www-web-0', (claim) => ({
      ...claim,
      metadata: {
        ...claim.metadata,
        ownerReferences: [
          { apiVersion: 'example.com/v1', kind: 'Backup', name: 'nightly', uid: 'backup', controller: true },
          { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'web-uid' },
        ],
      },
    }))
    situation.update({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } })
    const observed = situation.sync()
    expect(observed.events[0]).toContain('ConflictingController PersistentVolumeClaim www-web-0 has a conflicting OwnerReference')
    expect(situation.claimOwners('www-web-0')).toEqual(['Backup nightly'])
    expect(situation.sync().writes).toEqual([])
  })

  it('change their owner with a Pod write that changes nothing, and an Event', () => {
    const situation = converged({ replicas: 1 })
    situation.update({ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' } })
    const observed = situation.sync()
    expect(observed.writes).toEqual(['replace PersistentVolumeClaim www-web-0', 'replace Pod web-0', 'write status of StatefulSet web'])
    expect(observed.events).toEqual(['Normal SuccessfulUpdate Update Pod web-0 in StatefulSet web successful'])
  })
})

describe('GetPodsForStatefulSet', () => {
  const orphan = (name: string, labels: { readonly [label: string]: string } = { app: 'web' }): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `${name}-orphan`, resourceVersion: '1', creationTimestamp: timestampOf(0), labels },
    spec: {
      containers: [{ name: 'nginx', image: 'nginx:0' }],
      volumes: [{ name: 'www', persistentVolumeClaim: { claimName: `www-${name}` } }],
    },
    status: readyStatus(0),
  })

  it('adopts orphans by selector and name, repairs their labels, and replaces them', () => {
    const situation = new Situation({ replicas: 1 })
    for (const pod of [orphan('web-0'), orphan('other-1'), orphan('web-2', { app: 'other' }), orphan('web')]) situation.api.put(pod)
    const first = situation.sync()
    expect(first.writes.filter((write) => write.startsWith('patch'))).toEqual(['patch Pod web-0'])
    expect(podWrites(first)).toEqual(['patch Pod web-0', 'replace Pod web-0', 'delete Pod web-0'])
    expect(first.events).toEqual([
      'Normal SuccessfulUpdate Update Pod web-0 in StatefulSet web successful',
      'Normal SuccessfulDelete Delete Pod web-0 in StatefulSet web successful',
    ])
    expect(situation.api.pod('web-0')?.metadata.labels).toMatchObject({
      'statefulset.kubernetes.io/pod-name': 'web-0',
      'apps.kubernetes.io/pod-index': '0',
    })
  })

  it('releases what no longer matches, and creates nothing while the name is taken', () => {
    const situation = converged()
    situation.relabel('web-1', { app: 'other' })
    const observed = situation.sync()
    expect(podWrites(observed)).toEqual(['patch Pod web-1', 'create Pod web-1'])
    expect(observed.outcome.error?.reason).toBe('AlreadyExists')
    expect(observed.events).toEqual([])
    expect(situation.api.pod('web-1')?.metadata.ownerReferences).toBeUndefined()
    situation.relabel('web-1', { app: 'web' })
    expect(podWrites(situation.sync())).toContain('patch Pod web-1')
  })

  it('DeletionTimestampRace: adopts nothing when the live set is being deleted', () => {
    const situation = new Situation({ replicas: 1 })
    situation.api.put(orphan('web-0'))
    situation.api.freezeCache()
    situation.api.change('StatefulSet', 'web', (set) => ({ ...set, metadata: { ...set.metadata, deletionTimestamp: timestampOf(5_000) } }))
    const observed = situation.sync()
    expect(observed.writes).toEqual([])
    expect(observed.outcome.error?.message).toBe(
      `can't adopt Pod default/web-0 (web-0-orphan): default/web has just been deleted at ${timestampOf(5_000)}`,
    )
  })

  it('adopts nothing when the set was deleted and made again', () => {
    const situation = new Situation({ replicas: 1 })
    situation.api.put(orphan('web-0'))
    situation.api.freezeCache()
    situation.api.change('StatefulSet', 'web', (set) => ({ ...set, metadata: { ...set.metadata, uid: 'newer' } }))
    expect(situation.sync().outcome.error?.message).toBe(
      `can't adopt Pod default/web-0 (web-0-orphan): original StatefulSet default/web is gone: got uid newer, wanted web-uid`,
    )
  })

  it('counts one of two Pods with the same ordinal', () => {
    const situation = converged({ replicas: 2 })
    situation.api.put(orphan('web-01'))
    const observed = situation.sync()
    expect(podWrites(observed)).toContain('patch Pod web-01')
  })
})

describe('StatefulSetControl errors', () => {
  const statusRefusal = forbidden('statefulsets.apps', 'web', 'no status')
  const refusesPod = isPodCommand('CreateObject')
  const refusesStatus = (command: ClusterCommand): boolean => command.kind === 'ReplaceObject' && command.subresource === 'status'

  test.each([
    { name: 'none', pod: false, status: false, expected: undefined },
    { name: 'of the sync', pod: true, status: false, expected: forbid },
    { name: 'of the status', pod: false, status: true, expected: statusRefusal },
    { name: 'both: that of the sync wins', pod: true, status: true, expected: forbid },
  ])('$name; the status is tried once in each case', ({ pod, status, expected }) => {
    const situation = new Situation({ volumeClaimTemplates: [] })
    situation.api.refuse = (command) => (pod && refusesPod(command) ? forbid : status && refusesStatus(command) ? statusRefusal : undefined)
    const observed = situation.sync()
    expect(observed.outcome.error).toEqual(expected)
    expect(observed.writes.filter((write) => write.startsWith('write status'))).toHaveLength(1)
  })
})

describe('a set that is being deleted', () => {
  it('creates, removes and adopts no Pods, but counts them down', () => {
    const situation = converged()
    situation.api.change('StatefulSet', 'web', (set) => ({
      ...set,
      metadata: { ...set.metadata, deletionTimestamp: timestampOf(0), generation: 2 },
    }))
    situation.gone('web-0')
    const observed = situation.sync()
    expect(observed.writes).toEqual(['write status of StatefulSet web'])
    expect(counts(situation.set)).toEqual([2, 2, 2, 2, 2])
  })

  it('makes its revision again when it is deleted under it', () => {
    const situation = converged()
    const [revision] = situation.api.live.list('ControllerRevision')
    situation.api.change('StatefulSet', 'web', (set) => ({ ...set, metadata: { ...set.metadata, deletionTimestamp: timestampOf(0) } }))
    situation.api.remove('ControllerRevision', revision?.metadata.name ?? '')
    expect(situation.sync().writes).toEqual([`create ControllerRevision ${revision?.metadata.name ?? ''}`])
    expect(situation.revisions()).toEqual([1])
  })

  it('that is gone needs no plan', () => {
    const situation = converged()
    situation.api.remove('StatefulSet', 'web')
    expect(situation.sync().writes).toEqual([])
  })
})

describe('revisions', () => {
  it('have the name and the text that Kubernetes gives them', () => {
    // The first golden vector of the reference, as 1.34 and later write it.
    const container = {
      image: 'test',
      imagePullPolicy: 'Always',
      name: 'test',
      resources: {},
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
    } as const
    const situation = new Situation({
      replicas: 0,
      selector: { matchLabels: { app: 'foo' } },
      template: {
        metadata: { annotations: { test: 'value' }, labels: { app: 'foo' } },
        spec: {
          containers: [container],
          dnsPolicy: 'ClusterFirst',
          restartPolicy: 'Always',
          schedulerName: 'default-scheduler',
          securityContext: {},
          terminationGracePeriodSeconds: 30,
        },
      },
    })
    situation.sync()
    const [revision] = situation.api.live.list('ControllerRevision')
    expect(revision?.metadata.name).toBe('web-776999688b')
    expect(revision?.metadata.labels).toEqual({ app: 'foo', 'controller.kubernetes.io/hash': '776999688b' })
  })

  it('step aside when their name is taken by other data', () => {
    const situation = new Situation({ replicas: 0 })
    const twin = converged({ replicas: 0 })
    const [taken] = twin.api.live.list('ControllerRevision')
    if (taken === undefined) throw new Error('no revision')
    situation.api.put({ ...taken, metadata: { ...taken.metadata, labels: { app: 'stranger' }, ownerReferences: [] }, data: { spec: {} } })
    situation.sync()
    expect(situation.set.status.collisionCount).toBe(1)
    const made = situation.api.live.list('ControllerRevision').find(({ metadata }) => metadata.labels?.['app'] === 'web')
    expect(made?.metadata.name).not.toBe(taken.metadata.name)
    // Only the name is made anew; the label keeps the first hash.
    expect(`web-${made?.metadata.labels?.['controller.kubernetes.io/hash'] ?? ''}`).toBe(taken.metadata.name)
  })

  it('AdoptOrphanRevisions: orphans that match are adopted first', () => {
    const situation = converged({ replicas: 0 })
    const [revision] = situation.api.live.list('ControllerRevision')
    if (revision === undefined) throw new Error('no revision')
    situation.api.change(
      'ControllerRevision',
      revision.metadata.name,
      ({ metadata: { ownerReferences: _owner, ...metadata }, ...rest }) => ({ ...rest, metadata }),
    )
    expect(situation.sync().writes).toEqual([`patch ControllerRevision ${revision.metadata.name}`])
    expect(situation.revisions()).toEqual([1])
  })

  it('that a Pod still uses are kept', () => {
    const situation = converged({ revisionHistoryLimit: 0, updateStrategy: { type: 'OnDelete' } })
    for (const version of [2, 3]) {
      situation.update({ template: template(`nginx:${String(version)}`) })
      situation.converge()
    }
    // 1 is used by Pods, 3 is the update revision.
    expect(situation.revisions()).toEqual([1, 3])
  })

  it('that are neither current nor newest are kept as long as one Pod has them', () => {
    const situation = converged({ revisionHistoryLimit: 0, updateStrategy: { type: 'OnDelete' } })
    situation.update({ template: template('nginx:2') })
    situation.gone('web-2')
    situation.converge()
    situation.update({ template: template('nginx:3') })
    situation.converge()
    expect(situation.revisions()).toEqual([1, 2, 3])
    situation.gone('web-2')
    situation.converge()
    expect(situation.revisions()).toEqual([1, 3])
  })

  it('HonorRevisionHistoryLimit: the history is cut although the status cannot be written', () => {
    const situation = converged({ revisionHistoryLimit: 1, replicas: 0 })
    situation.api.refuse = refusing((command) => command.kind === 'ReplaceObject' && command.subresource === 'status', forbid)
    for (let version = 2; version < 8; version += 1) {
      situation.update({ template: template(`nginx:${String(version)}`) })
      situation.sync()
      expect(situation.revisions().length).toBeLessThanOrEqual(3)
    }
  })
})

describe('stale caches', () => {
  it('refuses a sync until its own writes are seen', () => {
    const situation = new Situation()
    situation.api.freezeCache()
    situation.sync()
    const refused = situation.sync()
    expect(refused.writes).toEqual([])
    expect(refused.outcome.error?.message).toContain('does not show its own last write')
    expect(waitsFor(refused)).toEqual(['CacheStale default/www-web-0'])
    situation.api.thawCache()
    expect(situation.sync().outcome.error).toBeUndefined()
    expect(situation.api.memoryOf(key)).toBeDefined()
    situation.sync()
    expect(situation.api.memoryOf(key)).toBeUndefined()
  })

  it('goes on when what it wrote is gone for good', () => {
    const situation = new Situation({ volumeClaimTemplates: [] })
    situation.sync()
    situation.gone('web-0')
    expect(podWrites(situation.sync())).toEqual(['create Pod web-0'])
  })

  it('with or without protection deletes by name: a cache that shows the former Pod costs its successor a restart', () => {
    const situation = converged({ volumeClaimTemplates: [] }, makeStatefulSetController({ staleReadProtection: false }))
    situation.api.freezeCache('Pod')
    situation.gone('web-2')
    const successor = situation.api.pod('web-1')
    if (successor === undefined) throw new Error('no Pod')
    situation.api.put({ ...successor, metadata: { ...successor.metadata, name: 'web-2', uid: 'successor' } })
    situation.update({ template: template('nginx:2') })
    expect(podWrites(situation.sync())).toEqual(['delete Pod web-2'])
    expect(situation.api.pod('web-2')?.metadata.uid).toBe('successor')
    expect(situation.api.pod('web-2')?.metadata.deletionTimestamp).toBeDefined()
  })

  it('without protection creates again what it does not see, in vain and without Events', () => {
    const situation = new Situation({ volumeClaimTemplates: [] }, makeStatefulSetController({ staleReadProtection: false }))
    situation.api.freezeCache('Pod')
    situation.sync()
    const again = situation.sync()
    expect(again.outcome.error?.reason).toBe('AlreadyExists')
    expect(again.events).toEqual([])
  })

  it('creates a claim again that it does not see: an error for the Pod, no Event for the claim', () => {
    const situation = converged({ replicas: 1 }, makeStatefulSetController({ staleReadProtection: false }))
    situation.api.remove('PersistentVolumeClaim', 'www-web-0')
    situation.api.freezeCache('PersistentVolumeClaim')
    situation.gone('web-0')
    situation.sync()
    situation.gone('web-0')
    const again = situation.sync()
    expect(again.events).toEqual([
      'Warning FailedCreate Create Pod web-0 in StatefulSet web failed error: failed to create PVC www-web-0: persistentvolumeclaims "www-web-0" already exists',
    ])
  })

  it('takes a Pod that is gone already for deleted', () => {
    const situation = converged({ volumeClaimTemplates: [] })
    situation.api.freezeCache('Pod')
    situation.gone('web-2')
    situation.update({ replicas: 2 })
    const observed = situation.sync()
    expect(podWrites(observed)).toEqual(['delete Pod web-2'])
    expect(observed.outcome.error).toBeUndefined()
  })

  it('tries a status again with the newer set of the cache', () => {
    const situation = new Situation({ replicas: 0 })
    let refusals = 0
    situation.api.refuse = (command) => {
      if (command.kind !== 'ReplaceObject' || command.subresource !== 'status' || refusals > 0) return undefined
      refusals += 1
      situation.api.change('StatefulSet', 'web', (set) => ({ ...set, metadata: { ...set.metadata, annotations: { by: 'somebody else' } } }))
      return undefined
    }
    const observed = situation.sync()
    expect(observed.outcome.error).toBeUndefined()
    expect(situation.set.metadata.annotations).toEqual({ by: 'somebody else' })
    expect(situation.set.status.observedGeneration).toBe(1)
  })
})

describe('which notifications wake which sets', () => {
  const situation = converged()
  const reader = situation.api.live
  const pod = situation.api.pod('web-0')
  if (pod === undefined) throw new Error('no Pod')
  const onPod = statefulSetController.watches.Pod
  const newer = (changes: Partial<Pod['metadata']>): Pod => ({ ...pod, metadata: { ...pod.metadata, resourceVersion: '9999', ...changes } })
  const { ownerReferences: _owner, ...withoutOwner } = pod.metadata
  const orphaned: Pod = { ...pod, metadata: { ...withoutOwner, resourceVersion: '9999' } }

  test.each([
    { name: 'AddPod', notification: { type: 'ADDED', object: pod, old: undefined }, keys: [key] },
    { name: 'AddPodOrphan', notification: { type: 'ADDED', object: orphaned, old: undefined }, keys: [key] },
    {
      name: 'AddPodNoSet',
      notification: { type: 'ADDED', object: { ...orphaned, metadata: { ...orphaned.metadata, labels: { app: 'x' } } }, old: undefined },
      keys: [],
    },
    { name: 'UpdatePod', notification: { type: 'MODIFIED', object: newer({}), old: pod }, keys: [key] },
    { name: 'UpdatePodWithSameVersion', notification: { type: 'MODIFIED', object: pod, old: pod }, keys: [] },
    { name: 'UpdatePodRelease', notification: { type: 'MODIFIED', object: orphaned, old: pod }, keys: [key, key] },
    {
      name: 'UpdatePodOrphanWithNewLabels',
      notification: {
        type: 'MODIFIED',
        object: orphaned,
        old: { ...orphaned, metadata: { ...orphaned.metadata, resourceVersion: '1', labels: {} } },
      },
      keys: [key],
    },
    {
      name: 'an orphan without a change of labels',
      notification: { type: 'MODIFIED', object: orphaned, old: { ...orphaned, metadata: { ...orphaned.metadata, resourceVersion: '1' } } },
      keys: [],
    },
    { name: 'DeletePod', notification: { type: 'DELETED', object: pod, old: pod }, keys: [key] },
    { name: 'DeletePodOrphan', notification: { type: 'DELETED', object: orphaned, old: orphaned }, keys: [] },
    {
      name: 'a Pod of a former set of that name',
      notification: {
        type: 'ADDED',
        object: newer({ ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'former', controller: true }] }),
        old: undefined,
      },
      keys: [],
    },
  ] as const)('$name', ({ notification, keys }) => {
    expect(onPod?.(notification, reader).map((wake) => wake.key)).toEqual(keys)
  })

  it('wakes a set for each of its own changes', () => {
    const { set } = situation
    expect(statefulSetController.watches.StatefulSet?.({ type: 'MODIFIED', object: set, old: set }, reader)).toEqual([{ key }])
  })
})

describe('what is shared', () => {
  it('a Pod shares the parts of the template that made it', () => {
    const situation = new Situation({ volumeClaimTemplates: [] })
    situation.sync()
    const { containers, volumes } = situation.api.pod('web-0')?.spec ?? {}
    expect(volumes).toBe(situation.set.spec.template.spec.volumes)
    expect(containers).toBe(situation.set.spec.template.spec.containers)
  })
})

describe('when a set is looked at', () => {
  const { watches } = statefulSetController
  const nobodyElse = new FakeApi().live

  it('some milliseconds after it was made, so that a budget made with it finds no Pods', () => {
    const set = converged({ volumeClaimTemplates: [] }).api.live.get('StatefulSet', 'default', 'web')
    if (set === undefined) throw new Error('no set')
    expect(watches.StatefulSet?.({ type: 'ADDED', object: set, old: undefined }, nobodyElse)).toEqual([{ key: 'default/web', afterMs: 14 }])
    expect(watches.StatefulSet?.({ type: 'MODIFIED', object: set, old: set }, nobodyElse)).toEqual([{ key: 'default/web' }])
  })
})
