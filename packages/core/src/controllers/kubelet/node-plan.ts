/**
 * The kubelet and its Node object: registration, conditions, and what was left behind. Heartbeats are no writes here: when a kubelet was last
 * heard follows from the facts (`lastHeartbeatOf` in cluster/world.ts), so that a cluster at rest costs nothing.
 */
// Follows pkg/kubelet/kubelet_node_status.go. Differs from Kubernetes: the Lease is written once, its renewals are facts of the world.
import * as E from 'fp-ts/lib/Either.js'
import type { Node, NodeCondition } from '../../api/generated/types.js'
import type { UnstoredObject } from '../../api/object.js'
import { kubeletReachesApi, machineOf, processesOf, type Machine, type World } from '../../cluster/world.js'
import { keysOf } from '../../kernel/persistent-map.js'
import { microTimestampOf, simTimeOf, timestampOf, type SimTime } from '../../kernel/sim-time.js'
import type { PlanContext, PlanOutcome } from '../controller.js'
import { create, replace } from '../requests.js'
import type { Steps } from '../steps.js'
import { endOrphan } from './end-orphan.js'

/** NodeStatusReportFrequency: what has not changed is reported again after this time. */
const reportMs = 300_000

export function* planNode(context: PlanContext): Steps<PlanOutcome> {
  const { key: name, now, reader, world } = context
  const node = reader.get('Node', '', name)
  const machine = machineOf(world, name)
  if (machine === undefined) return node === undefined ? {} : yield* installMachine(node)
  if (!kubeletReachesApi(machine)) return {}
  const orphans = yield* endOrphans(context, machine)
  const wasRegistered = context.memory === machine.boots
  if (node === undefined)
    return wasRegistered
      ? {
          ...orphans,
          waitingFor: [
            {
              kind: 'NodeNotRegistered',
              on: `Node//${name}`,
              because: 'its object was deleted; the kubelet registers it when it restarts',
            },
          ],
        }
      : { ...orphans, ...(yield* register(machine, now)) }
  const isDue = reportIsDue(node, machine, now, world)
  if (isDue) {
    const reported: Node = { ...node, status: { ...node.status, conditions: conditionsOf(node.status.conditions ?? [], now) } }
    const answer = yield* replace<'Node'>(reported, 'status')
    if (E.isLeft(answer) && answer.left.reason !== 'NotFound') return { ...orphans, error: answer.left, memory: machine.boots }
  }
  return {
    ...orphans,
    memory: machine.boots,
    ...soonest(orphans.requeueAfterMs, world.settings.profile === 'kubelet' ? nextReport(node, now, isDue) : undefined),
  }
}

const soonest = (left: number | undefined, right: number | undefined): PlanOutcome =>
  left === undefined && right === undefined
    ? {}
    : { requeueAfterMs: Math.max(1, Math.min(left ?? Number.MAX_SAFE_INTEGER, right ?? Number.MAX_SAFE_INTEGER)) }

const nextReport = (node: Node, now: SimTime, isDue: boolean): number => (isDue ? now : heartbeatOf(node)) + reportMs - now

const healthy: readonly { readonly type: string; readonly status: string; readonly reason: string; readonly message: string }[] = [
  { type: 'MemoryPressure', status: 'False', reason: 'KubeletHasSufficientMemory', message: 'kubelet has sufficient memory available' },
  { type: 'DiskPressure', status: 'False', reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure' },
  { type: 'PIDPressure', status: 'False', reason: 'KubeletHasSufficientPID', message: 'kubelet has sufficient PID available' },
  { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
]

const heartbeatOf = (node: Node): SimTime =>
  simTimeOf(node.status.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime ?? '') ?? 0

/** Something is wrong with what the object says, the kubelet was silent since, or the last report is old. */
const reportIsDue = (node: Node, machine: Machine, now: SimTime, { settings }: World): boolean => {
  const { conditions = [] } = node.status
  if (healthy.some(({ type, status }) => conditions.find((condition) => condition.type === type)?.status !== status)) return true
  const last = heartbeatOf(node)
  if (last < Math.floor(machine.heartbeatsFrom / 1_000) * 1_000) return true
  return settings.profile === 'kubelet' && now - last >= reportMs
}

const conditionsOf = (before: readonly NodeCondition[], now: SimTime): readonly NodeCondition[] => {
  const at = timestampOf(now)
  const foreign = before.filter(({ type }) => !healthy.some((own) => own.type === type))
  const own = healthy.map(({ type, status, reason, message }) => {
    const old = before.find((condition) => condition.type === type)
    const since = old?.status === status ? old.lastTransitionTime : undefined
    return { lastHeartbeatTime: at, lastTransitionTime: since ?? at, message, reason, status, type }
  })
  return [...foreign, ...own]
}

/** Follows registerWithAPIServer: the object with its status, then the Lease. */
function* register(machine: Machine, now: SimTime): Steps<PlanOutcome> {
  const { node: name, address, capacity, labels } = machine
  const amounts = { cpu: '4', 'ephemeral-storage': '100Gi', memory: '16Gi', pods: '110', ...capacity }
  const status: Node['status'] = {
    addresses: [
      { address, type: 'InternalIP' },
      { address: name, type: 'Hostname' },
    ],
    allocatable: amounts,
    capacity: amounts,
    conditions: conditionsOf([], now),
    nodeInfo: {
      architecture: 'amd64',
      bootID: '',
      containerRuntimeVersion: 'containerd://2.2.0',
      kernelVersion: '6.12.0',
      kubeProxyVersion: '',
      kubeletVersion: 'v1.36.3',
      machineID: '',
      operatingSystem: 'linux',
      osImage: 'Debian GNU/Linux 13 (trixie)',
      systemUUID: '',
    },
  }
  const object: UnstoredObject & { readonly kind: 'Node'; readonly status: Node['status'] } = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...labels },
    },
    status,
  }
  const created = yield* create<'Node'>(object)
  if (E.isLeft(created)) return created.left.reason === 'AlreadyExists' ? {} : { error: created.left }
  const lease: UnstoredObject & { readonly kind: 'Lease'; readonly spec: object } = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-node-lease' },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTimestampOf(now) },
  }
  yield* create<'Lease'>(lease)
  return { memory: machine.boots }
}

/** A Node object that says its address but has no machine yet: the machine behind it is there from now on. */
function* installMachine(node: Node): Steps<PlanOutcome> {
  const address = node.status.addresses?.find(({ type }) => type === 'InternalIP')?.address
  const isAlive = node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  if (address === undefined || !isAlive)
    return { waitingFor: [{ kind: 'NoMachine', on: `Node//${node.metadata.name}`, because: 'no machine has this name' }] }
  const { capacity } = node.status
  yield {
    kind: 'ActOnWorld',
    event: {
      kind: 'MachineAdded',
      node: node.metadata.name,
      address,
      labels: node.metadata.labels ?? {},
      ...(capacity === undefined ? undefined : { capacity }),
    },
  }
  return {}
}

/** Processes of Pods whose objects went while the kubelet could not see it. */
function* endOrphans(context: PlanContext, machine: Machine): Steps<PlanOutcome> {
  let soonestMs: number | undefined
  for (const uid of keysOf(machine.pods)) {
    const processes = processesOf(context.world, uid)
    if (processes === undefined) continue
    if (context.reader.get('Pod', processes.namespace, processes.name)?.metadata.uid === uid) continue
    const { requeueAfterMs } = yield* endOrphan(context, processes, false)
    if (requeueAfterMs !== undefined) soonestMs = Math.min(soonestMs ?? requeueAfterMs, requeueAfterMs)
  }
  return soonestMs === undefined ? {} : { requeueAfterMs: soonestMs }
}
