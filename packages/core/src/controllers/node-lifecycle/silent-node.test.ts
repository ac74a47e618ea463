import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { Node, Toleration } from '../../api/generated/types.js'
import type { UnstoredObject } from '../../api/object.js'
import type { ClusterCommand } from '../../cluster/commands.js'
import { actOnWorld, attachedNodesOf } from '../../cluster/world.js'
import { recordedClusterSettings } from '../../simulation/default-controllers.js'
import { createSimulation } from '../../simulation/create-simulation.js'
import type { Simulation } from '../../simulation/simulation.js'
import { attachDetachController } from '../attach-detach/controller.js'
import { taintEvictionController } from '../taint-eviction/controller.js'
import { toleratedFor } from '../taint-eviction/plan.js'
import { makeNodeLifecycleController } from './controller.js'
import { tickAtOrAfter } from './plan.js'
import { evictionPauseMs, zoneStateOf } from './zones.js'

const node = (name: string, ready: boolean, zone?: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name,
    uid: name,
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { ...(zone === undefined ? undefined : { 'topology.kubernetes.io/zone': zone }) },
  },
  spec: {},
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }] },
})
const nodes = (ready: number, down: number, zone?: string): readonly Node[] =>
  Array.from({ length: ready + down }, (_, index) => node(`${zone ?? 'n'}-${index}`, index < ready, zone))

describe('how a zone fares', () => {
  it.each([
    [3, 0, 'normal', 10_000],
    [2, 1, 'normal', 10_000],
    [1, 2, 'normal', 10_000],
    [1, 3, 'partly disrupted', undefined],
    [0, 3, 'fully disrupted', undefined],
    [20, 40, 'partly disrupted', 100_000],
    [40, 20, 'normal', 10_000],
  ] as const)('%i ready and %i lost nodes: %s', (ready, down, state, pause) => {
    expect(zoneStateOf(nodes(ready, down))).toBe(state)
    expect(evictionPauseMs('', nodes(ready, down))).toBe(pause)
  })

  it('a lost zone is given up as long as another one lives', () => {
    expect(evictionPauseMs(':a', [...nodes(0, 3, 'a'), ...nodes(3, 0, 'b')])).toBe(10_000)
  })
})

describe('how long a Pod bears its taints', () => {
  const unreachable = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' } as const
  const tolerating = (...tolerations: readonly Toleration[]) => ({ spec: { containers: [], tolerations } }) as never
  it.each([
    ['not at all', tolerating(), undefined],
    ['forever', tolerating({ key: unreachable.key, operator: 'Exists' }), 'forever'],
    ['for five minutes', tolerating({ key: unreachable.key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }), 300_000],
    ['negative seconds count as none', tolerating({ operator: 'Exists', tolerationSeconds: -3 }), 0],
    ['another value is not tolerated', tolerating({ key: unreachable.key, operator: 'Equal', value: 'x' }), undefined],
  ])('%s', (_, pod, expected) => expect(toleratedFor(pod, [unreachable])).toBe(expected))
})

const submit = (simulation: Simulation, command: ClusterCommand): void => {
  const answer = simulation.submit(command)
  if (E.isLeft(answer)) throw new Error(answer.left.message)
}
const make = (simulation: Simulation, object: object): void => {
  submit(simulation, { kind: 'CreateObject', object: object as UnstoredObject })
}

const cluster = (): Simulation => {
  const settings = { ...recordedClusterSettings, nodeMonitorPeriodMs: 5_000, nodeMonitorGraceMs: 50_000 }
  const simulation = createSimulation({
    seed: 1,
    settings,
    controllers: [makeNodeLifecycleController(settings), taintEvictionController, attachDetachController],
  })
  make(simulation, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } })
  make(simulation, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } })
  for (const name of ['node-1', 'node-2']) {
    submit(simulation, actOnWorld({ kind: 'MachineAdded', node: name, address: '192.0.2.1' }))
    make(simulation, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }] },
    })
  }
  return simulation
}
const aPod = (name: string, nodeName: string, claimName?: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: {
    nodeName,
    containers: [{ name: 'c', image: 'nginx:1.27' }],
    tolerations: [{ key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }],
    ...(claimName === undefined ? undefined : { volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] }),
  },
})
const taintsOf = (simulation: Simulation, name: string): string =>
  (simulation.reader().get('Node', '', name)?.spec.taints ?? []).map(({ key, effect }) => `${key.split('/')[1] ?? ''}:${effect}`).join(' ')
const told = (simulation: Simulation, reason: string): readonly string[] =>
  simulation
    .reader()
    .list('Event')
    .filter((event) => event.reason === reason)
    .map(({ message }) => message ?? '')

describe('a node that falls silent', () => {
  it('is given up after the grace period, tainted, and its Pods are deleted when their patience ends', () => {
    const simulation = cluster()
    make(simulation, aPod('web-0', 'node-1'))
    submit(simulation, {
      kind: 'PatchObject',
      target: { kind: 'Pod', namespace: 'default', name: 'web-0' },
      patchType: 'merge',
      patch: { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
      subresource: 'status',
    })
    simulation.runUntil(7_000)
    submit(simulation, actOnWorld({ kind: 'NodePartitioned', node: 'node-1' }))
    simulation.runUntil(59_999)
    expect(taintsOf(simulation, 'node-1')).toBe('')
    simulation.runUntil(60_100)
    expect(
      simulation
        .reader()
        .get('Node', '', 'node-1')
        ?.status.conditions?.find(({ type }) => type === 'Ready'),
    ).toMatchObject({ status: 'Unknown', reason: 'NodeStatusUnknown' })
    expect(taintsOf(simulation, 'node-1')).toBe('unreachable:NoSchedule unreachable:NoExecute')
    expect(told(simulation, 'NodeNotReady')).toEqual(
      expect.arrayContaining(['Node node-1 status is now: NodeNotReady', 'Node is not ready']),
    )
    simulation.runUntil(89_000)
    expect(simulation.reader().get('Pod', 'default', 'web-0')?.metadata.deletionTimestamp).toBeUndefined()
    simulation.runUntil(91_000)
    const pod = simulation.reader().get('Pod', 'default', 'web-0')
    expect(pod?.metadata.deletionTimestamp).toBeDefined()
    expect(pod?.status.conditions?.at(-1)).toMatchObject({ type: 'DisruptionTarget', reason: 'DeletionByTaintManager' })
    expect(told(simulation, 'TaintManagerEviction')).toEqual(['Marking for deletion Pod default/web-0'])
  })

  it('is welcomed back: the taints go, and so does the threat to its Pods', () => {
    const simulation = cluster()
    make(simulation, aPod('web-0', 'node-1'))
    simulation.runUntil(1_000)
    submit(simulation, actOnWorld({ kind: 'NodePartitioned', node: 'node-1' }))
    simulation.runUntil(70_000)
    submit(simulation, actOnWorld({ kind: 'NodeReconnected', node: 'node-1' }))
    submit(simulation, {
      kind: 'PatchObject',
      target: { kind: 'Node', namespace: '', name: 'node-1' },
      patchType: 'merge',
      patch: { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
      subresource: 'status',
    })
    simulation.runUntil(70_100)
    expect(taintsOf(simulation, 'node-1')).toBe('unreachable:NoExecute')
    simulation.runUntil(75_100)
    expect(taintsOf(simulation, 'node-1')).toBe('')
    expect(told(simulation, 'TaintManagerEviction')).toEqual(['Cancelling deletion of Pod default/web-0'])
  })

  it('costs nothing while all report', () => {
    const simulation = cluster()
    simulation.runUntil(1_000)
    const { seq } = simulation.state()
    simulation.runUntil(3_600_000)
    expect([simulation.state().seq, simulation.nextDueAt()]).toEqual([seq, undefined])
  })
})

it('a cordon is a taint, too', () => {
  const simulation = cluster()
  const cordon = (unschedulable: boolean | null): void =>
    submit(simulation, {
      kind: 'PatchObject',
      target: { kind: 'Node', namespace: '', name: 'node-1' },
      patchType: 'merge',
      patch: { spec: { unschedulable } },
    })
  cordon(true)
  simulation.runUntil(100)
  expect(taintsOf(simulation, 'node-1')).toBe('unschedulable:NoSchedule')
  cordon(null)
  simulation.runUntil(200)
  expect(taintsOf(simulation, 'node-1')).toBe('')
})

it('ticks are whole multiples of the period', () =>
  expect([0, 1, 5_000, 5_001].map((time) => tickAtOrAfter(time, 5_000))).toEqual([0, 5_000, 5_000, 10_000]))

describe('a disk for one node', () => {
  const disk = 'vol-1'
  const withDisk = (): Simulation => {
    const simulation = cluster()
    make(simulation, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '', volumeName: 'pv' },
    })
    const claim = simulation.reader().get('PersistentVolumeClaim', 'default', 'data')
    make(simulation, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'pv' },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        claimRef: { namespace: 'default', name: 'data', uid: claim?.metadata.uid },
        csi: { driver: 'ebs.csi.aws.com', volumeHandle: disk },
      },
    })
    make(simulation, aPod('a', 'node-1', 'data'))
    simulation.runUntil(100)
    return simulation
  }
  const attached = (simulation: Simulation): readonly string[] => attachedNodesOf(simulation.state().cluster.world, disk)

  it('is attached where its Pod is, and not to two nodes at once', () => {
    const simulation = withDisk()
    expect(attached(simulation)).toEqual(['node-1'])
    expect(told(simulation, 'SuccessfulAttachVolume')).toEqual(['AttachVolume.Attach succeeded for volume "pv" '])
    make(simulation, aPod('b', 'node-2', 'data'))
    simulation.runUntil(1_000)
    expect(attached(simulation)).toEqual(['node-1'])
    expect(told(simulation, 'FailedAttachVolume')).toEqual(['Multi-Attach error for volume "pv" Volume is already used by pod(s) a'])
    submit(simulation, {
      kind: 'DeleteObject',
      target: { kind: 'Pod', namespace: 'default', name: 'a' },
      options: { gracePeriodSeconds: 0 },
    })
    simulation.runUntil(2_000)
    expect(attached(simulation)).toEqual(['node-2'])
  })

  it('waits while it cannot be detached', () => {
    const simulation = withDisk()
    submit(simulation, actOnWorld({ kind: 'BehaviourSet', behaviour: { kind: 'DetachStuck', volumes: 'pv' } }))
    submit(simulation, {
      kind: 'DeleteObject',
      target: { kind: 'Pod', namespace: 'default', name: 'a' },
      options: { gracePeriodSeconds: 0 },
    })
    make(simulation, aPod('b', 'node-2', 'data'))
    simulation.runUntil(10_000)
    expect(attached(simulation)).toEqual(['node-1'])
    submit(simulation, actOnWorld({ kind: 'BehaviourCleared', behaviour: 'DetachStuck', target: 'pv' }))
    simulation.runUntil(12_000)
    expect(attached(simulation)).toEqual(['node-2'])
  })
})
