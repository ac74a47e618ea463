/**
 * The status: counted anew from the Pods that this sync has seen, with the quirks of the original.
 * Follows updateStatus, completeRollingUpdate and inconsistentStatus in pkg/controller/statefulset.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { StatefulSet, StatefulSetStatus } from '../../api/generated/types.js'
import type { Steps } from '../steps.js'
import { replicasOf, type Versions } from './identity.js'
import { isAvailableMember, type Member } from './member.js'
import { namespaceOf, type Sync } from './sync.js'

const writeAttemptsMax = 5

export interface ReplicaCounts {
  readonly replicas: number
  readonly readyReplicas: number
  readonly availableReplicas: number
  readonly currentReplicas: number
  readonly updatedReplicas: number
}

/**
 * Terminating Pods are counted, but not as current or updated. A Pod made in this sync is not counted, one deleted in this sync still is.
 * Follows computeReplicaStatus.
 */
export const countReplicas = (
  { minReadySeconds, context: { now } }: Sync,
  { current, update }: Versions,
  members: Iterable<Member | undefined>,
): ReplicaCounts => {
  let [replicas, readyReplicas, availableReplicas, currentReplicas, updatedReplicas] = [0, 0, 0, 0, 0]
  for (const member of members) {
    if (member === undefined) continue
    replicas += 1
    if (member.isRunningAndReady) {
      readyReplicas += 1
      if (isAvailableMember(member, minReadySeconds, now)) availableReplicas += 1
    }
    if (member.isTerminating) continue
    if (member.revision === current.metadata.name) currentReplicas += 1
    if (member.revision === update.metadata.name) updatedReplicas += 1
  }
  return { replicas, readyReplicas, availableReplicas, currentReplicas, updatedReplicas }
}

/** A status before it is written: all counts are there, also as 0. */
export interface FreshStatus extends ReplicaCounts {
  readonly observedGeneration: number
  readonly currentRevision: string
  readonly updateRevision: string
  readonly collisionCount: number
}

/** Conditions are not carried over: nobody's survive a status write of this controller. */
export const freshStatus = ({ set }: Sync, { current, update }: Versions, collisionCount: number, counts: ReplicaCounts): FreshStatus => ({
  observedGeneration: set.metadata.generation ?? 0,
  currentRevision: current.metadata.name,
  updateRevision: update.metadata.name,
  collisionCount,
  ...counts,
})

/**
 * The rollout is over when as many Pods as the spec wants are updated and ready, and no other exists. Availability is not asked for.
 * Follows completeRollingUpdate: compared with the spec's number, never with the status'.
 */
const completeRollingUpdate = (set: StatefulSet, status: FreshStatus): FreshStatus => {
  const replicas = replicasOf(set)
  const isComplete =
    set.spec.updateStrategy?.type === 'RollingUpdate' &&
    status.updatedReplicas === replicas &&
    status.readyReplicas === replicas &&
    status.replicas === replicas
  return isComplete ? { ...status, currentReplicas: status.updatedReplicas, currentRevision: status.updateRevision } : status
}

/** Follows inconsistentStatus: the collision count and the conditions are not compared. */
const isInconsistent = ({ status: stored }: StatefulSet, status: FreshStatus): boolean =>
  status.observedGeneration > (stored.observedGeneration ?? 0) ||
  status.replicas !== stored.replicas ||
  status.currentReplicas !== (stored.currentReplicas ?? 0) ||
  status.readyReplicas !== (stored.readyReplicas ?? 0) ||
  status.updatedReplicas !== (stored.updatedReplicas ?? 0) ||
  status.availableReplicas !== (stored.availableReplicas ?? 0) ||
  status.currentRevision !== (stored.currentRevision ?? '') ||
  status.updateRevision !== (stored.updateRevision ?? '')

/** As it is sent: `replicas` and `availableReplicas` always, the other counts only when they are not 0. */
const toStored = (status: FreshStatus): StatefulSetStatus => {
  const { observedGeneration, replicas, readyReplicas, currentReplicas, updatedReplicas } = status
  const stored: { -readonly [Field in keyof StatefulSetStatus]: StatefulSetStatus[Field] } =
    observedGeneration === 0 ? { replicas } : { observedGeneration, replicas }
  if (readyReplicas !== 0) stored.readyReplicas = readyReplicas
  if (currentReplicas !== 0) stored.currentReplicas = currentReplicas
  if (updatedReplicas !== 0) stored.updatedReplicas = updatedReplicas
  stored.currentRevision = status.currentRevision
  stored.updateRevision = status.updateRevision
  stored.collisionCount = status.collisionCount
  stored.availableReplicas = status.availableReplicas
  return stored
}

/**
 * Writes the status if anything in it is new. A conflict is tried again with the set that the cache shows then; when the cache shows no other,
 * the sync fails and the back-off of the queue gives it time. Follows updateStatefulSetStatus and stateful_set_status_updater.go.
 */
export function* writeStatus(sync: Sync, counted: FreshStatus): Steps<ApiStatus | undefined> {
  const status = completeRollingUpdate(sync.set, counted)
  if (!isInconsistent(sync.set, status)) return undefined
  let { set } = sync
  for (let attempt = 1; ; attempt += 1) {
    const withStatus: StatefulSet = { ...set, status: toStored(status) }
    const answer = yield { kind: 'ReplaceObject', object: withStatus, subresource: 'status' }
    if (E.isRight(answer)) {
      sync.noteWrite(answer.right)
      return undefined
    }
    const cached = sync.context.reader.get('StatefulSet', namespaceOf(set), set.metadata.name)
    const hasMoved = cached !== undefined && cached.metadata.resourceVersion !== set.metadata.resourceVersion
    if (answer.left.reason !== 'Conflict' || !hasMoved || attempt >= writeAttemptsMax) return answer.left
    set = cached
  }
}
