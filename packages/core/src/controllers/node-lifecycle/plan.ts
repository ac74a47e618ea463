/**
 * Watches the heartbeats of nodes, says when one is lost, and taints. Keys: `monitor`, `taints NODE`, `evictions ZONE`, `registered NODE UID`,
 * `removed NODE UID`, `pod NAMESPACE/NAME`. Follows pkg/controller/nodelifecycle/node_lifecycle_controller.go.
 *
 * Differs from Kubernetes: the monitor sleeps while every node reports, and wakes at the ticks at which it would have noticed something.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Node, NodeCondition, Pod, Taint } from '../../api/generated/types.js'
import { splitKey } from '../../api/object.js'
import type { EventSubject } from '../../cluster/api-commands.js'
import type { Reader } from '../../cluster/reader.js'
import { lastHeartbeatOf, machineOf, type World } from '../../cluster/world.js'
import { isJsonObject, type Json } from '../../kernel/json.js'
import { simTimeOf, timestampOf, type SimTime } from '../../kernel/sim-time.js'
import { isNodeReady, nodeCondition, notReadyTaint, unreachableTaint, unschedulableTaint } from '../../resources/node/queries.js'
import { conditionOf } from '../../resources/pod/queries.js'
import type { Plan, PlanContext, Waiting } from '../controller.js'
import { conditionPatch } from '../pod-condition-patch.js'
import { replace, report } from '../requests.js'
import type { Steps } from '../steps.js'
import { evictionPauseMs, zoneOf } from './zones.js'

export interface NodeLifecycleSettings {
  readonly nodeMonitorPeriodMs: number
  readonly nodeMonitorGraceMs: number
}

/** A node that never reported is given this long. */
const startupGraceMs = 60_000

/** The next tick of the monitor at or after that time. */
export const tickAtOrAfter = (time: SimTime, periodMs: number): SimTime => Math.ceil(time / periodMs) * periodMs

const nodeSubject = (name: string, uid: string): EventSubject => ({
  involved: { apiVersion: 'v1', kind: 'Node', namespace: '', name, uid },
})

/** Follows RecordNodeEvent in pkg/controller/util/node/controller_utils.go. */
function* tellOfNode(name: string, uid: string, reason: string, event: string): Steps<void> {
  yield { kind: 'RecordEvent', about: nodeSubject(name, uid), type: 'Normal', reason, message: `Node ${name} event: ${event}` }
}

// ---- Pods of a lost node

/** Only the Ready condition: the containers may well be running. Follows MarkPodsNotReady. */
function* markPodNotReady(pod: Pod, now: SimTime): Steps<void> {
  const ready = conditionOf(pod, 'Ready')
  if (ready === undefined || ready.status === 'False') return
  const answer = yield {
    kind: 'PatchObject',
    target: { kind: 'Pod', namespace: pod.metadata.namespace ?? '', name: pod.metadata.name },
    patchType: 'strategic',
    patch: conditionPatch(pod, { type: 'Ready', status: 'False', lastTransitionTime: timestampOf(now) }),
    subresource: 'status',
  }
  if (E.isRight(answer)) yield* report(pod, { type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' })
}

// ---- the monitor

const watchedConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

/** All four conditions in one write. Follows tryUpdateNodeHealth. */
const withUnknownConditions = (node: Node, now: SimTime): Node => {
  const stamp = timestampOf(now)
  const before = node.status.conditions ?? []
  const changed = before.map((condition): NodeCondition =>
    !watchedConditions.includes(condition.type) || condition.status === 'Unknown'
      ? condition
      : {
          ...condition,
          status: 'Unknown',
          reason: 'NodeStatusUnknown',
          message: 'Kubelet stopped posting node status.',
          lastTransitionTime: stamp,
        },
  )
  const missing = watchedConditions
    .filter((type) => !before.some((condition) => condition.type === type))
    .map((type): NodeCondition => ({
      type,
      status: 'Unknown',
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
      lastHeartbeatTime: node.metadata.creationTimestamp,
      lastTransitionTime: stamp,
    }))
  return { ...node, status: { ...node.status, conditions: [...changed, ...missing] } }
}

/** When the monitor gives the node up, if it hears nothing more; undefined while it reports. */
const givenUpAt = (
  node: Node,
  world: World,
  now: SimTime,
  { nodeMonitorPeriodMs, nodeMonitorGraceMs }: NodeLifecycleSettings,
): SimTime | undefined => {
  const name = node.metadata.name
  const machine = machineOf(world, name)
  if (machine === undefined) {
    if (nodeCondition(node, 'Ready') !== undefined) return undefined
    return tickAtOrAfter((simTimeOf(node.metadata.creationTimestamp) ?? now) + startupGraceMs, nodeMonitorPeriodMs)
  }
  if (machine.heartbeatsLost === undefined) return undefined
  // The last heartbeat was noticed by the tick that followed it; the grace period counts from there.
  return tickAtOrAfter(tickAtOrAfter(lastHeartbeatOf(world, name, now) ?? 0, nodeMonitorPeriodMs) + nodeMonitorGraceMs, nodeMonitorPeriodMs)
}

function* giveUp(node: Node, reader: Reader, now: SimTime): Steps<void> {
  const wasReady = isNodeReady(node)
  const written = yield* replace<'Node'>(withUnknownConditions(node, now), 'status')
  if (E.isLeft(written) || !wasReady) return
  const { name, uid } = node.metadata
  yield {
    kind: 'RecordEvent',
    about: nodeSubject(name, uid),
    type: 'Normal',
    reason: 'NodeNotReady',
    message: `Node ${name} status is now: NodeNotReady`,
  }
  for (const pod of reader.podsOnNode(name)) yield* markPodNotReady(pod, now)
}

const isOurs = (taint: Taint): boolean => taint.key === notReadyTaint || taint.key === unreachableTaint
export const evicts = (taint: Taint): boolean => isOurs(taint) && taint.effect === 'NoExecute'

function* writeTaints(node: Node, taints: readonly Taint[]): Steps<void> {
  yield {
    kind: 'PatchObject',
    target: { kind: 'Node', namespace: '', name: node.metadata.name },
    patchType: 'merge',
    // A taint is plain JSON; its type is an interface, which TypeScript does not take for JSON.
    patch: { spec: { taints: taints.length === 0 ? null : (taints as unknown as Json) } },
  }
}

/** Follows monitorNodeHealth. */
function* planMonitor({ reader, world, now }: PlanContext, settings: NodeLifecycleSettings): Plan {
  const { nodeMonitorPeriodMs } = settings
  // The monitor looks only at its ticks.
  if (now % nodeMonitorPeriodMs !== 0) return { requeueAfterMs: tickAtOrAfter(now, nodeMonitorPeriodMs) - now }
  const nodes = reader.list('Node')
  const waitingFor: Waiting[] = []
  let nextAt: SimTime | undefined
  for (const node of nodes) {
    const at = givenUpAt(node, world, now, settings)
    const isUnknown = nodeCondition(node, 'Ready')?.status === 'Unknown'
    if (at !== undefined && !isUnknown) {
      if (at <= now) yield* giveUp(node, reader, now)
      else {
        nextAt = nextAt === undefined ? at : Math.min(nextAt, at)
        waitingFor.push({ kind: 'NodeSilent', on: node.metadata.name, because: 'its kubelet does not report' })
      }
    }
    // Follows markNodeAsReachable and, when every zone is lost, handleDisruption: nobody is evicted any more.
    const taints = node.spec.taints ?? []
    if (taints.some(evicts) && (isNodeReady(node) || nodes.every((other) => !isNodeReady(other))))
      yield* writeTaints(
        node,
        taints.filter((taint) => !evicts(taint)),
      )
  }
  return nextAt === undefined ? {} : { requeueAfterMs: Math.max(1, nextAt - now), waitingFor }
}

// ---- taints

const conditionTaints: readonly { readonly type: string; readonly status: string; readonly key: string }[] = [
  { type: 'Ready', status: 'False', key: notReadyTaint },
  { type: 'Ready', status: 'Unknown', key: unreachableTaint },
  { type: 'MemoryPressure', status: 'True', key: 'node.kubernetes.io/memory-pressure' },
  { type: 'DiskPressure', status: 'True', key: 'node.kubernetes.io/disk-pressure' },
  { type: 'NetworkUnavailable', status: 'True', key: 'node.kubernetes.io/network-unavailable' },
  { type: 'PIDPressure', status: 'True', key: 'node.kubernetes.io/pid-pressure' },
]
const managedTaints: ReadonlySet<string> = new Set([...conditionTaints.map(({ key }) => key), unschedulableTaint])

/** The NoSchedule taints that a node in this condition carries. */
const wantedTaints = (node: Node): readonly string[] => [
  ...conditionTaints.filter(({ type, status }) => nodeCondition(node, type)?.status === status).map(({ key }) => key),
  ...(node.spec.unschedulable === true ? [unschedulableTaint] : []),
]

const isManaged = (taint: Taint): boolean => taint.effect === 'NoSchedule' && managedTaints.has(taint.key)

export const hasRightTaints = (node: Node): boolean => {
  const wanted = wantedTaints(node)
  const present = (node.spec.taints ?? []).filter(isManaged)
  return present.length === wanted.length && present.every(({ key }) => wanted.includes(key))
}

/** Follows doNoScheduleTaintingPass: what is to be added comes first, what is to go in a second write. */
function* planTaints({ reader, now }: PlanContext, name: string): Plan {
  const node = reader.get('Node', '', name)
  if (node === undefined) return {}
  const wanted = wantedTaints(node)
  const before = node.spec.taints ?? []
  const missing = wanted.filter((key) => !before.some((taint) => isManaged(taint) && taint.key === key))
  const added = [...before, ...missing.map((key): Taint => ({ effect: 'NoSchedule', key, timeAdded: timestampOf(now) }))]
  if (missing.length > 0) yield* writeTaints(node, added)
  const kept = added.filter((taint) => !isManaged(taint) || wanted.includes(taint.key))
  if (kept.length < added.length) yield* writeTaints(node, kept)
  return {}
}

/** The NoExecute taint that a lost node should carry. */
const evictionTaint = (node: Node): string | undefined => {
  const status = nodeCondition(node, 'Ready')?.status
  return status === 'Unknown' ? unreachableTaint : status === 'False' ? notReadyTaint : undefined
}

export const awaitsEviction = (node: Node): boolean => {
  const key = evictionTaint(node)
  return key !== undefined && !(node.spec.taints ?? []).some((taint) => evicts(taint) && taint.key === key)
}

const sinceWhen = (node: Node): string => nodeCondition(node, 'Ready')?.lastTransitionTime ?? ''
const byLoss = (left: Node, right: Node): number =>
  sinceWhen(left) < sinceWhen(right) ? -1 : sinceWhen(left) > sinceWhen(right) ? 1 : left.metadata.name < right.metadata.name ? -1 : 1

/** Follows doNoExecuteTaintingPass: one node at a time, at the pace that the state of the zone allows; one key in place of the other at once. */
function* planEvictions({ reader, now, memory }: PlanContext, zone: string): Plan {
  const nodes = reader.list('Node')
  const lost = nodes.filter((node) => zoneOf(node) === zone && awaitsEviction(node)).sort(byLoss)
  if (lost.length === 0) return {}
  const pause = evictionPauseMs(zone, nodes)
  const waitingFor: readonly Waiting[] = lost.map(({ metadata }) => ({
    kind: 'EvictionsHeld',
    on: metadata.name,
    because: 'nodes are given up one at a time, and none while too many are down',
  }))
  if (pause === undefined) return { waitingFor }
  const lastAt = isJsonObject(memory) && typeof memory['lastAt'] === 'number' ? memory['lastAt'] : -pause
  const swapped = lost.filter((node) => (node.spec.taints ?? []).some(evicts))
  const fresh = lost.filter((node) => !swapped.includes(node))
  const mayTaint = now - lastAt >= pause
  const [next] = mayTaint ? fresh : []
  for (const node of next === undefined ? swapped : [...swapped, next]) {
    const key = evictionTaint(node)
    if (key === undefined) continue
    yield* writeTaints(node, [
      ...(node.spec.taints ?? []).filter((taint) => !evicts(taint)),
      { effect: 'NoExecute', key, timeAdded: timestampOf(now) },
    ])
  }
  const rest = next === undefined ? fresh.length : fresh.length - 1
  const at = next === undefined ? lastAt : now
  return {
    memory: { lastAt: at },
    ...(rest === 0 ? undefined : { requeueAfterMs: Math.max(1, at + pause - now), waitingFor: waitingFor.slice(-rest) }),
  }
}

// ---- one Pod

/** A Pod that came to a lost node is marked too. Follows doPodProcessing. */
function* planPod({ reader, now }: PlanContext, key: string): Plan {
  const { namespace, name } = splitKey(key)
  const pod = reader.get('Pod', namespace, name)
  const node = reader.get('Node', '', pod?.spec.nodeName ?? '')
  if (pod !== undefined && node !== undefined && nodeCondition(node, 'Ready') !== undefined && !isNodeReady(node))
    yield* markPodNotReady(pod, now)
  return {}
}

function* planTelling(key: string, reason: string, sentence: (name: string) => string): Plan {
  const blank = key.indexOf(' ')
  const name = key.slice(0, blank)
  yield* tellOfNode(name, key.slice(blank + 1), reason, sentence(name))
  return {}
}

export const makeNodeLifecyclePlan =
  (settings: NodeLifecycleSettings) =>
  (context: PlanContext): Plan => {
    const blank = context.key.indexOf(' ')
    const [sort, rest] = blank < 0 ? [context.key, ''] : [context.key.slice(0, blank), context.key.slice(blank + 1)]
    switch (sort) {
      case 'taints':
        return planTaints(context, rest)
      case 'evictions':
        return planEvictions(context, rest)
      case 'pod':
        return planPod(context, rest)
      case 'registered':
        return planTelling(rest, 'RegisteredNode', (name) => `Registered Node ${name} in Controller`)
      case 'removed':
        return planTelling(rest, 'RemovingNode', (name) => `Removing Node ${name} from Controller`)
      default:
        return planMonitor(context, settings)
    }
  }
