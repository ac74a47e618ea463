/**
 * One scheduling cycle and, after it, the binding of one Pod. A key is a Pod that has no node yet. Follows scheduleOne in
 * pkg/scheduler/schedule_one.go.
 *
 * Differs from Kubernetes: Pods are tried in the order in which they are woken (of those woken together the highest priority first), and
 * where more nodes exist than are looked at, the row begins at a drawn node instead of where the last cycle stopped.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/generated/types.js'
import { splitKey } from '../../api/object.js'
import type { Reader } from '../../cluster/reader.js'
import { isJsonObject, type Json } from '../../kernel/json.js'
import { timestampOf, type SimTime } from '../../kernel/sim-time.js'
import { boundByController, selectedNode } from '../../resources/persistent-volume/queries.js'
import { isFullyBound } from '../../resources/persistent-volume-claim/queries.js'
import { claimNamesOf, conditionOf, isTerminal } from '../../resources/pod/queries.js'
import type { Plan, PlanContext, PlanOutcome } from '../controller.js'
import { conditionPatch } from '../pod-condition-patch.js'
import { replace } from '../requests.js'
import type { Steps } from '../steps.js'
import { findVolumeFor, volumeReaches } from '../volume-match.js'
import { fitText, noNodes, preFilterText, truncated, type Rejection } from './failure-text.js'
import { isKnownToDo, prepareFilter, rejectionOf, type FilterState } from './filter.js'
import { preempt } from './preemption.js'
import { bestOf, type FoundNodes } from './score.js'
import { snapshotOf, type NodeInfo, type Snapshot } from './snapshot.js'
import { provisionsOn, volumesOf, type PodVolumes } from './volumes.js'

export const schedulerName = 'default-scheduler'

/** The scheduler looks after the Pod: it waits for a node and asked for nobody else. */
export const isWaitingForUs = (pod: Pod): boolean =>
  (pod.spec.nodeName ?? '') === '' && (pod.spec.schedulerName ?? schedulerName) === schedulerName && !isTerminal(pod)

export const isGated = (pod: Pod): boolean => (pod.spec.schedulingGates ?? []).length > 0

/** Pods that could not be placed are looked at again after so long, whatever happens. Follows DefaultPodMaxInUnschedulablePodsDuration. */
const unschedulableMaxMs = 300_000
const bindPollMs = 1_000
const bindTimeoutMs = 600_000
const backOffFirstMs = 1_000
const backOffMaxMs = 10_000

interface Memory {
  /** Failed calls in a row: the back-off. */
  readonly failures: number
  /** A node was chosen; its claims are being bound. */
  readonly binding?: { readonly uid: string; readonly node: string; readonly since: SimTime; readonly pollAt: SimTime }
}

const memoryOf = (json: Json | undefined): Memory => {
  if (!isJsonObject(json)) return { failures: 0 }
  const { failures, binding } = json
  const known = typeof failures === 'number' ? failures : 0
  if (!isJsonObject(binding)) return { failures: known }
  const { uid, node, since, pollAt } = binding
  return typeof uid === 'string' && typeof node === 'string' && typeof since === 'number' && typeof pollAt === 'number'
    ? { failures: known, binding: { uid, node, since, pollAt } }
    : { failures: known }
}

const backOffMs = (failures: number): number => Math.min(backOffMaxMs, backOffFirstMs * 2 ** Math.min(failures - 1, 4))

// ---- which nodes

const feasibleMin = 100
const percentageMin = 5

/** How many nodes that will do are enough. Follows numFeasibleNodesToFind. */
export const nodesToFind = (nodeCount: number): number => {
  if (nodeCount < feasibleMin) return nodeCount
  const percentage = Math.max(percentageMin, 50 - Math.floor(nodeCount / 125))
  return Math.max(feasibleMin, Math.floor((nodeCount * percentage) / 100))
}

/** Only these nodes are asked for by name, if so. Follows PreFilter in pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go. */
const namedNodes = (pod: Pod): ReadonlySet<string> | undefined => {
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  if (terms === undefined || terms.length === 0) return undefined
  const names = new Set<string>()
  for (const { matchFields = [] } of terms) {
    const lists = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In').map(({ values = [] }) => values)
    const [first] = lists
    if (first === undefined) return undefined
    for (const name of first) if (lists.every((list) => list.includes(name))) names.add(name)
  }
  return names
}

interface Search {
  readonly feasible: FoundNodes
  readonly rejected: readonly { readonly info: NodeInfo; readonly rejection: Rejection }[]
}

// Large clusters have many nodes that will do: their slots are written over those of the last search.
let found = new Int32Array(64)
const nothingFound: Search = { feasible: { slots: found, count: 0 }, rejected: [] }

/** Walks the row from `first` on, and around, until enough nodes are found. */
const findNodes = (slots: Int32Array, first: number, enough: number, state: FilterState, { bySlot }: Snapshot): Search => {
  if (found.length < slots.length) found = new Int32Array(2 * slots.length)
  const rejected: { info: NodeInfo; rejection: Rejection }[] = []
  let count = 0
  let place = first
  for (let left = slots.length; left > 0 && count < enough; left -= 1) {
    const slot = slots[place] ?? 0
    place = place + 1 === slots.length ? 0 : place + 1
    if (!isKnownToDo(state, slot)) {
      const info = bySlot[slot]
      if (info === undefined) continue
      const rejection = rejectionOf(state, info)
      if (rejection !== undefined) {
        rejected.push({ info, rejection })
        continue
      }
    }
    found[count] = slot
    count += 1
  }
  return { feasible: { slots: found, count }, rejected }
}

// ---- what is told

const statusPatch = (status: { readonly [field: string]: Json }): Json => ({ status })

/** Follows handleSchedulingFailure: an Event each time, the condition only when it says something new. */
function* fail(pod: Pod, message: string, now: SimTime, reason: 'Unschedulable' | 'SchedulerError' = 'Unschedulable'): Steps<void> {
  yield {
    kind: 'RecordEvent',
    about: pod,
    type: 'Warning',
    reason: 'FailedScheduling',
    message: truncated(message),
    series: true,
    action: 'Scheduling',
  }
  const before = conditionOf(pod, 'PodScheduled')
  const observedGeneration = pod.metadata.generation ?? 1
  if (
    before?.status === 'False' &&
    before.reason === reason &&
    before.message === message &&
    before.observedGeneration === observedGeneration
  )
    return
  const lastTransitionTime =
    before?.status === 'False' && before.lastTransitionTime !== undefined ? before.lastTransitionTime : timestampOf(now)
  yield {
    kind: 'PatchObject',
    target: { kind: 'Pod', namespace: pod.metadata.namespace ?? '', name: pod.metadata.name },
    patchType: 'strategic',
    patch: conditionPatch(pod, { type: 'PodScheduled', status: 'False', reason, message, lastTransitionTime, observedGeneration }),
    subresource: 'status',
  }
}

const waitingBecause = (pod: Pod, because: string): PlanOutcome => ({
  memory: null,
  requeueAfterMs: unschedulableMaxMs,
  waitingFor: [{ kind: 'PodUnschedulable', on: pod.metadata.name, because }],
})

/** A call went wrong, not the search: tried again after a back-off. */
const tryAgain = (pod: Pod, because: string, { memory }: PlanContext): PlanOutcome => {
  const failures = memoryOf(memory).failures + 1
  return {
    memory: { failures },
    requeueAfterMs: backOffMs(failures),
    waitingFor: [{ kind: 'SchedulerError', on: pod.metadata.name, because }],
  }
}

function* failAndBackOff(pod: Pod, message: string, context: PlanContext): Plan {
  yield* fail(pod, message, context.now, 'SchedulerError')
  return tryAgain(pod, message, context)
}

// ---- binding

function* bindPod(pod: Pod, nodeName: string, context: PlanContext): Plan {
  const { namespace = '', name, uid } = pod.metadata
  const answer = yield { kind: 'BindPod', namespace, name, uid, nodeName }
  if (E.isLeft(answer)) return yield* failAndBackOff(pod, `binding rejected: ${answer.left.message}`, context)
  yield {
    kind: 'RecordEvent',
    about: pod,
    type: 'Normal',
    reason: 'Scheduled',
    message: `Successfully assigned ${namespace}/${name} to ${nodeName}`,
    series: true,
    action: 'Binding',
  }
  return { memory: null }
}

/** Reserves volumes for the claims, or has them made for the node. Follows bindAPIUpdate in the volumebinding plug-in. False: a write was refused. */
function* beginBindingClaims(node: Node, volumes: PodVolumes, reader: Reader): Steps<string | undefined> {
  for (const { claim, volume } of provisionsOn(node, volumes, reader) ?? []) {
    const answer = volume === undefined ? yield* selectNode(claim, node.metadata.name) : yield* reserve(volume, claim)
    if (E.isLeft(answer)) return answer.left.message
  }
  return undefined
}

function* selectNode(claim: PersistentVolumeClaim, nodeName: string): Steps<E.Either<{ readonly message: string }, unknown>> {
  if (claim.metadata.annotations?.[selectedNode] === nodeName) return E.right(claim)
  const chosen: PersistentVolumeClaim = {
    ...claim,
    metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, [selectedNode]: nodeName } },
  }
  return yield* replace(chosen)
}

function* reserve(volume: PersistentVolume, claim: PersistentVolumeClaim): Steps<E.Either<{ readonly message: string }, unknown>> {
  if (volume.spec.claimRef?.uid === claim.metadata.uid) return E.right(volume)
  const { namespace = '', name, uid, resourceVersion } = claim.metadata
  const reserved: PersistentVolume = {
    ...volume,
    metadata: { ...volume.metadata, annotations: { ...volume.metadata.annotations, [boundByController]: 'yes' } },
    spec: { ...volume.spec, claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion } },
  }
  return yield* replace(reserved)
}

/** Everything is bound (true), not yet (false), or it went wrong. Follows checkBindings. */
const claimsAreBound = (pod: Pod, node: Node | undefined, reader: Reader): boolean | string => {
  if (node === undefined) return 'node is gone'
  for (const name of claimNamesOf(pod)) {
    const claim = reader.get('PersistentVolumeClaim', pod.metadata.namespace ?? '', name)
    if (claim === undefined) return `failed to get PVC: persistentvolumeclaim "${name}" not found`
    if (!isFullyBound(claim)) {
      const chosen = claim.metadata.annotations?.[selectedNode]
      const isReserved = chosen === undefined && findVolumeFor(reader, claim, { delayed: true }) !== undefined
      if (chosen === undefined && !isReserved) return `provisioning failed for PVC "${name}"`
      return false
    }
    const bound = reader.get('PersistentVolume', '', claim.spec.volumeName ?? '')
    if (bound === undefined) return false
    if (!volumeReaches(bound, node))
      return `pv "${bound.metadata.name}" node affinity doesn't match node "${node.metadata.name}": no matching NodeSelectorTerms`
  }
  return true
}

/** Follows PreBind: looked at once a second, for ten minutes at most. */
function* waitForClaims(pod: Pod, context: PlanContext, binding: NonNullable<Memory['binding']>): Plan {
  const { now, reader } = context
  if (now < binding.pollAt) return { requeueAfterMs: binding.pollAt - now }
  const done = claimsAreBound(pod, reader.get('Node', '', binding.node), reader)
  if (done === true) return yield* bindPod(pod, binding.node, context)
  const trouble = typeof done === 'string' ? done : now - binding.since >= bindTimeoutMs ? 'context deadline exceeded' : undefined
  if (trouble !== undefined)
    return yield* failAndBackOff(pod, `running PreBind plugin "VolumeBinding": binding volumes: ${trouble}`, context)
  return {
    memory: { failures: 0, binding: { ...binding, pollAt: now + bindPollMs } },
    requeueAfterMs: bindPollMs,
    waitingFor: [{ kind: 'ClaimsBinding', on: pod.metadata.name, because: `volumes are being bound for ${binding.node}` }],
  }
}

function* bindWithVolumes(pod: Pod, node: Node, volumes: PodVolumes, context: PlanContext): Plan {
  const { now, reader } = context
  const name = node.metadata.name
  // The choice is made known before it takes effect: NominatedNodeNameForExpectation.
  // Differs from Kubernetes: other Pods keep clear of what is nominated, not of what one process has assumed; so without it nothing is begun.
  if (pod.status.nominatedNodeName !== name) {
    const nominated = yield {
      kind: 'PatchObject',
      target: { kind: 'Pod', namespace: pod.metadata.namespace ?? '', name: pod.metadata.name },
      patchType: 'strategic',
      patch: statusPatch({ nominatedNodeName: name }),
      subresource: 'status',
    }
    if (E.isLeft(nominated)) return tryAgain(pod, `the nomination of ${name} was refused: ${nominated.left.message}`, context)
  }
  const refused = yield* beginBindingClaims(node, volumes, reader)
  if (refused !== undefined)
    return yield* failAndBackOff(pod, `running PreBind plugin "VolumeBinding": binding volumes: ${refused}`, context)
  return {
    memory: { failures: 0, binding: { uid: pod.metadata.uid, node: name, since: now, pollAt: now + bindPollMs } },
    requeueAfterMs: bindPollMs,
    waitingFor: [{ kind: 'ClaimsBinding', on: pod.metadata.name, because: `volumes are being bound for ${name}` }],
  }
}

// ---- one cycle

function* schedule(pod: Pod, context: PlanContext): Plan {
  const { now, reader, choose } = context
  const snapshot = snapshotOf(reader, pod)
  const { nodes: all, slots: allSlots } = snapshot.row()
  if (all.length === 0) {
    yield* fail(pod, noNodes, now)
    return waitingBecause(pod, noNodes)
  }
  const volumes = volumesOf(pod, reader)
  if (typeof volumes === 'string') {
    const message = preFilterText(all.length, volumes)
    yield* fail(pod, message, now)
    return waitingBecause(pod, message)
  }
  const named = namedNodes(pod)
  const slots = named === undefined ? allSlots : allSlots.filter((_, place) => named.has(all[place]?.name ?? ''))
  const state = prepareFilter(pod, volumes, snapshot, reader)
  const nominated = pod.status.nominatedNodeName
  // Follows evaluateNominatedNode: the node that was cleared for the Pod is tried alone.
  const nominee = nominated === undefined ? undefined : snapshot.byName.get(nominated)
  let { feasible, rejected }: Search =
    nominee !== undefined && slots.includes(nominee.slot) && rejectionOf(state, nominee) === undefined
      ? { feasible: { slots: Int32Array.of(nominee.slot), count: 1 }, rejected: [] }
      : nothingFound
  if (feasible.count === 0) {
    const enough = nodesToFind(slots.length)
    const first = enough < slots.length ? choose({ stream: 'kube-scheduler/start', key: pod.metadata.uid }, slots.length) : 0
    ;({ feasible, rejected } = findNodes(slots, first, enough, state, snapshot))
  }
  if (feasible.count === 0) {
    const neverPreempts = pod.spec.preemptionPolicy === 'Never'
    const absent = { count: all.length - slots.length, reason: "node(s) didn't satisfy plugin(s) [NodeAffinity]" }
    const cleared = neverPreempts ? undefined : yield* preempt(pod, rejected, snapshot, reader, now)
    const message = fitText({
      nodeCount: all.length,
      rejections: rejected.map(({ rejection }) => rejection),
      absent,
      neverPreempts,
      ...(cleared === undefined ? undefined : { cleared: true }),
    })
    yield* fail(pod, message, now)
    if (cleared !== undefined && cleared !== nominated)
      yield {
        kind: 'PatchObject',
        target: { kind: 'Pod', namespace: pod.metadata.namespace ?? '', name: pod.metadata.name },
        patchType: 'strategic',
        patch: statusPatch({ nominatedNodeName: cleared }),
        subresource: 'status',
      }
    return waitingBecause(pod, message)
  }
  const chosen = bestOf(feasible, pod, snapshot, reader, (count) => choose({ stream: 'kube-scheduler/tie', key: pod.metadata.uid }, count))
  if (chosen?.node === undefined) return {}
  return volumes.delayed.length > 0 ? yield* bindWithVolumes(pod, chosen.node, volumes, context) : yield* bindPod(pod, chosen.name, context)
}

export function* planScheduling(context: PlanContext): Plan {
  const { namespace, name } = splitKey(context.key)
  const pod = context.reader.get('Pod', namespace, name)
  if (pod === undefined || !isWaitingForUs(pod)) return { memory: null }
  if (pod.metadata.deletionTimestamp !== undefined) return { memory: null }
  if (isGated(pod))
    return { memory: null, waitingFor: [{ kind: 'SchedulingGated', on: name, because: 'scheduling gates are not removed' }] }
  const { binding } = memoryOf(context.memory)
  if (binding !== undefined && binding.uid === pod.metadata.uid) return yield* waitForClaims(pod, context, binding)
  return yield* schedule(pod, context)
}
