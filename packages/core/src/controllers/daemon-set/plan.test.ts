import { describe, expect, it } from 'vitest'
import type { DaemonSet, Node, PodTemplateSpec } from '../../api/generated/types.js'
import { timestampOf } from '../../kernel/sim-time.js'
import { FakeApi } from '../../testing/fake-api.js'
import { aMetadata, aNode, aTemplate } from '../../testing/workload-builders.js'
import { daemonSetController } from './controller.js'
import { daemonTolerations, fitnessOf } from './node-fitness.js'

const aDaemonSet = (spec: Partial<DaemonSet['spec']> = {}, template: PodTemplateSpec = aTemplate()): DaemonSet => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: aMetadata('DaemonSet', 'agent', { annotations: { 'deprecated.daemonset.template.generation': '1' } }),
  spec: {
    selector: { matchLabels: { app: 'nginx' } },
    template,
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    ...spec,
  },
  status: { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 },
})

const clusterWith = (set: DaemonSet, nodes: readonly Node[] = [aNode('node-1'), aNode('node-2'), aNode('node-3')]): FakeApi => {
  const api = new FakeApi()
  api.put(set)
  for (const node of nodes) api.put(node)
  return api
}
const sync = (api: FakeApi): ReturnType<FakeApi['sync']> => api.sync(daemonSetController, 'default/agent')
const setOf = (api: FakeApi): DaemonSet => {
  const set = api.live.get('DaemonSet', 'default', 'agent')
  if (set === undefined) throw new Error('there is a DaemonSet')
  return set
}
/** desired, current, ready, updated, available */
const countsOf = (api: FakeApi): readonly (number | undefined)[] => {
  const { desiredNumberScheduled, currentNumberScheduled, numberReady, updatedNumberScheduled, numberAvailable } = setOf(api).status
  return [desiredNumberScheduled, currentNumberScheduled, numberReady, updatedNumberScheduled, numberAvailable]
}
const startAll = (api: FakeApi): void => {
  for (const pod of api.live.list('Pod')) {
    if (pod.status.phase !== 'Pending') continue
    const nodeName =
      pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchFields?.[0]
        ?.values?.[0] ?? ''
    api.put({
      ...pod,
      spec: { ...pod.spec, nodeName },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: timestampOf(0) }] },
    })
  }
}
const endTerminating = (api: FakeApi): void => {
  for (const pod of api.live.list('Pod'))
    if (pod.metadata.deletionTimestamp !== undefined) api.put({ ...pod, status: { ...pod.status, phase: 'Succeeded', conditions: [] } })
}
const updateImage = (api: FakeApi, image: string): void =>
  api.change('DaemonSet', 'agent', (set) => ({
    ...set,
    metadata: { ...set.metadata, generation: 2, annotations: { 'deprecated.daemonset.template.generation': '2' } },
    spec: { ...set.spec, template: aTemplate(image) },
  }))

describe('a DaemonSet', () => {
  it('keeps its version under the template hash and makes a Pod for each node', () => {
    const api = clusterWith(aDaemonSet())
    expect(sync(api).writes).toMatchObject([
      expect.stringMatching(/^create ControllerRevision agent-[4-9bcdf]+$/),
      'create Pod agent-',
      'create Pod agent-',
      'create Pod agent-',
      'write status of DaemonSet agent',
    ])
    expect(countsOf(api)).toEqual([3, 3, 0, 3, undefined])
    const [pod] = api.live.list('Pod')
    const [revision] = api.live.list('ControllerRevision')
    expect(pod?.metadata.labels).toEqual({
      app: 'nginx',
      'controller-revision-hash': revision?.metadata.labels?.['controller-revision-hash'],
      'pod-template-generation': '1',
    })
    expect(pod?.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution).toEqual({
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-1'] }] }],
    })
    expect(revision).toMatchObject({ revision: 1, metadata: { name: `agent-${revision?.metadata.labels?.['controller-revision-hash']}` } })
  })

  it('counts what is ready', () => {
    const api = clusterWith(aDaemonSet())
    sync(api)
    startAll(api)
    sync(api)
    expect(countsOf(api)).toEqual([3, 3, 3, 3, 3])
    expect(setOf(api).status).not.toHaveProperty('numberUnavailable')
    expect(sync(api).writes).toEqual([])
  })

  it('is updated node by node, the next when the new Pod is ready', () => {
    const api = clusterWith(aDaemonSet())
    sync(api)
    startAll(api)
    sync(api)
    updateImage(api, 'nginx:1.28')
    const steps: string[] = []
    for (let round = 0; round < 12; round += 1) {
      const { writes } = sync(api)
      steps.push(...writes.filter((write) => write.includes('Pod')))
      endTerminating(api)
      if (writes.length === 0) startAll(api)
    }
    expect(steps.map((step) => step.split(' ')[0])).toEqual(['delete', 'create', 'delete', 'create', 'delete', 'create'])
    expect(countsOf(api)).toEqual([3, 3, 3, 3, 3])
    expect(
      api.live
        .list('ControllerRevision')
        .map(({ revision }) => revision)
        .sort((one, other) => one - other),
    ).toEqual([1, 2])
  })

  it('with OnDelete replaces only what somebody deletes', () => {
    const api = clusterWith(aDaemonSet({ updateStrategy: { type: 'OnDelete' } }))
    sync(api)
    startAll(api)
    sync(api)
    updateImage(api, 'nginx:1.28')
    expect(sync(api).writes.filter((write) => write.includes('Pod'))).toEqual([])
    const [first = ''] = api.podNames()
    api.remove('Pod', first)
    expect(sync(api).writes.filter((write) => write.includes('Pod'))).toEqual(['create Pod agent-'])
  })

  it('uses an old version again with a higher number', () => {
    const api = clusterWith(aDaemonSet({ updateStrategy: { type: 'OnDelete' } }))
    sync(api)
    updateImage(api, 'nginx:1.28')
    sync(api)
    updateImage(api, 'nginx:1.27')
    sync(api)
    expect(
      api.live
        .list('ControllerRevision')
        .map(({ revision }) => revision)
        .sort((one, other) => one - other),
    ).toEqual([2, 3])
  })

  it('replaces a failed Pod, more slowly each time', () => {
    const api = clusterWith(aDaemonSet(), [aNode('node-1')])
    const delays: (number | undefined)[] = []
    for (let round = 0; round < 3; round += 1) {
      sync(api)
      startAll(api)
      for (const pod of api.live.list('Pod')) api.put({ ...pod, status: { phase: 'Failed' } })
      const observed = sync(api)
      delays.push(observed.outcome.requeueAfterMs)
      api.now += observed.outcome.requeueAfterMs ?? 0
      sync(api)
      for (const name of api.podNames()) api.remove('Pod', name)
    }
    expect(delays).toEqual([undefined, 1_000, 2_000])
  })

  it('does nothing while it is being deleted', () => {
    const set = aDaemonSet()
    const api = clusterWith({ ...set, metadata: { ...set.metadata, deletionTimestamp: timestampOf(0) } })
    expect(sync(api).writes).toEqual([])
  })
})

describe('a node', () => {
  const noSchedule = [{ key: 'own', effect: 'NoSchedule' as const }]
  const noExecute = [{ key: 'own', effect: 'NoExecute' as const }]
  const rows: readonly (readonly [string, PodTemplateSpec['spec'], Node, readonly [boolean, boolean]])[] = [
    // template, node → a Pod is made there, a Pod may stay there
    ['like any other', { containers: [] }, aNode('node-1'), [true, true]],
    ['with another name', { containers: [], nodeName: 'node-2' }, aNode('node-1'), [false, false]],
    ['without the label', { containers: [], nodeSelector: { disk: 'ssd' } }, aNode('node-1'), [false, false]],
    ['with the label', { containers: [], nodeSelector: { disk: 'ssd' } }, aNode('node-1', {}, { labels: { disk: 'ssd' } }), [true, true]],
    ['that takes no more Pods', { containers: [] }, aNode('node-1', { taints: noSchedule }), [false, true]],
    ['that drives Pods out', { containers: [] }, aNode('node-1', { taints: noExecute }), [false, false]],
    [
      'that is cordoned',
      { containers: [] },
      aNode('node-1', { taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] }),
      [true, true],
    ],
    [
      'that is lost',
      { containers: [] },
      aNode('node-1', { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }] }),
      [true, true],
    ],
  ]
  it.each(rows)('%s', (_what, spec, node, [shouldRun, shouldContinueRunning]) => {
    expect(fitnessOf(aDaemonSet({}, { metadata: { labels: { app: 'nginx' } }, spec }), node)).toEqual({ shouldRun, shouldContinueRunning })
  })
})

describe('the tolerations of a daemon', () => {
  it('come in the order of the real cluster, after its own', () => {
    const keys = daemonTolerations({ containers: [], hostNetwork: true, tolerations: [{ key: 'own', operator: 'Exists' }] }).map(
      ({ key }) => key?.split('/').at(-1),
    )
    expect(keys).toEqual([
      'own',
      'not-ready',
      'unreachable',
      'disk-pressure',
      'memory-pressure',
      'pid-pressure',
      'unschedulable',
      'network-unavailable',
    ])
  })
})
