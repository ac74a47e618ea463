/**
 * Keeps as many Pods as are wanted: the one plan of ReplicaSets and ReplicationControllers, as they share their code in Kubernetes too.
 * Follows pkg/controller/replicaset/replica_set.go and replica_set_utils.go.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../api/api-status.js'
import type {
  Pod,
  PodTemplateSpec,
  ReplicaSet,
  ReplicaSetCondition,
  ReplicaSetStatus,
  ReplicationController,
} from '../api/generated/types.js'
import { controllerRefOf, splitKey, type KubernetesObject } from '../api/object.js'
import type { Labels } from '../api/label-selector.js'
import type { Reader } from '../cluster/reader.js'
import { timestampOf, type SimTime } from '../kernel/sim-time.js'
import { availableAt, isActive, isAvailable, isReady, isTerminal, isTerminating } from '../resources/pod/queries.js'
import type { Plan, PlanContext, Waiting } from './controller.js'
import { burstReplicas, createPod, deletePod } from './pod-control.js'
import { newControllerRef, podFromTemplate } from './pod-from-template.js'
import { claimObjects } from './claim-objects.js'
import { podsToDelete } from './rank-for-deletion.js'
import { getLive, isNamespaceTerminating, replace } from './requests.js'
import { semanticallyEqual } from './semantic-equality.js'
import { slowStart } from './slow-start.js'
import type { Steps } from './steps.js'
import { findUnseenWrite, noWrittenVersions, type WrittenVersions } from './written-versions.js'

export type Replicated = ReplicaSet | ReplicationController

export interface ReplicatedKind {
  readonly kind: Replicated['kind']
  readonly selects: (workload: Replicated, labels: Labels | undefined) => boolean
  /** ReplicationControllers have no such field. */
  readonly countsTerminating: boolean
}

interface Sync {
  readonly context: PlanContext
  readonly workload: Replicated
  readonly written: WrittenVersions
}

const initialBatchSize = 1

// Follows syncReplicaSet.
export const planReplicas = ({ kind, selects, countsTerminating }: ReplicatedKind) =>
  function* (context: PlanContext): Plan {
    const { key, reader, memory, now } = context
    const { namespace, name } = splitKey(key)
    const workload = reader.get(kind, namespace, name)
    if (workload === undefined) return { memory: null }
    const unseen = yield* findUnseenWrite(memory, namespace, reader)
    const candidates = [...reader.ownedBy('Pod', workload.metadata.uid), ...orphansIn(reader, namespace)]
    const { claimed, error: claimError } = yield* claimObjects({
      owner: workload,
      candidates: candidates.filter(isActive),
      matches: (pod) => selects(workload, pod.metadata.labels),
    })
    if (claimError !== undefined) return { error: claimError }

    const sync: Sync = { context, workload, written: noWrittenVersions() }
    const mayManage = unseen === undefined && workload.metadata.deletionTimestamp === undefined
    const error = mayManage ? yield* manageReplicas(sync, claimed) : undefined
    const isOurs = (pod: Pod): boolean =>
      controllerRefOf(pod)?.uid === workload.metadata.uid &&
      isTerminating(pod) &&
      !isTerminal(pod) &&
      selects(workload, pod.metadata.labels)
    const status = {
      ...statusOf(workload, claimed, error, now),
      ...(countsTerminating ? { terminatingReplicas: candidates.filter(isOurs).length } : undefined),
    }
    const statusError = yield* writeStatus(workload, status)
    const newMemory = unseen === undefined ? { memory: sync.written.toMemory() } : undefined
    const waitingFor = waitingOf(workload, claimed, unseen?.name)
    if (statusError !== undefined) return { ...newMemory, waitingFor, error: statusError }
    if (error !== undefined) return { ...newMemory, waitingFor, error }
    const nextCheck = nextAvailabilityCheck(workload, claimed, now)
    return { ...newMemory, waitingFor, ...(nextCheck === undefined ? undefined : { requeueAfterMs: nextCheck }) }
  }

/** Pods of the namespace that nobody controls. */
const orphansIn = (reader: Reader, namespace: string): readonly Pod[] =>
  reader.ownedBy('Pod', '').filter((pod) => pod.metadata.namespace === namespace)

const replicasOf = ({ spec }: Replicated): number => spec.replicas ?? 1

const noTemplate: PodTemplateSpec = { spec: { containers: [] } }

// Follows manageReplicas.
function* manageReplicas({ context, workload, written }: Sync, pods: readonly Pod[]): Steps<ApiStatus | undefined> {
  const { key, now, reader, choose } = context
  const excess = pods.length - replicasOf(workload)
  if (excess === 0) return undefined
  let firstError: ApiStatus | undefined
  if (excess < 0) {
    const { name, namespace = '' } = workload.metadata
    const pod = podFromTemplate({
      template: workload.spec.template ?? noTemplate,
      namespace,
      owner: newControllerRef(workload),
      generateName: `${name}-`,
    })
    const call = function* (): Steps<ApiStatus | undefined> {
      const created = yield* createPod(workload, pod)
      if (E.isRight(created)) {
        written.note(created.right)
        return undefined
      }
      // In a namespace that is going away every creation fails: that is no error.
      if (isNamespaceTerminating(created.left)) return undefined
      firstError ??= created.left
      return created.left
    }
    const count = Math.min(-excess, burstReplicas)
    yield* slowStart({
      count,
      initialBatchSize,
      batchSizeMax: burstReplicas,
      call,
      choose,
      address: `${workload.kind}/${key}@${now}/create`,
    })
    return firstError
  }
  const count = Math.min(excess, burstReplicas)
  const condemned = podsToDelete(pods, relatedPods(workload, reader), count, now)
  const call = function* (pod: Pod): Steps<ApiStatus | undefined> {
    const deleted = yield* deletePod(workload, pod)
    if (E.isRight(deleted)) written.note(deleted.right)
    else if (deleted.left.reason !== 'NotFound') firstError ??= deleted.left
    return undefined
  }
  yield* slowStart({
    count: condemned.length,
    initialBatchSize: condemned.length,
    batchSizeMax: burstReplicas,
    call: (index) => {
      const pod = condemned[index]
      return pod === undefined ? undefined : call(pod)
    },
    choose,
    address: `${workload.kind}/${key}@${now}/delete`,
  })
  return firstError
}

/** The active Pods of all ReplicaSets that the same Deployment controls. Follows getIndirectlyRelatedPods. */
const relatedPods = (workload: KubernetesObject, reader: Reader): readonly Pod[] => {
  const owner = controllerRefOf(workload)
  if (owner === undefined || workload.kind !== 'ReplicaSet') return []
  return reader
    .ownedBy('ReplicaSet', owner.uid)
    .filter((sibling) => controllerRefOf(sibling)?.uid === owner.uid)
    .flatMap((sibling) => reader.ownedBy('Pod', sibling.metadata.uid).filter(isActive))
}

// Follows calculateStatus. Counts that are 0 are not written, except `replicas` and `terminatingReplicas`.
const statusOf = (workload: Replicated, pods: readonly Pod[], error: ApiStatus | undefined, now: SimTime): ReplicaSetStatus => {
  const minReadySeconds = workload.spec.minReadySeconds ?? 0
  const templateLabels = Object.entries(workload.spec.template?.metadata?.labels ?? {})
  const fullyLabeled = pods.filter((pod) => templateLabels.every(([label, value]) => pod.metadata.labels?.[label] === value)).length
  const ready = pods.filter(isReady).length
  const available = pods.filter((pod) => isAvailable(pod, minReadySeconds, now)).length
  const { generation } = workload.metadata
  const conditions = conditionsOf(workload, pods.length, error, now)
  return {
    replicas: pods.length,
    ...(fullyLabeled === 0 ? undefined : { fullyLabeledReplicas: fullyLabeled }),
    ...(ready === 0 ? undefined : { readyReplicas: ready }),
    ...(available === 0 ? undefined : { availableReplicas: available }),
    ...(generation === undefined ? undefined : { observedGeneration: generation }),
    ...(conditions.length === 0 ? undefined : { conditions }),
  }
}

const conditionsOf = (workload: Replicated, active: number, error: ApiStatus | undefined, now: SimTime): readonly ReplicaSetCondition[] => {
  const conditions = workload.status.conditions ?? []
  const known = conditions.some(({ type }) => type === 'ReplicaFailure')
  if (error === undefined) return known ? conditions.filter(({ type }) => type !== 'ReplicaFailure') : conditions
  // The first failure is told until it is over; a later one does not replace it.
  if (known) return conditions
  const reason = active < replicasOf(workload) ? 'FailedCreate' : 'FailedDelete'
  return [...conditions, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: timestampOf(now), reason, message: error.message }]
}

/** Follows updateReplicaSetStatus: one more try with what is stored by then. */
function* writeStatus(workload: Replicated, status: ReplicaSetStatus): Steps<ApiStatus | undefined> {
  if (semanticallyEqual(workload.status, status)) return undefined
  const { kind } = workload
  const { namespace = '', name } = workload.metadata
  const next = { ...workload, kind, status }
  const written = yield* replace(next, 'status')
  if (E.isRight(written)) return undefined
  const live = yield* getLive(kind, namespace, name)
  if (E.isLeft(live)) return live.left
  const later = { ...live.right, kind, status }
  const again = yield* replace(later, 'status')
  return E.isLeft(again) ? again.left : undefined
}

/** When the next ready Pod becomes available, ms from now. Follows FindMinNextPodAvailabilityCheck in pkg/controller/controller_utils.go. */
const nextAvailabilityCheck = (workload: Replicated, pods: readonly Pod[], now: SimTime): number | undefined => {
  const minReadySeconds = workload.spec.minReadySeconds ?? 0
  if (minReadySeconds === 0) return undefined
  let next: number | undefined
  for (const pod of pods) {
    const at = availableAt(pod, minReadySeconds)
    if (at !== undefined && at > now && (next === undefined || at - now < next)) next = at - now
  }
  return next
}

const waitingOf = (workload: Replicated, pods: readonly Pod[], unseen: string | undefined): readonly Waiting[] => {
  const { namespace = '' } = workload.metadata
  const kind = workload.kind
  if (unseen !== undefined) {
    return [{ kind: 'StaleCache', on: `${namespace}/${unseen}`, because: `the ${kind} controller has not seen its own write yet` }]
  }
  return pods
    .filter((pod) => !isReady(pod))
    .map((pod) => ({
      kind: 'PodNotReady',
      on: `${namespace}/${pod.metadata.name}`,
      because: `${kind} ${workload.metadata.name} counts it only when it is ready`,
    }))
}
