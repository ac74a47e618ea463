/** Keeps one Pod on every node that fits, and replaces old versions node by node. */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { DaemonSet, DaemonSetStatus, Node, Pod } from '../../api/generated/types.js'
import { selectorMatches } from '../../api/label-selector.js'
import { splitKey } from '../../api/object.js'
import { isJsonObject, type Json } from '../../kernel/json.js'
import type { SimTime } from '../../kernel/sim-time.js'
import { isAvailable, isFailed, isReady, isSucceeded, isTerminal, isTerminating } from '../../resources/pod/queries.js'
import type { Plan, PlanContext, Waiting } from '../controller.js'
import { burstReplicas, createPod, deletePod } from '../pod-control.js'
import { newControllerRef, podFromTemplate } from '../pod-from-template.js'
import { claimObjects } from '../claim-objects.js'
import { getLive, isNamespaceTerminating, replace, report } from '../requests.js'
import { slowStart } from '../slow-start.js'
import { aggregateErrors, type Steps } from '../steps.js'
import { findUnseenWrite, noWrittenVersions, type WrittenVersions } from '../written-versions.js'
import { cleanUpHistory, constructHistory, hashLabel, hashOf } from './history.js'
import { affinityToNode, daemonTolerations, fitnessOf, targetNodeOf } from './node-fitness.js'
import { allowsSurge, isUpdated, planRollingUpdate, templateGenerationOf, type PodsByNode } from './rolling-update.js'

type Failure = ApiStatus | undefined

/** How long a failed Pod of a node is left before it is deleted: 1 s, doubled each time, at most 15 min. */
const failedPodDelayMs = 1_000
const failedPodDelayMaxMs = 900_000

interface FailedPods {
  readonly delayMs: number
  readonly lastAt: SimTime
}

interface Sync {
  readonly context: PlanContext
  readonly set: DaemonSet
  readonly nodes: readonly Node[]
  readonly hash: string
  readonly written: WrittenVersions
  /** The back-off of each node on which Pods failed; it changes as the sync goes on. */
  failures: { readonly [nodeName: string]: FailedPods }
  lookAgainAfter: number | undefined
}

// Follows syncDaemonSet in pkg/controller/daemon/daemon_controller.go.
export function* planDaemonSet(context: PlanContext): Plan {
  const { key, reader, memory } = context
  const { namespace, name } = splitKey(key)
  const set = reader.get('DaemonSet', namespace, name)
  if (set === undefined) return { memory: null }
  const { matchLabels = {}, matchExpressions = [] } = set.spec.selector
  if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) {
    const message = 'This daemon set is selecting all pods. A non-empty selector is required.'
    yield* report(set, { type: 'Warning', reason: 'SelectingAll', message })
    return {}
  }
  // What becomes of the history of a set that is being deleted nobody can say: its status is left as it is.
  if (set.metadata.deletionTimestamp !== undefined) return {}
  const history = yield* constructHistory(set, reader)
  if (E.isLeft(history)) return { error: history.left }
  const { written: writtenBefore, failures } = rememberedOf(memory)
  const sync: Sync = {
    context,
    set,
    nodes: reader.list('Node'),
    hash: hashOf(history.right.current),
    written: noWrittenVersions(),
    failures,
    lookAgainAfter: undefined,
  }
  const unseen = yield* findUnseenWrite(writtenBefore, namespace, reader)
  if (unseen !== undefined) {
    // The set's own last writes are not in sight yet: count, and do nothing.
    const error = yield* updateStatus(sync, false)
    const waiting: Waiting = {
      kind: 'StaleCache',
      on: `${namespace}/${unseen.name}`,
      because: 'the DaemonSet controller has not seen its own write yet',
    }
    return { waitingFor: [waiting], ...(error === undefined ? undefined : { error }) }
  }
  const updateError = yield* updateDaemonSet(sync, history.right.old)
  const statusError = yield* updateStatus(sync, true)
  const error = updateError ?? statusError
  return {
    memory: memoryOf(sync),
    waitingFor: waitingOf(sync),
    ...(sync.lookAgainAfter === undefined ? undefined : { requeueAfterMs: sync.lookAgainAfter }),
    ...(error === undefined ? undefined : { error }),
  }
}

const rememberedOf = (memory: Json | undefined): { readonly written: Json | undefined; readonly failures: Sync['failures'] } => {
  if (!isJsonObject(memory)) return { written: undefined, failures: {} }
  // Only this plan writes this memory.
  return { written: memory['written'], failures: (memory['failures'] ?? {}) as unknown as Sync['failures'] }
}

const memoryOf = ({ written, failures }: Sync): Json => {
  const versions = written.toMemory()
  const nodes = Object.entries(failures).map(([nodeName, { delayMs, lastAt }]): [string, Json] => [nodeName, { delayMs, lastAt }])
  return versions === null && nodes.length === 0 ? null : { written: versions, failures: Object.fromEntries(nodes) }
}

// Follows updateDaemonSet in pkg/controller/daemon/daemon_controller.go.
function* updateDaemonSet(sync: Sync, old: Parameters<typeof cleanUpHistory>[1]): Steps<Failure> {
  const manageError = yield* manage(sync)
  if (manageError !== undefined) return manageError
  // What was made or deleted just now must be seen before old versions are touched.
  if (sync.written.toMemory() === null && (sync.set.spec.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate') {
    const updateError = yield* rollingUpdate(sync)
    if (updateError !== undefined) return updateError
  }
  const pods = yield* claimPods(sync)
  return E.isLeft(pods) ? pods.left : yield* cleanUpHistory(sync.set, old, pods.right)
}

function* claimPods({ set, context }: Sync): Steps<E.Either<ApiStatus, readonly Pod[]>> {
  const { namespace } = set.metadata
  const candidates = [
    ...context.reader.ownedBy('Pod', set.metadata.uid),
    ...context.reader.ownedBy('Pod', '').filter((pod) => pod.metadata.namespace === namespace),
  ]
  const { claimed, error } = yield* claimObjects({
    owner: set,
    candidates,
    matches: (pod) => selectorMatches(set.spec.selector, pod.metadata.labels),
  })
  return error === undefined ? E.right(claimed) : E.left(error)
}

/** The set's Pods by the node that they run on or were made for. Pods that have ended and are being deleted are nobody's care any more. */
// Follows getNodesToDaemonPods in pkg/controller/daemon/daemon_controller.go.
function* podsByNode(sync: Sync): Steps<E.Either<ApiStatus, PodsByNode>> {
  const pods = yield* claimPods(sync)
  if (E.isLeft(pods)) return pods
  const byNode = new Map<string, Pod[]>()
  for (const pod of pods.right) {
    if (isTerminal(pod) && isTerminating(pod)) continue
    const nodeName = targetNodeOf(pod.spec)
    if (nodeName !== undefined) byNode.set(nodeName, [...(byNode.get(nodeName) ?? []), pod])
  }
  // In the order of the nodes' names; Kubernetes takes them in no particular order.
  return E.right(new Map([...byNode].sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))))
}

// Follows manage in pkg/controller/daemon/daemon_controller.go.
function* manage(sync: Sync): Steps<Failure> {
  const byNode = yield* podsByNode(sync)
  if (E.isLeft(byNode)) return byNode.left
  const nodesNeedingPods: string[] = []
  const podsToDelete: Pod[] = []
  for (const node of sync.nodes) {
    const pods = byNode.right.get(node.metadata.name)
    const { shouldRun, shouldContinueRunning } = fitnessOf(sync.set, node)
    if (shouldRun && pods === undefined) nodesNeedingPods.push(node.metadata.name)
    else if (shouldContinueRunning) {
      const care = yield* careForNode(sync, node.metadata.name, pods ?? [], shouldRun)
      podsToDelete.push(...care.podsToDelete)
      if (care.needsPod) nodesNeedingPods.push(node.metadata.name)
    } else podsToDelete.push(...(pods ?? []).filter((pod) => !isTerminating(pod)))
  }
  // Pods for nodes that are gone can neither be scheduled nor collected.
  const known = new Set(sync.nodes.map(({ metadata }) => metadata.name))
  for (const [nodeName, pods] of byNode.right) {
    if (!known.has(nodeName)) podsToDelete.push(...pods.filter((pod) => (pod.spec.nodeName ?? '') === ''))
  }
  return yield* syncNodes(sync, podsToDelete, nodesNeedingPods)
}

interface Care {
  readonly podsToDelete: readonly Pod[]
  readonly needsPod: boolean
}

// Follows podsShouldBeOnNode in pkg/controller/daemon/daemon_controller.go, the case of a node where Pods may stay.
function* careForNode(sync: Sync, nodeName: string, pods: readonly Pod[], shouldRun: boolean): Steps<Care> {
  const { set, context, hash } = sync
  const podsToDelete: Pod[] = []
  const running: Pod[] = []
  for (const pod of pods) {
    const { namespace = '', name } = pod.metadata
    if (isTerminating(pod)) continue
    if (isFailed(pod)) {
      if (isHeldBack(sync, nodeName)) continue
      const message = `Found failed daemon pod ${namespace}/${name} on node ${nodeName}, will try to kill it`
      yield* report(set, { type: 'Warning', reason: 'FailedDaemonPod', message })
      podsToDelete.push(pod)
    } else if (isSucceeded(pod)) {
      const message = `Found succeeded daemon pod ${namespace}/${name} on node ${nodeName}, will try to delete it`
      yield* report(set, { type: 'Normal', reason: 'SucceededDaemonPod', message })
      podsToDelete.push(pod)
    } else running.push(pod)
  }
  const [oldest, ...others] = [...running].sort(byPlaceAndAge)
  if (!allowsSurge(set)) return { podsToDelete: [...podsToDelete, ...others], needsPod: false }
  if (others.length === 0) return { podsToDelete, needsPod: oldest === undefined && shouldRun }
  const sorted = oldest === undefined ? others : [oldest, ...others]
  const newest = sorted.filter((pod) => pod.metadata.labels?.[hashLabel] === hash)
  const outdated = sorted.filter((pod) => !newest.includes(pod))
  podsToDelete.push(...newest.slice(1), ...outdated.slice(1))
  const [newPod] = newest
  const [oldPod] = outdated
  if (
    newPod !== undefined &&
    oldPod !== undefined &&
    (!isReady(oldPod) || isAvailable(newPod, set.spec.minReadySeconds ?? 0, context.now))
  ) {
    podsToDelete.push(oldPod)
  }
  return { podsToDelete, needsPod: false }
}

/** Pods that fail again and again on one node are replaced ever more slowly. Follows failedPodsBackoff in pkg/controller/daemon/daemon_controller.go. */
const isHeldBack = (sync: Sync, nodeName: string): boolean => {
  const { now } = sync.context
  const before = sync.failures[nodeName]
  const rest = before === undefined ? 0 : before.lastAt + before.delayMs - now
  if (rest > 0) {
    sync.lookAgainAfter = sync.lookAgainAfter === undefined ? rest : Math.min(sync.lookAgainAfter, rest)
    return true
  }
  // A node that was quiet for twice the longest delay starts afresh.
  const isForgotten = before === undefined || now - before.lastAt > 2 * failedPodDelayMaxMs
  const delayMs = isForgotten ? failedPodDelayMs : Math.min(2 * before.delayMs, failedPodDelayMaxMs)
  sync.failures = { ...sync.failures, [nodeName]: { delayMs, lastAt: now } }
  return false
}

/** On a node first, then older, then by name. Follows podByCreationTimestampAndPhase. */
const byPlaceAndAge = (one: Pod, other: Pod): number => {
  const rank = (pod: Pod): string => `${(pod.spec.nodeName ?? '') === '' ? 1 : 0} ${pod.metadata.creationTimestamp} ${pod.metadata.name}`
  return rank(one) < rank(other) ? -1 : rank(one) > rank(other) ? 1 : 0
}

function* rollingUpdate(sync: Sync): Steps<Failure> {
  const byNode = yield* podsByNode(sync)
  if (E.isLeft(byNode)) return byNode.left
  const { podsToDelete, nodesNeedingPods } = planRollingUpdate(sync.set, sync.nodes, byNode.right, sync.hash, sync.context.now)
  return yield* syncNodes(sync, podsToDelete, nodesNeedingPods)
}

// Follows syncNodes in pkg/controller/daemon/daemon_controller.go.
function* syncNodes(sync: Sync, podsToDelete: readonly Pod[], nodesNeedingPods: readonly string[]): Steps<Failure> {
  const { set, context, written } = sync
  const errors: ApiStatus[] = []
  const createOn = function* (nodeName: string): Steps<Failure> {
    const created = yield* createPod(set, podFor(sync, nodeName))
    if (E.isRight(created)) written.note(created.right)
    else if (!isNamespaceTerminating(created.left)) {
      errors.push(created.left)
      return created.left
    }
    return undefined
  }
  yield* slowStart({
    count: Math.min(nodesNeedingPods.length, burstReplicas),
    initialBatchSize: 1,
    batchSizeMax: burstReplicas,
    call: (index) => {
      const nodeName = nodesNeedingPods[index]
      return nodeName === undefined ? undefined : createOn(nodeName)
    },
    choose: context.choose,
    address: `DaemonSet/${context.key}@${context.now}/create`,
  })
  for (const pod of podsToDelete.slice(0, burstReplicas)) {
    const deleted = yield* deletePod(set, pod)
    if (E.isRight(deleted)) written.note(deleted.right)
    else if (deleted.left.reason !== 'NotFound') errors.push(deleted.left)
  }
  return aggregateErrors(errors)
}

// Follows CreatePodTemplate in pkg/controller/daemon/util/daemonset_util.go.
const podFor = ({ set, hash }: Sync, nodeName: string): ReturnType<typeof podFromTemplate> => {
  const { template } = set.spec
  const generation = templateGenerationOf(set)
  const labels = {
    ...template.metadata?.labels,
    ...(generation === undefined ? undefined : { 'pod-template-generation': generation }),
    ...(hash === '' ? undefined : { [hashLabel]: hash }),
  }
  const spec = {
    ...template.spec,
    tolerations: daemonTolerations(template.spec),
    affinity: affinityToNode(template.spec.affinity, nodeName),
  }
  return podFromTemplate({
    template: { metadata: { ...template.metadata, labels }, spec },
    namespace: set.metadata.namespace ?? '',
    owner: newControllerRef(set),
    generateName: `${set.metadata.name}-`,
  })
}

// Follows updateDaemonSetStatus in pkg/controller/daemon/daemon_controller.go.
function* updateStatus(sync: Sync, raisesGeneration: boolean): Steps<Failure> {
  const byNode = yield* podsByNode(sync)
  if (E.isLeft(byNode)) return byNode.left
  const { set, nodes, hash, context } = sync
  const minReadySeconds = set.spec.minReadySeconds ?? 0
  const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0, updated: 0, available: 0 }
  for (const node of nodes) {
    const pods = byNode.right.get(node.metadata.name) ?? []
    if (!fitnessOf(set, node).shouldRun) {
      counts.misscheduled += pods.length > 0 ? 1 : 0
      continue
    }
    counts.desired += 1
    const [pod] = [...pods].sort(byPlaceAndAge)
    if (pod === undefined) continue
    counts.current += 1
    if (isReady(pod)) {
      counts.ready += 1
      if (isAvailable(pod, minReadySeconds, context.now)) counts.available += 1
    }
    if (isUpdated(set, pod, hash)) counts.updated += 1
  }
  if (minReadySeconds > 0 && counts.ready !== counts.available) {
    sync.lookAgainAfter = Math.min(sync.lookAgainAfter ?? Number.MAX_SAFE_INTEGER, minReadySeconds * 1_000)
  }
  return yield* storeStatus(set, countedStatus(set, counts, raisesGeneration))
}

interface Counts {
  readonly desired: number
  readonly current: number
  readonly misscheduled: number
  readonly ready: number
  readonly updated: number
  readonly available: number
}

const countedStatus = ({ status, metadata: { generation } }: DaemonSet, counts: Counts, raisesGeneration: boolean): DaemonSetStatus => {
  const { collisionCount, conditions, observedGeneration } = status
  const seen = raisesGeneration ? generation : observedGeneration
  const positive = (key: keyof DaemonSetStatus, value: number): { readonly [field: string]: number } =>
    value === 0 ? {} : { [key]: value }
  return {
    currentNumberScheduled: counts.current,
    desiredNumberScheduled: counts.desired,
    numberMisscheduled: counts.misscheduled,
    numberReady: counts.ready,
    ...positive('updatedNumberScheduled', counts.updated),
    ...positive('numberAvailable', counts.available),
    ...positive('numberUnavailable', counts.desired - counts.available),
    ...(seen === undefined ? undefined : { observedGeneration: seen }),
    ...(collisionCount === undefined ? undefined : { collisionCount }),
    ...(conditions === undefined ? undefined : { conditions }),
  }
}

const statusFields = [
  'desiredNumberScheduled',
  'currentNumberScheduled',
  'numberMisscheduled',
  'numberReady',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
] as const

// Follows storeDaemonSetStatus in pkg/controller/daemon/daemon_controller.go: one more try with what is stored by then.
function* storeStatus(set: DaemonSet, status: DaemonSetStatus): Steps<Failure> {
  const isSame = statusFields.every((field) => (set.status[field] ?? 0) === (status[field] ?? 0))
  if (isSame && (set.status.observedGeneration ?? 0) >= (set.metadata.generation ?? 0)) return undefined
  const next = { ...set, status }
  const written = yield* replace(next, 'status')
  if (E.isRight(written)) return undefined
  const live = yield* getLive('DaemonSet', set.metadata.namespace ?? '', set.metadata.name)
  if (E.isLeft(live)) return live.left
  const later = { ...live.right, status }
  const again = yield* replace(later, 'status')
  return E.isLeft(again) ? again.left : undefined
}

const waitingOf = (sync: Sync): readonly Waiting[] => {
  const pods = sync.context.reader.ownedBy('Pod', sync.set.metadata.uid).filter((pod) => !isReady(pod))
  return pods.map(({ metadata: { namespace = '', name } }) => ({
    kind: 'PodNotReady',
    on: `${namespace}/${name}`,
    because: `DaemonSet ${sync.set.metadata.name} counts it only when it is ready`,
  }))
}
