/**
 * A history: a small cluster, one StatefulSet, and what people and bad luck do to it. Plain data, so that a failing one can be pasted into a
 * test as it was printed. Steps name Pods and nodes by position, so that they stay applicable when other steps are left out.
 */
import type { UnstoredObject } from '../api/object.js'
import type { Pod, StatefulSet } from '../api/generated/types.js'
import type { ApiFault } from '../cluster/engine-events.js'
import type { ClusterCommand } from '../cluster/commands.js'
import type { ClusterSettings } from '../cluster/state.js'
import type { WorldEvent } from '../cluster/world-events.js'
import { containerCrash, containerCrashLoop, healContainerCrashLoop } from '../faults/container-crash.js'
import { nodeCrash } from '../faults/node-crash.js'
import { healProbeFailure, probeFailure } from '../faults/probe-failure.js'
import { healSlowStart, slowStart } from '../faults/slow-start.js'
import { actOnWorld, machineOf } from '../cluster/world.js'
import { keysOf } from '../kernel/persistent-map.js'
import { bootstrap } from '../simulation/bootstrap.js'
import { defaultClusterSettings, makeControllers } from '../simulation/default-controllers.js'
import { createSimulation } from '../simulation/create-simulation.js'
import type { Simulation, SimulationOptions } from '../simulation/simulation.js'

export interface SetShape {
  readonly replicas: number
  readonly policy: 'OrderedReady' | 'Parallel'
  readonly strategy: 'RollingUpdate' | 'OnDelete'
  readonly start: number
  readonly partition: number
  readonly minReadySeconds: number
  readonly claims: 'none' | 'immediate' | 'waiting'
  readonly whenDeleted: 'Retain' | 'Delete'
  readonly whenScaled: 'Retain' | 'Delete'
  /** With a readiness probe, so that Pods can become unready. */
  readonly probed: boolean
  readonly revisionHistoryLimit: number
}

export type OutsideStep =
  | { readonly kind: 'Wait'; readonly ms: number }
  | { readonly kind: 'Scale'; readonly replicas: number }
  | { readonly kind: 'SetTemplate'; readonly version: number }
  | { readonly kind: 'SetPartition'; readonly partition: number }
  | { readonly kind: 'SetRetention'; readonly whenDeleted: 'Retain' | 'Delete'; readonly whenScaled: 'Retain' | 'Delete' }
  | { readonly kind: 'DeletePod'; readonly pod: number; readonly graceSeconds?: number }
  | { readonly kind: 'DeleteClaim'; readonly claim: number }
  | { readonly kind: 'DeleteSet'; readonly policy: 'Background' | 'Foreground' | 'Orphan' }
  | { readonly kind: 'CreateSet' }
  | { readonly kind: 'RelabelPod'; readonly pod: number; readonly app: string }
  | { readonly kind: 'Cordon' | 'Uncordon' | 'Drain'; readonly node: number }
  | {
      readonly kind: 'CrashNode' | 'RestartNode' | 'PartitionNode' | 'ReconnectNode' | 'HangKubelet' | 'ResumeKubelet'
      readonly node: number
    }
  | { readonly kind: 'CrashContainer' | 'CrashLoop' | 'FailProbe' | 'HealPods' | 'SlowStart'; readonly pod: number }
  | { readonly kind: 'CrashController' | 'RestartController'; readonly controller: string }
  | { readonly kind: 'Lag'; readonly controller: string; readonly objectKind: string; readonly lagMs: number }
  | { readonly kind: 'Fault'; readonly fault: ApiFault; readonly times: number; readonly controller: string }

export interface History {
  readonly seed: number
  readonly nodes: number
  readonly set: SetShape
  readonly steps: readonly OutsideStep[]
}

const namespace = 'default'
const setName = 'web'

/** Three Pods and nothing else: what a test is about is said beside it. */
export const plainSet: SetShape = {
  replicas: 3,
  policy: 'OrderedReady',
  strategy: 'RollingUpdate',
  start: 0,
  partition: 0,
  minReadySeconds: 0,
  claims: 'none',
  whenDeleted: 'Retain',
  whenScaled: 'Retain',
  probed: false,
  revisionHistoryLimit: 10,
}

export const setObject = (shape: SetShape): UnstoredObject => {
  const spec = {
    replicas: shape.replicas,
    serviceName: setName,
    podManagementPolicy: shape.policy,
    minReadySeconds: shape.minReadySeconds,
    revisionHistoryLimit: shape.revisionHistoryLimit,
    ordinals: { start: shape.start },
    updateStrategy:
      shape.strategy === 'OnDelete' ? { type: 'OnDelete' } : { type: 'RollingUpdate', rollingUpdate: { partition: shape.partition } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: shape.whenDeleted, whenScaled: shape.whenScaled },
    selector: { matchLabels: { app: setName } },
    template: {
      metadata: { labels: { app: setName } },
      spec: {
        terminationGracePeriodSeconds: 10,
        containers: [
          {
            name: 'main',
            image: 'nginx:1',
            ports: [{ name: 'http', containerPort: 80 }],
            ...(shape.probed ? { readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 2, failureThreshold: 1 } } : undefined),
            ...(shape.claims === 'none' ? undefined : { volumeMounts: [{ name: 'www', mountPath: '/usr/share/nginx/html' }] }),
          },
        ],
      },
    },
    ...(shape.claims === 'none'
      ? undefined
      : {
          volumeClaimTemplates: [
            {
              metadata: { name: 'www' },
              spec: {
                accessModes: ['ReadWriteOnce'],
                storageClassName: shape.claims,
                resources: { requests: { storage: '1Gi' } },
              },
            },
          ],
        }),
  }
  // An object literal is a request like any other: what is wrong with it the API says.
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { namespace, name: setName }, spec } as UnstoredObject
}

const headlessService = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name: setName },
  spec: { clusterIP: 'None', selector: { app: setName }, ports: [{ name: 'http', port: 80 }] },
} as UnstoredObject

export type HistoryOptions = Partial<Pick<SimulationOptions, 'invariants' | 'choose' | 'controllers' | 'keepLog'>> & {
  readonly settings?: ClusterSettings
}

/** The cluster with its set, before the first step. */
export const beginHistory = (history: History, options: HistoryOptions = {}): Simulation => {
  const { settings = defaultClusterSettings, ...rest } = options
  const simulation = createSimulation({ seed: history.seed, settings, controllers: makeControllers(settings), ...rest })
  bootstrap(simulation, {
    nodes: Array.from({ length: history.nodes }, (_, index) => ({ name: `node-${index}` })),
    storageClasses: [
      { name: 'immediate', provisioner: 'pd.csi.storage.gke.io', volumeBindingMode: 'Immediate' },
      { name: 'waiting', provisioner: 'pd.csi.storage.gke.io', volumeBindingMode: 'WaitForFirstConsumer' },
    ],
    dns: false,
  })
  // The machines behind the nodes start up.
  simulation.runUntil(simulation.now() + 10)
  simulation.submit({ kind: 'CreateObject', object: headlessService })
  simulation.submit({ kind: 'CreateObject', object: setObject(history.set) })
  return simulation
}

const at = <T>(items: readonly T[], position: number): T | undefined => (items.length === 0 ? undefined : items[position % items.length])

const podsOf = (simulation: Simulation): readonly Pod[] =>
  simulation
    .reader()
    .list('Pod', namespace)
    .filter(({ metadata }) => metadata.name.startsWith(`${setName}-`))

/** The present shape, with what later steps changed. */
const patchSet = (spec: object): ClusterCommand => ({
  kind: 'PatchObject',
  target: { kind: 'StatefulSet', namespace, name: setName },
  patchType: 'merge',
  // Plain JSON.
  patch: { spec } as unknown as Extract<ClusterCommand, { kind: 'PatchObject' }>['patch'],
})

const patchNode = (name: string, unschedulable: boolean): ClusterCommand => ({
  kind: 'PatchObject',
  target: { kind: 'Node', namespace: '', name },
  patchType: 'merge',
  patch: { spec: { unschedulable: unschedulable ? true : null } },
})

const worldOfNode: Readonly<Record<string, Extract<WorldEvent, { node: string }>['kind']>> = {
  RestartNode: 'NodeRestarted',
  PartitionNode: 'NodePartitioned',
  ReconnectNode: 'NodeReconnected',
  HangKubelet: 'KubeletHung',
  ResumeKubelet: 'KubeletResumed',
}

/** The commands that a step means now; none if it has nothing to act on. */
export const commandsOf = (step: OutsideStep, history: History, simulation: Simulation): readonly ClusterCommand[] => {
  switch (step.kind) {
    case 'Wait':
      return []
    case 'Scale':
      return [patchSet({ replicas: step.replicas })]
    case 'SetTemplate':
      return [patchSet({ template: { metadata: { annotations: { version: String(step.version) } } } })]
    case 'SetPartition':
      return history.set.strategy === 'OnDelete' ? [] : [patchSet({ updateStrategy: { rollingUpdate: { partition: step.partition } } })]
    case 'SetRetention':
      return [patchSet({ persistentVolumeClaimRetentionPolicy: { whenDeleted: step.whenDeleted, whenScaled: step.whenScaled } })]
    case 'DeletePod': {
      const pod = at(podsOf(simulation), step.pod)
      const options = step.graceSeconds === undefined ? {} : { gracePeriodSeconds: step.graceSeconds }
      return pod === undefined ? [] : [{ kind: 'DeleteObject', target: { kind: 'Pod', namespace, name: pod.metadata.name }, options }]
    }
    case 'DeleteClaim': {
      const claim = at(simulation.reader().list('PersistentVolumeClaim', namespace), step.claim)
      return claim === undefined
        ? []
        : [{ kind: 'DeleteObject', target: { kind: 'PersistentVolumeClaim', namespace, name: claim.metadata.name }, options: {} }]
    }
    case 'DeleteSet':
      return [
        { kind: 'DeleteObject', target: { kind: 'StatefulSet', namespace, name: setName }, options: { propagationPolicy: step.policy } },
      ]
    case 'CreateSet':
      return [{ kind: 'CreateObject', object: setObject(history.set) }]
    case 'RelabelPod': {
      const pod = at(podsOf(simulation), step.pod)
      return pod === undefined
        ? []
        : [
            {
              kind: 'PatchObject',
              target: { kind: 'Pod', namespace, name: pod.metadata.name },
              patchType: 'merge',
              patch: { metadata: { labels: { app: step.app } } },
            },
          ]
    }
    case 'Cordon':
    case 'Uncordon':
      return [patchNode(nodeName(step.node, history), step.kind === 'Cordon')]
    case 'Drain': {
      const name = nodeName(step.node, history)
      return [
        patchNode(name, true),
        ...simulation
          .reader()
          .podsOnNode(name)
          .map((pod): ClusterCommand => ({
            kind: 'EvictPod',
            namespace: pod.metadata.namespace ?? '',
            name: pod.metadata.name,
            options: {},
          })),
      ]
    }
    case 'CrashNode':
      return [nodeCrash(nodeName(step.node, history))]
    case 'RestartNode':
    case 'PartitionNode':
    case 'ReconnectNode':
    case 'HangKubelet':
    case 'ResumeKubelet': {
      const kind = worldOfNode[step.kind]
      // The table holds the facts of nodes that need nothing but the name.
      return kind === undefined ? [] : [actOnWorld({ kind, node: nodeName(step.node, history) } as WorldEvent)]
    }
    case 'CrashContainer': {
      const running = podsOf(simulation).filter(({ status }) => status.phase === 'Running')
      const pod = at(running, step.pod)
      return pod === undefined ? [] : [containerCrash({ podUid: pod.metadata.uid, container: 'main' })]
    }
    case 'CrashLoop':
      return [containerCrashLoop({ pods: podName(step.pod, history) })]
    case 'FailProbe':
      return [probeFailure({ pods: podName(step.pod, history), probe: 'readiness' })]
    case 'SlowStart':
      return [slowStart({ pods: podName(step.pod, history), forMs: 5_000 })]
    case 'HealPods':
      return healPod(podName(step.pod, history))
    case 'CrashController':
    case 'RestartController':
      return [{ kind: step.kind, controller: step.controller }]
    case 'Lag':
      return [{ kind: 'SetInformerLag', controller: step.controller, objectKind: step.objectKind, lagMs: step.lagMs }]
    case 'Fault':
      return [{ kind: 'SetApiFault', fault: step.fault, times: step.times, controller: step.controller }]
  }
}

const nodeName = (position: number, { nodes }: History): string => `node-${position % nodes}`
const podName = (position: number, { set }: History): string => `${setName}-${set.start + (position % 5)}`
const healPod = (pods: string): readonly ClusterCommand[] => [healContainerCrashLoop(pods), healProbeFailure(pods), healSlowStart(pods)]

/** One step: what it means now, then half a second, unless it says how long. */
export const takeStep = (step: OutsideStep, history: History, simulation: Simulation): void => {
  if (step.kind === 'Wait') {
    simulation.runUntil(simulation.now() + step.ms)
    return
  }
  for (const command of commandsOf(step, history, simulation)) simulation.submit(command)
}

/** All faults end: machines run and are connected, Pods do as they should, caches are fresh, controllers are up. */
export const heal = (history: History, simulation: Simulation): void => {
  const { cluster } = simulation.state()
  for (const controller of keysOf(cluster.stopped)) simulation.submit({ kind: 'RestartController', controller })
  for (const informer of keysOf(cluster.informerLags)) {
    const [controller = '', objectKind = ''] = informer.split(' ')
    simulation.submit({ kind: 'SetInformerLag', controller, objectKind, lagMs: 0 })
  }
  for (let node = 0; node < history.nodes; node += 1) {
    const name = nodeName(node, history)
    const machine = simulation.state().cluster.world.machines
    if (!keysOf(machine).includes(name)) continue
    simulation.submit(patchNode(name, false))
    for (const kind of ['NodeReconnected', 'KubeletResumed'] as const) simulation.submit(actOnWorld({ kind, node: name }))
    if (isOff(simulation, name)) simulation.submit(actOnWorld({ kind: 'NodeRestarted', node: name }))
  }
  for (let pod = 0; pod < 5; pod += 1) for (const command of healPod(podName(pod, history))) simulation.submit(command)
}

const isOff = (simulation: Simulation, node: string): boolean => machineOf(simulation.state().cluster.world, node)?.power === 'off'

/** The whole history; afterwards the simulation stands after its last step. */
export const runHistory = (history: History, options: HistoryOptions = {}): Simulation => {
  const simulation = beginHistory(history, options)
  for (const step of history.steps) takeStep(step, history, simulation)
  return simulation
}

export const theSet = (simulation: Simulation): StatefulSet | undefined => simulation.reader().get('StatefulSet', namespace, setName)
