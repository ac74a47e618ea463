/** The arithmetic of a Deployment: how large its ReplicaSets may and should be. Pure numbers; follows pkg/controller/deployment/util/deployment_util.go. */
import type { Deployment, ReplicaSet } from '../../api/generated/types.js'
import { scaledValue } from '../int-or-percent.js'
import { byAge, desiredReplicasAnnotation, maxReplicasAnnotation } from './revisions.js'

export const replicasOf = ({ spec }: Deployment | ReplicaSet): number => spec.replicas ?? 1

export const isRollingUpdate = ({ spec }: Deployment): boolean => (spec.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate'

// Follows ResolveFenceposts: a rollout that may neither add nor take away would never begin.
const fenceposts = (deployment: Deployment): { readonly surge: number; readonly unavailable: number } => {
  const { maxSurge, maxUnavailable } = deployment.spec.strategy?.rollingUpdate ?? {}
  const replicas = replicasOf(deployment)
  const surge = scaledValue(maxSurge, replicas, 'up')
  const unavailable = scaledValue(maxUnavailable, replicas, 'down')
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable }
}

export const maxSurge = (deployment: Deployment): number => (isRollingUpdate(deployment) ? fenceposts(deployment).surge : 0)

export const maxUnavailable = (deployment: Deployment): number =>
  isRollingUpdate(deployment) && replicasOf(deployment) > 0 ? Math.min(fenceposts(deployment).unavailable, replicasOf(deployment)) : 0

export const isActiveSet = (set: ReplicaSet): boolean => replicasOf(set) > 0

const sum = (sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number => sets.reduce((total, set) => total + count(set), 0)

export const totalReplicas = (sets: readonly ReplicaSet[]): number => sum(sets, replicasOf)
export const actualReplicas = (sets: readonly ReplicaSet[]): number => sum(sets, ({ status }) => status.replicas)
export const readyReplicas = (sets: readonly ReplicaSet[]): number => sum(sets, ({ status }) => status.readyReplicas ?? 0)
export const availableReplicas = (sets: readonly ReplicaSet[]): number => sum(sets, ({ status }) => status.availableReplicas ?? 0)
export const terminatingReplicas = (sets: readonly ReplicaSet[]): number => sum(sets, ({ status }) => status.terminatingReplicas ?? 0)

/** How large the new ReplicaSet (of `current` replicas so far) may be now. Follows NewRSNewReplicas. */
export const newReplicas = (deployment: Deployment, all: readonly ReplicaSet[], current: number): number => {
  if (!isRollingUpdate(deployment)) return replicasOf(deployment)
  const room =
    replicasOf(deployment) +
    scaledValue(deployment.spec.strategy?.rollingUpdate?.maxSurge, replicasOf(deployment), 'up') -
    totalReplicas(all)
  return room <= 0 ? current : current + Math.min(room, replicasOf(deployment) - current)
}

export interface Resize {
  readonly set: ReplicaSet
  readonly replicas: number
}

/** Unhealthy replicas go first, oldest ReplicaSet first. Follows cleanupUnhealthyReplicas in pkg/controller/deployment/rolling.go. */
export const withoutUnhealthy = (old: readonly ReplicaSet[], countMax: number): readonly Resize[] => {
  const resizes: Resize[] = []
  let removed = 0
  for (const set of [...old].sort(byAge)) {
    const unhealthy = replicasOf(set) - (set.status.availableReplicas ?? 0)
    const count = Math.min(countMax - removed, unhealthy)
    if (removed >= countMax || replicasOf(set) === 0 || unhealthy === 0) continue
    resizes.push({ set, replicas: replicasOf(set) - count })
    removed += count
  }
  return resizes
}

/** Then available ones, as far as enough stay. Follows scaleDownOldReplicaSetsForRollingUpdate in pkg/controller/deployment/rolling.go. */
export const withoutSpare = (deployment: Deployment, old: readonly ReplicaSet[], all: readonly ReplicaSet[]): readonly Resize[] => {
  const spare = availableReplicas(all) - (replicasOf(deployment) - maxUnavailable(deployment))
  const resizes: Resize[] = []
  let removed = 0
  for (const set of [...old].sort(byAge)) {
    if (removed >= spare || replicasOf(set) === 0) continue
    const count = Math.min(replicasOf(set), spare - removed)
    resizes.push({ set, replicas: replicasOf(set) - count })
    removed += count
  }
  return resizes
}

/** Follows IsSaturated: the new ReplicaSet has all that is wanted, and nothing was scaled since. */
export const isSaturated = (deployment: Deployment, set: ReplicaSet | undefined): boolean =>
  set !== undefined &&
  set.metadata.annotations?.[desiredReplicasAnnotation] === String(replicasOf(deployment)) &&
  replicasOf(set) === replicasOf(deployment) &&
  (set.status.availableReplicas ?? 0) === replicasOf(deployment)

/** In the midst of a rollout all active ReplicaSets grow or shrink by their share. Follows scale in pkg/controller/deployment/sync.go. */
export const proportionalSizes = (deployment: Deployment, active: readonly ReplicaSet[]): readonly Resize[] => {
  const allowed = replicasOf(deployment) > 0 ? replicasOf(deployment) + maxSurge(deployment) : 0
  const toAdd = allowed - totalReplicas(active)
  // Larger ones first; of the same size newer ones first when there are more to come, older ones first when there are fewer.
  const bySize = (one: ReplicaSet, other: ReplicaSet): number =>
    replicasOf(other) - replicasOf(one) || (toAdd > 0 ? byAge(other, one) : byAge(one, other))
  const sorted = toAdd === 0 ? active : [...active].sort(bySize)
  let added = 0
  const resizes = sorted.map((set): Resize => {
    const share = toAdd === 0 ? 0 : proportionOf(deployment, set, toAdd, added)
    added += share
    return { set, replicas: Math.max(0, replicasOf(set) + share) }
  })
  // What rounding left over is the largest one's.
  return resizes.map((resize, index) =>
    index === 0 && toAdd !== 0 ? { ...resize, replicas: Math.max(0, resize.replicas + toAdd - added) } : resize,
  )
}

// Follows GetReplicaSetProportion.
const proportionOf = (deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number => {
  if (replicasOf(set) === 0 || toAdd === added) return 0
  const fraction = fractionOf(deployment, set)
  const allowed = toAdd - added
  return toAdd > 0 ? Math.min(fraction, allowed) : Math.max(fraction, allowed)
}

// Follows getReplicaSetFraction.
const fractionOf = (deployment: Deployment, set: ReplicaSet): number => {
  if (replicasOf(deployment) === 0) return -replicasOf(set)
  const annotated = Number(set.metadata.annotations?.[maxReplicasAnnotation] ?? 0)
  const before = Number.isSafeInteger(annotated) && annotated !== 0 ? annotated : (deployment.status.replicas ?? 0)
  if (before === 0) return 0
  const size = (replicasOf(set) * (replicasOf(deployment) + maxSurge(deployment))) / before
  return Math.floor(size + 0.5) - replicasOf(set)
}
