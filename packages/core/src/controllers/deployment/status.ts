/** What a Deployment says about itself: counts and conditions. Follows calculateStatus in pkg/controller/deployment/sync.go and progress.go. */
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../api/generated/types.js'
import { simTimeOf, timestampOf, type SimTime } from '../../kernel/sim-time.js'
import {
  actualReplicas,
  availableReplicas,
  maxUnavailable,
  readyReplicas,
  replicasOf,
  terminatingReplicas,
  totalReplicas,
} from './scaling.js'

const noDeadline = 2_147_483_647

export const hasProgressDeadline = ({ spec: { progressDeadlineSeconds } }: Deployment): boolean =>
  progressDeadlineSeconds !== undefined && progressDeadlineSeconds !== noDeadline

export const newCondition = (
  type: string,
  status: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
  now: SimTime,
): DeploymentCondition => ({
  type,
  status,
  lastUpdateTime: timestampOf(now),
  lastTransitionTime: timestampOf(now),
  reason,
  message,
})

export const findCondition = (status: DeploymentStatus, type: string): DeploymentCondition | undefined =>
  status.conditions?.find((condition) => condition.type === type)

/** A condition that changes moves to the end; the same status and reason change nothing. Follows SetDeploymentCondition. */
export const withCondition = (status: DeploymentStatus, condition: DeploymentCondition): DeploymentStatus => {
  const known = findCondition(status, condition.type)
  if (known !== undefined && known.status === condition.status && known.reason === condition.reason) return status
  const { lastTransitionTime } = known !== undefined && known.status === condition.status ? known : condition
  const next = { ...condition, ...(lastTransitionTime === undefined ? undefined : { lastTransitionTime }) }
  return { ...status, conditions: [...(status.conditions ?? []).filter(({ type }) => type !== condition.type), next] }
}

const withoutCondition = (status: DeploymentStatus, type: string): DeploymentStatus => {
  if (findCondition(status, type) === undefined) return status
  const { conditions = [], ...rest } = status
  const kept = conditions.filter((condition) => condition.type !== type)
  return kept.length === 0 ? rest : { ...rest, conditions: kept }
}

const positive = <K extends keyof DeploymentStatus>(key: K, value: number | undefined): { readonly [key: string]: number } | undefined =>
  value === undefined || value === 0 ? undefined : { [key]: value }

/** Counts that are 0 are not written, except `terminatingReplicas`. */
export const calculateStatus = (
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: SimTime,
): DeploymentStatus => {
  const available = availableReplicas(all)
  const { collisionCount, conditions } = deployment.status
  const counted: DeploymentStatus = {
    ...positive('observedGeneration', deployment.metadata.generation),
    ...positive('replicas', actualReplicas(all)),
    ...positive('updatedReplicas', newSet?.status.replicas),
    ...positive('readyReplicas', readyReplicas(all)),
    ...positive('availableReplicas', available),
    ...positive('unavailableReplicas', Math.max(0, totalReplicas(all) - available)),
    terminatingReplicas: terminatingReplicas(all),
    ...(collisionCount === undefined ? undefined : { collisionCount }),
    ...(conditions === undefined ? undefined : { conditions }),
  }
  return withCondition(
    counted,
    available >= replicasOf(deployment) - maxUnavailable(deployment)
      ? newCondition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', now)
      : newCondition('Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.', now),
  )
}

// Follows DeploymentComplete in pkg/controller/deployment/util/deployment_util.go.
export const isComplete = (deployment: Deployment, status: DeploymentStatus): boolean =>
  (status.updatedReplicas ?? 0) === replicasOf(deployment) &&
  (status.replicas ?? 0) === replicasOf(deployment) &&
  (status.availableReplicas ?? 0) === replicasOf(deployment) &&
  (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)

// Follows DeploymentProgressing in the same file.
const isProgressing = ({ status: before }: Deployment, status: DeploymentStatus): boolean => {
  const oldReplicas = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number => replicas - updatedReplicas
  return (
    (status.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldReplicas(status) < oldReplicas(before) ||
    (status.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  )
}

/** When the deadline passes, if nothing moves: ms of simulated time. */
const deadlineOf = (deployment: Deployment, condition: DeploymentCondition): SimTime => {
  const since = condition.lastUpdateTime === undefined ? undefined : simTimeOf(condition.lastUpdateTime)
  return (since ?? 0) + (deployment.spec.progressDeadlineSeconds ?? 0) * 1_000
}

// Follows DeploymentTimedOut in the same file.
const isTimedOut = (deployment: Deployment, status: DeploymentStatus, now: SimTime): boolean => {
  const condition = findCondition(status, 'Progressing')
  if (condition === undefined || condition.reason === 'NewReplicaSetAvailable') return false
  return condition.reason === 'ProgressDeadlineExceeded' || deadlineOf(deployment, condition) < now
}

/** The status during a rollout: is it under way, done, or stuck? Follows syncRolloutStatus in pkg/controller/deployment/progress.go. */
export const rolloutStatus = (
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newSet: ReplicaSet | undefined,
  now: SimTime,
): DeploymentStatus => {
  const calculated = calculateStatus(deployment, all, newSet, now)
  const status = hasProgressDeadline(deployment)
    ? withProgress(deployment, calculated, newSet, now)
    : withoutCondition(calculated, 'Progressing')
  const failure = [...(newSet === undefined ? [] : [newSet]), ...all]
    .flatMap((set) => set.status.conditions ?? [])
    .find(({ type }) => type === 'ReplicaFailure')
  if (failure === undefined) return withoutCondition(status, 'ReplicaFailure')
  const { lastTransitionTime } = failure
  return withCondition(status, { ...failure, ...(lastTransitionTime === undefined ? undefined : { lastUpdateTime: lastTransitionTime }) })
}

const withProgress = (deployment: Deployment, status: DeploymentStatus, newSet: ReplicaSet | undefined, now: SimTime): DeploymentStatus => {
  const current = findCondition(deployment.status, 'Progressing')
  // One ReplicaSet, and its rollout is done: a mere resync.
  if ((status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable') return status
  const who = newSet === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`
  if (isComplete(deployment, status)) {
    return withCondition(status, newCondition('Progressing', 'True', 'NewReplicaSetAvailable', `${who} has successfully progressed.`, now))
  }
  if (isProgressing(deployment, status)) {
    const condition = newCondition('Progressing', 'True', 'ReplicaSetUpdated', `${who} is progressing.`, now)
    const since = current?.status === 'True' ? current.lastTransitionTime : undefined
    // Any progress renews the time of the last update, though status and reason stay.
    return withCondition(withoutCondition(status, 'Progressing'), {
      ...condition,
      ...(since === undefined ? undefined : { lastTransitionTime: since }),
    })
  }
  if (isTimedOut(deployment, status, now)) {
    return withCondition(status, newCondition('Progressing', 'False', 'ProgressDeadlineExceeded', `${who} has timed out progressing.`, now))
  }
  return status
}

/** When to look whether the rollout is stuck, ms from now. Follows requeueStuckDeployment in pkg/controller/deployment/progress.go. */
export const progressCheckAfter = (deployment: Deployment, status: DeploymentStatus, now: SimTime): number | undefined => {
  const current = findCondition(deployment.status, 'Progressing')
  if (!hasProgressDeadline(deployment) || current === undefined) return undefined
  if (isComplete(deployment, status) || current.reason === 'ProgressDeadlineExceeded') return undefined
  const after = deadlineOf(deployment, current) - now
  return after < 1_000 ? Math.max(5, after + 1) : after + 1_000
}
