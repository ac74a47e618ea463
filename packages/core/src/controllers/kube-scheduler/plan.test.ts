import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { Kinds, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodSpec } from '../../api/generated/types.js'
import { conflict, modifiedMessage } from '../../api/api-status.js'
import type { KubernetesObject } from '../../api/object.js'
import { makeReader } from '../../cluster/make-reader.js'
import { storeOf } from '../../cluster/store.js'
import { initialWorld, recordedSettings } from '../../cluster/world.js'
import { seededChoose } from '../../kernel/choose.js'
import { aMetadata } from '../../testing/workload-builders.js'
import { kubeSchedulerController } from './controller.js'
import { nodesToFind, planScheduling } from './plan.js'
import { heapTop, lnMillionths } from './score.js'

/** Metadata of a kind without namespace. */
const ofCluster = (kind: string, name: string) => {
  const { namespace: _, ...metadata } = aMetadata(kind, name)
  return metadata
}

const aNode = (name: string, spec: Node['spec'] = {}, labels: { readonly [key: string]: string } = {}, cpu = '4'): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { ...ofCluster('Node', name), labels: { 'kubernetes.io/hostname': name, ...labels } },
  spec,
  status: { allocatable: { cpu, memory: '16Gi', pods: '110', 'ephemeral-storage': '100Gi' } },
})

const aPod = (name: string, spec: Partial<PodSpec> & { readonly cpu?: string } = {}, status: Partial<Pod['status']> = {}): Pod => {
  const { cpu, ...rest } = spec
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...aMetadata('Pod', name), labels: { app: 'web' } },
    spec: {
      containers: [{ name: 'web', image: 'nginx', ...(cpu === undefined ? undefined : { resources: { requests: { cpu } } }) }],
      schedulerName: 'default-scheduler',
      ...rest,
    },
    status: { phase: 'Pending', ...status },
  }
}

const aClaim = (
  name: string,
  spec: Partial<PersistentVolumeClaim['spec']> = {},
  annotations: { readonly [key: string]: string } = {},
): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { ...aMetadata('PersistentVolumeClaim', name), annotations },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  status: { phase: 'Pending' },
})

const onNode = (name: string, pod: Pod): Pod => ({ ...pod, spec: { ...pod.spec, nodeName: name } })
const withClaim = (...names: readonly string[]): Partial<PodSpec> => ({
  volumes: names.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
})
const apart: Partial<PodSpec> = {
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' },
      ],
    },
  },
}
const together: Partial<PodSpec> = {
  affinity: {
    podAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels: { app: 'cache' } }, topologyKey: 'kubernetes.io/hostname' },
      ],
    },
  },
}
const evenly = (topologyKey: string): Partial<PodSpec> => ({
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } } },
  ],
})

const readerOf = (objects: readonly KubernetesObject[]) => {
  const stores = new Map(
    ['Pod', 'Node', 'PersistentVolume', 'PersistentVolumeClaim', 'StorageClass', 'StatefulSet', 'Service', 'PodDisruptionBudget'].map(
      (kind) => [kind, storeOf(objects.filter((object) => object.kind === kind))],
    ),
  )
  return makeReader((kind) => stores.get(kind))
}

/** What the cycle of the first Pod given does, in few words. */
const cycle = (
  objects: readonly KubernetesObject[],
  memory?: { readonly [key: string]: unknown },
  now = 0,
  refused: (did: string) => boolean = () => false,
) => {
  const pod = objects.find((object) => object.kind === 'Pod')
  const plan = planScheduling({
    key: `default/${pod?.metadata.name ?? ''}`,
    now,
    reader: readerOf(objects),
    world: initialWorld(recordedSettings),
    choose: seededChoose(1),
    memory: memory as never,
    failures: 0,
  })
  const did: string[] = []
  let said = ''
  let answer = plan.next()
  while (answer.done !== true) {
    const command = answer.value
    if (command.kind === 'RecordEvent') said = `${command.reason}: ${command.message}`
    else if (command.kind === 'BindPod') did.push(`bind ${command.nodeName}`)
    else if (command.kind === 'PatchObject')
      did.push(`patch ${command.target.name} ${JSON.stringify(command.patch).includes('nominatedNodeName') ? 'nomination' : 'condition'}`)
    else if (command.kind === 'ReplaceObject') did.push(`write ${command.object.kind} ${command.object.metadata?.name ?? ''}`)
    else if (command.kind === 'DeleteObject') did.push(`delete ${command.target.name}`)
    else did.push(command.kind)
    answer = plan.next(
      refused(did.at(-1) ?? '') ? E.left(conflict('pods', pod?.metadata.name ?? '', modifiedMessage)) : E.right(pod as Kinds['Pod']),
    )
  }
  return { did, said, outcome: answer.value }
}

const three = [aNode('node-1'), aNode('node-2'), aNode('node-3')]
const notHelpful = (count: number): string => `${count} Preemption is not helpful for scheduling`
const noVictims = (count: number): string => `${count} No preemption victims found for incoming pod`
const failure = (nodes: number, reasons: string, preemption: string): string =>
  `FailedScheduling: 0/${nodes} nodes are available: ${reasons}. no new claims to deallocate, preemption: 0/${nodes} nodes are available: ${preemption}.`

describe('a Pod that fits nowhere is told why, node by node', () => {
  const rows: readonly (readonly [situation: string, objects: readonly KubernetesObject[], said: string])[] = [
    ['asks for more than any node has', [aPod('p', { cpu: '5' }), ...three], failure(3, '3 Insufficient cpu', notHelpful(3))],
    [
      'others have taken the room',
      [
        aPod('p', { cpu: '3' }),
        onNode('node-1', aPod('a', { cpu: '2' })),
        onNode('node-2', aPod('b', { cpu: '2' })),
        onNode('node-3', aPod('c', { cpu: '2' })),
        ...three,
      ],
      failure(3, '3 Insufficient cpu', noVictims(3)),
    ],
    [
      'a selector that no node has',
      [aPod('p', { nodeSelector: { disk: 'ssd' } }), ...three],
      failure(3, "3 node(s) didn't match Pod's node affinity/selector", notHelpful(3)),
    ],
    [
      'cordoned and tainted nodes',
      [aPod('p', {}), aNode('node-1', { unschedulable: true }), aNode('node-2', { taints: [{ key: 'k', effect: 'NoSchedule' }] })],
      failure(2, '1 node(s) had untolerated taint(s), 1 node(s) were unschedulable', notHelpful(2)),
    ],
    [
      'each node has one already',
      [aPod('p', apart), onNode('node-1', aPod('a', apart)), onNode('node-2', aPod('b', apart)), aNode('node-1'), aNode('node-2')],
      failure(2, "2 node(s) didn't match pod anti-affinity rules", noVictims(2)),
    ],
    [
      'those there do not want it',
      [aPod('p'), onNode('node-1', aPod('a', apart)), aNode('node-1')],
      failure(1, "1 node(s) didn't satisfy existing pods anti-affinity rules", noVictims(1)),
    ],
    [
      'wants to be near somebody who is nowhere',
      [aPod('p', together), ...three],
      failure(3, "3 node(s) didn't match pod affinity rules", notHelpful(3)),
    ],
    [
      'would stand out too much',
      [
        aPod('p', { ...evenly('kubernetes.io/hostname'), nodeSelector: { a: 'b' } }),
        onNode('node-1', aPod('a')),
        aNode('node-1', {}, { a: 'b' }),
        aNode('node-2', { unschedulable: true }, { a: 'b' }),
      ],
      failure(
        2,
        "1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable",
        `${noVictims(1)}, ${notHelpful(1)}`,
      ),
    ],
    [
      'nodes without the label to spread by',
      [aPod('p', evenly('zone')), ...three],
      failure(3, "3 node(s) didn't match pod topology spread constraints (missing required label)", notHelpful(3)),
    ],
    [
      'the host port is taken',
      [
        aPod('p', { containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort: 80 }] }] }),
        onNode('node-1', aPod('a', { containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort: 80 }] }] })),
        aNode('node-1'),
      ],
      failure(1, "1 node(s) didn't have free ports for the requested pod ports", noVictims(1)),
    ],
    [
      'a node is asked for by name and is full',
      [
        aPod('p', {
          cpu: '9',
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-2'] }] }],
              },
            },
          },
        }),
        ...three,
      ],
      failure(3, "1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]", notHelpful(3)),
    ],
    [
      'it may not preempt',
      [aPod('p', { cpu: '5', preemptionPolicy: 'Never' }), aNode('node-1')],
      'FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
    ],
    ['no nodes at all', [aPod('p')], 'FailedScheduling: no nodes available to schedule pods'],
    [
      'its claim is missing',
      [aPod('p', withClaim('www')), ...three],
      'FailedScheduling: 0/3 nodes are available: persistentvolumeclaim "www" not found. not found',
    ],
    [
      'its claim is not bound',
      [aPod('p', withClaim('www')), aClaim('www'), ...three],
      'FailedScheduling: 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found',
    ],
    [
      'its claim is going',
      [
        aPod('p', withClaim('www')),
        { ...aClaim('www'), metadata: { ...aClaim('www').metadata, deletionTimestamp: 't' } } as KubernetesObject,
        ...three,
      ],
      'FailedScheduling: 0/3 nodes are available: persistentvolumeclaim "www" is being deleted. not found',
    ],
  ]
  it.each(rows)('%s', (_, objects, said) => {
    const result = cycle(objects)
    expect(result.said).toBe(said)
    expect(result.did).toEqual(['patch p condition'])
  })

  it('writes the condition only when it says something new', () => {
    const pod = aPod('p', { cpu: '5' })
    const message = failure(3, '3 Insufficient cpu', notHelpful(3)).slice('FailedScheduling: '.length)
    const told = aPod(
      'p',
      { cpu: '5' },
      { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, observedGeneration: 1 }] },
    )
    expect(cycle([pod, ...three]).did).toEqual(['patch p condition'])
    expect(cycle([told, ...three]).did).toEqual([])
  })
})

describe('a Pod that fits', () => {
  it.each([
    [
      'goes to the emptier node',
      [aPod('p', { cpu: '1' }), onNode('node-1', aPod('a', { cpu: '2' })), aNode('node-1'), aNode('node-2')],
      'node-2',
    ],
    [
      'tolerates the taint that keeps others away',
      [aPod('p', { tolerations: [{ key: 'k', operator: 'Exists' }] }), aNode('node-1', { taints: [{ key: 'k', effect: 'NoSchedule' }] })],
      'node-1',
    ],
    [
      'avoids a node that would rather not',
      [aPod('p'), aNode('node-1', { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] }), aNode('node-2')],
      'node-2',
    ],
    [
      'may be the first of its kind',
      [
        aPod('p', {
          affinity: {
            podAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' },
              ],
            },
          },
        }),
        aNode('node-1'),
      ],
      'node-1',
    ],
    [
      'finished Pods take no room',
      [aPod('p', { cpu: '3' }), onNode('node-1', aPod('a', { cpu: '3' }, { phase: 'Succeeded' })), aNode('node-1')],
      'node-1',
    ],
    ['a promise to itself is no hindrance', [aPod('p', { cpu: '3' }, { nominatedNodeName: 'node-1' }), aNode('node-1')], 'node-1'],
    [
      'a promise to another is',
      [aPod('p', { cpu: '3' }), aPod('q', { cpu: '3' }, { nominatedNodeName: 'node-1' }), aNode('node-1'), aNode('node-2')],
      'node-2',
    ],
  ] as readonly (readonly [string, readonly KubernetesObject[], string])[])('%s', (_, objects, node) => {
    const { did, said } = cycle(objects)
    expect(did).toEqual([`bind ${node}`])
    expect(said).toBe(`Scheduled: Successfully assigned default/p to ${node}`)
  })

  it('spreads the Pods of one set evenly over like nodes', () => {
    const set = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: aMetadata('StatefulSet', 'web'),
      spec: { selector: { matchLabels: { app: 'web' } } },
    } as unknown as KubernetesObject
    const owned = (name: string): Pod => {
      const pod = aPod(name)
      return {
        ...pod,
        metadata: {
          ...pod.metadata,
          ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'StatefulSet-web', controller: true }],
        },
      }
    }
    const placed: Pod[] = []
    for (let ordinal = 0; ordinal < 6; ordinal += 1) {
      const pod = owned(`web-${ordinal}`)
      const [bound = ''] = cycle([pod, ...placed, set, ...three]).did
      placed.push(onNode(bound.slice('bind '.length), pod))
    }
    expect(three.map(({ metadata }) => placed.filter(({ spec }) => spec.nodeName === metadata.name).length)).toEqual([2, 2, 2])
  })

  it('evicts what is less important, and says for whom room is made', () => {
    const important = aPod('p', { cpu: '3', priority: 100 })
    const { did, said } = cycle([
      important,
      onNode('node-1', aPod('a', { cpu: '2' })),
      onNode('node-1', aPod('b', { cpu: '1' })),
      aNode('node-1'),
    ])
    expect(did).toEqual(['patch a condition', 'delete a', 'patch p condition', 'patch p nomination'])
    expect(said).toBe('FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu.')
  })

  it('looks at all of few nodes, and at a part of many', () => {
    expect([3, 99, 100, 200, 1_000, 5_000, 10_000].map(nodesToFind)).toEqual([3, 99, 100, 100, 420, 500, 500])
  })
})

describe('claims that wait for their first consumer', () => {
  const slow = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: ofCluster('StorageClass', 'slow'),
    provisioner: 'example.com/nfs',
    volumeBindingMode: 'WaitForFirstConsumer',
  } as unknown as KubernetesObject
  const claim = aClaim('www', { storageClassName: 'slow' })
  const pod = aPod('p', withClaim('www'))

  it('are given the chosen node; the Pod is bound when its volume is there, at the next look', () => {
    const begun = cycle([pod, claim, slow, aNode('node-1')])
    expect(begun.did).toEqual(['patch p nomination', 'write PersistentVolumeClaim www'])
    expect(begun.outcome.requeueAfterMs).toBe(1_000)
    const memory = begun.outcome.memory as { readonly [key: string]: unknown }
    expect(cycle([pod, claim, slow, aNode('node-1')], memory, 400).outcome.requeueAfterMs).toBe(600)
    const volume = {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: ofCluster('PersistentVolume', 'pv'),
      spec: {},
      status: {},
    } as PersistentVolume
    const boundClaim = aClaim('www', { storageClassName: 'slow', volumeName: 'pv' }, { 'pv.kubernetes.io/bind-completed': 'yes' })
    expect(cycle([pod, boundClaim, volume, slow, aNode('node-1')], memory, 1_000).did).toEqual(['bind node-1'])
  })

  it('are left alone when the node could not be nominated: others would take its room meanwhile', () => {
    const refused = cycle([pod, claim, slow, aNode('node-1')], undefined, 0, (did) => did === 'patch p nomination')
    expect(refused.did).toEqual(['patch p nomination'])
    expect(refused.outcome.requeueAfterMs).toBe(1_000)
    const again = cycle([pod, claim, slow, aNode('node-1')], refused.outcome.memory as { readonly [key: string]: unknown }, 1_000)
    expect(again.did).toEqual(['patch p nomination', 'write PersistentVolumeClaim www'])
  })

  it('cannot be served by a class that makes no volumes', () => {
    const local = { ...slow, provisioner: 'kubernetes.io/no-provisioner' } as KubernetesObject
    expect(cycle([pod, claim, local, aNode('node-1')]).said).toContain("1 node(s) didn't find available persistent volumes to bind")
  })
})

describe('which notification wakes a waiting Pod', () => {
  const watch = kubeSchedulerController.watches
  /** As its last cycle left it: the condition names who rejected it. */
  const rejected = (reasons: string, pod: Pod = aPod('p')): Pod => ({
    ...pod,
    status: {
      ...pod.status,
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: `0/1 nodes are available: 1 ${reasons}. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.`,
        },
      ],
    },
  })
  const full = 'Insufficient cpu'
  const shut = 'node(s) were unschedulable'
  const tainted = 'node(s) had untolerated taint(s)'
  const unlabelled = "node(s) didn't match Pod's node affinity/selector"
  const unwelcome = "node(s) didn't match pod anti-affinity rules"
  const noVolume = "node(s) didn't find available persistent volumes to bind"
  const taint = { key: 'k', effect: 'NoSchedule' } as const
  const node = (spec: Node['spec'] = {}, labels: Readonly<Record<string, string>> = {}): Node => aNode('node-1', spec, labels)
  const avoiding = aPod('p', {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { app: 'a' } }, topologyKey: 'zone' }],
      },
    },
  })
  const labelled = (name: string, labels: Readonly<Record<string, string>>): Pod => {
    const pod = onNode('node-1', aPod(name))
    return { ...pod, metadata: { ...pod.metadata, labels } }
  }
  const woken = (wakes: readonly { readonly key: string }[] | undefined): readonly string[] => (wakes ?? []).map(({ key }) => key)

  it.each([
    ['uncordoned, while its taint is still there', shut, node({ unschedulable: true, taints: [taint] }), node({ taints: [taint] }), true],
    ['cordoned', shut, node(), node({ unschedulable: true }), false],
    ['a taint goes, for a Pod that was kept out by the cordon', shut, node({ taints: [taint] }), node(), false],
    ['a taint goes', tainted, node({ taints: [taint] }), node(), true],
    ['another taint comes', tainted, node({ taints: [taint] }), node({ taints: [taint, { ...taint, key: 'l' }] }), false],
    ['a label that is not asked for', unlabelled, node(), node({}, { c: 'd' }), false],
    ['any taint, for a Pod that lacked room', full, node(), node({ taints: [taint] }), true],
    ['any taint, for a Pod that lacked a volume', noVolume, node(), node({ taints: [taint] }), true],
    ['any label, for a Pod that lacked a volume', noVolume, node(), node({}, { c: 'd' }), true],
    ['any label, for a Pod that lacked room', full, node(), node({}, { c: 'd' }), false],
  ] as const)('a node changes: %s', (_, reasons, old, object, helps) => {
    const pod = rejected(reasons, aPod('p', { nodeSelector: { a: 'b' } }))
    expect(woken(watch.Node?.({ type: 'MODIFIED', object, old }, readerOf([pod])))).toEqual(helps ? ['default/p'] : [])
  })

  it.each([
    ['with room', full, aPod('p'), node(), true],
    ['too small', full, aPod('p', { cpu: '9' }), node(), false],
    ['tainted', tainted, aPod('p'), node({ taints: [taint] }), false],
    ['not as asked for', unlabelled, aPod('p', { nodeSelector: { a: 'b' } }), node(), false],
    ['as asked for', unlabelled, aPod('p', { nodeSelector: { a: 'b' } }), node({}, { a: 'b' }), true],
  ] as const)('a node appears: %s', (_, reasons, pod, object, helps) => {
    expect(woken(watch.Node?.({ type: 'ADDED', object, old: undefined }, readerOf([rejected(reasons, pod)])))).toEqual(
      helps ? ['default/p'] : [],
    )
  })

  it.each([
    ['for a Pod that lacked room', full, aPod('p'), labelled('a', {}), true],
    ['for a Pod that was kept out by a taint', tainted, aPod('p'), labelled('a', {}), false],
    ['one that it avoids', unwelcome, avoiding, labelled('a', { app: 'a' }), true],
    ['one that it does not avoid', unwelcome, avoiding, labelled('a', { app: 'b' }), false],
  ] as const)('a Pod leaves its node: %s', (_, reasons, pod, object, helps) => {
    expect(woken(watch.Pod?.({ type: 'DELETED', object, old: object }, readerOf([rejected(reasons, pod)])))).toEqual(
      helps ? ['default/p'] : [],
    )
  })

  it('not when another Pod is placed that it avoids anyway', () => {
    const object = labelled('a', { app: 'a' })
    expect(woken(watch.Pod?.({ type: 'MODIFIED', object, old: aPod('a') }, readerOf([rejected(unwelcome, avoiding)])))).toEqual([])
  })

  it('not when its own condition changes', () => {
    const old = aPod('p')
    const object = rejected(full, old)
    expect(woken(watch.Pod?.({ type: 'MODIFIED', object, old }, readerOf([object])))).toEqual([])
  })

  it('when its claim appears', () => {
    const pod = rejected('persistentvolumeclaim "www" not found', aPod('p', withClaim('www')))
    expect(woken(watch.PersistentVolumeClaim?.({ type: 'ADDED', object: aClaim('www'), old: undefined }, readerOf([pod])))).toEqual([
      'default/p',
    ])
  })

  it('the highest priority first, then whoever waits longest', () => {
    const at = (resourceVersion: string, pod: Pod): Pod => rejected(full, { ...pod, metadata: { ...pod.metadata, resourceVersion } })
    const pods = [at('12', aPod('a')), at('9', aPod('b')), at('13', aPod('c', { priority: 9 }))]
    expect(woken(watch.Node?.({ type: 'ADDED', object: aNode('node-9'), old: undefined }, readerOf(pods)))).toEqual([
      'default/c',
      'default/b',
      'default/a',
    ])
  })
})

it('reckons logarithms to a millionth without Math.log', () => {
  for (let value = 1; value < 2_000; value += 7) expect(Math.abs(lnMillionths(value) - Math.log(value) * 1_000_000)).toBeLessThan(8)
})

// Of equals the one that Go's container/heap has at its top after Init.
it.each([
  [[5], 0],
  [[5, 5, 5], 0],
  [[4, 5, 5], 1],
  [[4, 4, 5], 2],
  [[4, 4, 5, 5], 3],
  [[4, 5, 4, 5], 1],
  [[5, 5, 5, 5, 5], 0],
  [[4, 4, 5, 5, 4], 3],
] as const)('takes of the scores %j the one at %i', (scores, top) => {
  expect(heapTop(scores, scores.length)).toBe(top)
})
