/** Rolls a template out through ReplicaSets: a new one grows while the old ones shrink, or after they are gone. */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { Deployment, ReplicaSet } from '../../api/generated/types.js'
import { selectorMatches } from '../../api/label-selector.js'
import { controllerRefOf, splitKey } from '../../api/object.js'
import { podTemplateHash } from '../../api/template-hash/pod-template-hash.js'
import { isTerminal } from '../../resources/pod/queries.js'
import type { Plan, PlanContext, PlanOutcome, Waiting } from '../controller.js'
import { newControllerRef } from '../pod-from-template.js'
import { claimObjects } from '../claim-objects.js'
import { create, isNamespaceTerminating, isNotFound, remove, replace, report } from '../requests.js'
import { semanticallyEqual } from '../semantic-equality.js'
import type { Steps } from '../steps.js'
import {
  annotationsOfNewSet,
  byAge,
  byRevision,
  desiredReplicasAnnotation,
  findNewReplicaSet,
  isSameTemplate,
  revisionAnnotation,
  revisionOf,
  templateHashLabel,
  withReplicasAnnotations,
} from './revisions.js'
import {
  isActiveSet,
  isRollingUpdate,
  isSaturated,
  maxSurge,
  maxUnavailable,
  newReplicas,
  proportionalSizes,
  replicasOf,
  totalReplicas,
  withoutSpare,
  withoutUnhealthy,
  type Resize,
} from './scaling.js'
import {
  calculateStatus,
  findCondition,
  hasProgressDeadline,
  isComplete,
  newCondition,
  progressCheckAfter,
  rolloutStatus,
  withCondition,
} from './status.js'

/**
 * One sync. The Deployment is the controller's own copy: it changes as the sync goes on, but keeps the version that it was read with, so that
 * a second status write in one sync is refused and the key is looked at again, as in Kubernetes.
 */
interface Sync {
  readonly context: PlanContext
  deployment: Deployment
}

type Failure = ApiStatus | undefined

interface ReplicaSets {
  readonly newSet: ReplicaSet | undefined
  readonly old: readonly ReplicaSet[]
}

const noLimit = 2_147_483_647

// Follows syncDeployment in pkg/controller/deployment/deployment_controller.go.
export function* planDeployment(context: PlanContext): Plan {
  const { namespace, name } = splitKey(context.key)
  const deployment = context.reader.get('Deployment', namespace, name)
  if (deployment === undefined) return {}
  const sync: Sync = { context, deployment }
  const { matchLabels = {}, matchExpressions = [] } = deployment.spec.selector
  if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) return yield* refuseToSelectAll(sync)

  const { claimed: sets, error } = yield* claimObjects({
    owner: deployment,
    candidates: context.reader.list('ReplicaSet', namespace),
    matches: (set) => selectorMatches(deployment.spec.selector, set.metadata.labels),
  })
  if (error !== undefined) return { error }
  if (deployment.metadata.deletionTimestamp !== undefined) return yield* statusOnly(sync, sets)
  const pauseError = yield* notePause(sync)
  if (pauseError !== undefined) return { error: pauseError }
  if (deployment.spec.paused === true) return yield* scaleOnly(sync, sets)
  const scaling = yield* isScalingEvent(sync, sets)
  if (E.isLeft(scaling)) return { error: scaling.left }
  if (scaling.right) return yield* scaleOnly(sync, sets)
  return isRollingUpdate(deployment) ? yield* rollOut(sync, sets) : yield* recreate(sync, sets)
}

function* refuseToSelectAll(sync: Sync): Plan {
  const { deployment } = sync
  yield* report(deployment, {
    type: 'Warning',
    reason: 'SelectingAll',
    message: 'This deployment is selecting all pods. A non-empty selector is required.',
  })
  const { generation = 0 } = deployment.metadata
  if ((deployment.status.observedGeneration ?? 0) >= generation) return {}
  sync.deployment = { ...deployment, status: { ...deployment.status, observedGeneration: generation } }
  return outcomeOf(yield* writeStatus(sync))
}

const outcomeOf = (error: Failure): PlanOutcome => (error === undefined ? {} : { error })

/** A PUT of the status; the annotations come along. What the API answers is not looked at but for the refusal. */
function* writeStatus({ deployment }: Sync): Steps<Failure> {
  const written = yield* replace(deployment, 'status')
  return E.isLeft(written) ? written.left : undefined
}

// Follows checkPausedConditions in pkg/controller/deployment/sync.go: a deadline does not run while a rollout is paused.
function* notePause(sync: Sync): Steps<Failure> {
  const { deployment, context } = sync
  const condition = findCondition(deployment.status, 'Progressing')
  if (!hasProgressDeadline(deployment) || condition?.reason === 'ProgressDeadlineExceeded') return undefined
  const wasPaused = condition?.reason === 'DeploymentPaused'
  const isPaused = deployment.spec.paused === true
  if (wasPaused === isPaused) return undefined
  const next = isPaused
    ? newCondition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused', context.now)
    : newCondition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed', context.now)
  sync.deployment = { ...deployment, status: withCondition(deployment.status, next) }
  return yield* writeStatus(sync)
}

function* statusOnly(sync: Sync, sets: readonly ReplicaSet[]): Plan {
  const found = yield* findReplicaSets(sync, sets, false)
  return E.isLeft(found) ? { error: found.left } : yield* syncStatus(sync, found.right)
}

// Follows sync in pkg/controller/deployment/sync.go.
function* scaleOnly(sync: Sync, sets: readonly ReplicaSet[]): Plan {
  const found = yield* findReplicaSets(sync, sets, false)
  if (E.isLeft(found)) return { error: found.left }
  const error = yield* scale(sync, found.right)
  if (error !== undefined) return { error }
  if (sync.deployment.spec.paused === true) {
    const cleanUpError = yield* cleanUp(sync, found.right.old)
    if (cleanUpError !== undefined) return { error: cleanUpError }
  }
  return yield* syncStatus(sync, found.right)
}

// Follows isScalingEvent in pkg/controller/deployment/sync.go.
function* isScalingEvent(sync: Sync, sets: readonly ReplicaSet[]): Steps<E.Either<ApiStatus, boolean>> {
  const found = yield* findReplicaSets(sync, sets, false)
  if (E.isLeft(found)) return found
  const wanted = String(replicasOf(sync.deployment))
  return E.right(
    allOf(found.right)
      .filter(isActiveSet)
      .some(({ metadata: { annotations } }) => {
        const desired = annotations?.[desiredReplicasAnnotation]
        return desired !== undefined && desired !== wanted
      }),
  )
}

const allOf = ({ newSet, old }: ReplicaSets): readonly ReplicaSet[] => (newSet === undefined ? old : [...old, newSet])

// Follows scale in pkg/controller/deployment/sync.go.
function* scale(sync: Sync, { newSet, old }: ReplicaSets): Steps<Failure> {
  const { deployment } = sync
  const active = [...[...old].sort((one, other) => byAge(other, one)), ...(newSet === undefined ? [] : [newSet])].filter(isActiveSet)
  const newest = newSet ?? [...old].sort((one, other) => byAge(other, one))[0]
  const only = active.length === 0 ? newest : active.length === 1 ? active[0] : undefined
  if (only !== undefined) {
    return replicasOf(only) === replicasOf(deployment)
      ? undefined
      : yield* resizeAll(sync, [{ set: only, replicas: replicasOf(deployment) }])
  }
  if (isSaturated(deployment, newSet))
    return yield* resizeAll(
      sync,
      old.filter(isActiveSet).map((set) => ({ set, replicas: 0 })),
    )
  return isRollingUpdate(deployment) ? yield* resizeAll(sync, proportionalSizes(deployment, active)) : undefined
}

function* resizeAll(sync: Sync, resizes: readonly Resize[]): Steps<Failure> {
  for (const resize of resizes) {
    const resized = yield* scaleReplicaSet(sync, resize)
    if (E.isLeft(resized)) return resized.left
  }
  return undefined
}

// Follows scaleReplicaSet in pkg/controller/deployment/sync.go: the annotations tell the next sync what was wanted.
function* scaleReplicaSet({ deployment }: Sync, { set, replicas }: Resize): Steps<E.Either<ApiStatus, ReplicaSet>> {
  const desired = replicasOf(deployment)
  const annotations = withReplicasAnnotations(set.metadata.annotations, { desired, max: desired + maxSurge(deployment) })
  const before = replicasOf(set)
  if (before === replicas && semanticallyEqual(annotations, set.metadata.annotations)) return E.right(set)
  const next = { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas } }
  const updated = yield* replace(next)
  if (E.isRight(updated) && before !== replicas) {
    const message = `Scaled ${before < replicas ? 'up' : 'down'} replica set ${set.metadata.name} from ${before} to ${replicas}`
    yield* report(deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message })
  }
  return updated
}

/** The new ReplicaSet, made if it is missing and wanted, and all others. */
// Follows getAllReplicaSetsAndSyncRevision in pkg/controller/deployment/sync.go.
function* findReplicaSets(sync: Sync, sets: readonly ReplicaSet[], createMissing: boolean): Steps<E.Either<ApiStatus, ReplicaSets>> {
  const known = findNewReplicaSet(sync.deployment, sets)
  const old = sets.filter((set) => set !== known)
  const newSet =
    known === undefined ? (createMissing ? yield* createNewReplicaSet(sync, old) : E.right(undefined)) : yield* renewKnown(sync, known, old)
  return E.isLeft(newSet) ? newSet : E.right({ newSet: newSet.right, old })
}

const nextRevision = (old: readonly ReplicaSet[]): number => old.reduce((highest, set) => Math.max(highest, revisionOf(set)), 0) + 1

/** A ReplicaSet with this template is there already: it gets the newest number, and the Deployment shows it. */
// Follows getNewReplicaSet in pkg/controller/deployment/sync.go, its first half.
function* renewKnown(sync: Sync, known: ReplicaSet, old: readonly ReplicaSet[]): Steps<E.Either<ApiStatus, ReplicaSet>> {
  const { deployment, context } = sync
  const annotations = annotationsOfNewSet(deployment, known.metadata.annotations, nextRevision(old))
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0
  if (!semanticallyEqual(annotations, known.metadata.annotations) || (known.spec.minReadySeconds ?? 0) !== minReadySeconds) {
    const { minReadySeconds: _before, ...spec } = known.spec
    const next = {
      ...known,
      metadata: { ...known.metadata, annotations },
      spec: minReadySeconds === 0 ? spec : { ...spec, minReadySeconds },
    }
    return yield* replace(next)
  }
  const shown = withRevision(deployment, annotations[revisionAnnotation] ?? '')
  const isNew = hasProgressDeadline(deployment) && findCondition(deployment.status, 'Progressing') === undefined
  const condition = newCondition('Progressing', 'True', 'FoundNewReplicaSet', `Found new replica set "${known.metadata.name}"`, context.now)
  const next = isNew ? { ...shown, status: withCondition(shown.status, condition) } : shown
  if (next === deployment) return E.right(known)
  sync.deployment = next
  const error = yield* writeStatus(sync)
  return error === undefined ? E.right(known) : E.left(error)
}

const withRevision = (deployment: Deployment, revision: string): Deployment =>
  deployment.metadata.annotations?.[revisionAnnotation] === revision
    ? deployment
    : {
        ...deployment,
        metadata: { ...deployment.metadata, annotations: { ...deployment.metadata.annotations, [revisionAnnotation]: revision } },
      }

// Follows getNewReplicaSet in pkg/controller/deployment/sync.go, its second half.
function* createNewReplicaSet(sync: Sync, old: readonly ReplicaSet[]): Steps<E.Either<ApiStatus, ReplicaSet>> {
  const { deployment, context } = sync
  const { template, selector, minReadySeconds = 0 } = deployment.spec
  const hash = podTemplateHash(template, deployment.status.collisionCount)
  const labels = { ...template.metadata?.labels, [templateHashLabel]: hash }
  const replicas = newReplicas(deployment, old, 0)
  const desired = replicasOf(deployment)
  const revision = nextRevision(old)
  const { namespace = '' } = deployment.metadata
  const name = nameOfReplicaSet(deployment.metadata.name, hash)
  const proposed = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace,
      labels,
      annotations: withReplicasAnnotations(annotationsOfNewSet(deployment, undefined, revision), {
        desired,
        max: desired + maxSurge(deployment),
      }),
      ownerReferences: [newControllerRef(deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds === 0 ? undefined : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [templateHashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  } as const
  const created = yield* create(proposed)
  let set: ReplicaSet
  const exists = E.isLeft(created) && created.left.reason === 'AlreadyExists'
  if (E.isRight(created)) set = created.right
  else if (exists) {
    const cached = context.reader.get('ReplicaSet', namespace, name)
    if (cached === undefined) return created
    if (controllerRefOf(cached)?.uid !== deployment.metadata.uid || !isSameTemplate(cached.spec.template, template)) {
      // Another template has the same hash: the next one is made with a higher count.
      sync.deployment = { ...deployment, status: { ...deployment.status, collisionCount: (deployment.status.collisionCount ?? 0) + 1 } }
      yield* writeStatus(sync)
      return created
    }
    set = cached
  } else {
    if (!isNamespaceTerminating(created.left)) yield* tellOfFailure(sync, name, created.left)
    return created
  }
  if (!exists && replicas > 0) {
    yield* report(deployment, {
      type: 'Normal',
      reason: 'ScalingReplicaSet',
      message: `Scaled up replica set ${name} from 0 to ${replicas}`,
    })
  }
  const shown = withRevision(deployment, String(revision))
  const condition = newCondition('Progressing', 'True', 'NewReplicaSetCreated', `Created new replica set "${name}"`, context.now)
  sync.deployment = !exists && hasProgressDeadline(deployment) ? { ...shown, status: withCondition(shown.status, condition) } : shown
  if (sync.deployment === deployment) return E.right(set)
  const error = yield* writeStatus(sync)
  return error === undefined ? E.right(set) : E.left(error)
}

/** The hash is never cut, the Deployment's name is. Follows generateReplicaSetName in pkg/controller/deployment/sync.go. */
const nameOfReplicaSet = (name: string, hash: string): string => `${name.slice(0, 253 - 1 - hash.length)}-${hash}`

function* tellOfFailure(sync: Sync, name: string, error: ApiStatus): Steps<void> {
  const { deployment, context } = sync
  const message = `Failed to create new replica set "${name}": ${error.message}`
  if (hasProgressDeadline(deployment)) {
    const condition = newCondition('Progressing', 'False', 'ReplicaSetCreateError', message, context.now)
    sync.deployment = { ...deployment, status: withCondition(deployment.status, condition) }
    yield* writeStatus(sync)
  }
  yield* report(deployment, { type: 'Warning', reason: 'ReplicaSetCreateError', message })
}

// Follows rolloutRolling in pkg/controller/deployment/rolling.go: one step a sync, up before down.
function* rollOut(sync: Sync, sets: readonly ReplicaSet[]): Plan {
  const found = yield* findReplicaSets(sync, sets, true)
  if (E.isLeft(found)) return { error: found.left }
  const { newSet, old } = found.right
  if (newSet !== undefined) {
    const replicas = sizeOfNew(sync.deployment, newSet, allOf(found.right))
    if (replicas !== replicasOf(newSet)) {
      const scaled = yield* scaleReplicaSet(sync, { set: newSet, replicas })
      return E.isLeft(scaled) ? { error: scaled.left } : yield* syncRolloutStatus(sync, found.right)
    }
    // A failure to shrink is no failure of the sync: it is looked at again when something changes.
    if (yield* shrinkOld(sync, newSet, old)) return yield* syncRolloutStatus(sync, found.right)
  }
  if (isComplete(sync.deployment, sync.deployment.status)) {
    const error = yield* cleanUp(sync, old)
    if (error !== undefined) return { error }
  }
  return yield* syncRolloutStatus(sync, found.right)
}

// Follows reconcileNewReplicaSet in pkg/controller/deployment/rolling.go.
const sizeOfNew = (deployment: Deployment, newSet: ReplicaSet, all: readonly ReplicaSet[]): number =>
  replicasOf(newSet) >= replicasOf(deployment) ? replicasOf(deployment) : newReplicas(deployment, all, replicasOf(newSet))

// Follows reconcileOldReplicaSets in pkg/controller/deployment/rolling.go. True when something was scaled down.
function* shrinkOld(sync: Sync, newSet: ReplicaSet, old: readonly ReplicaSet[]): Steps<boolean> {
  const { deployment } = sync
  const active = old.filter(isActiveSet)
  if (active.length === 0) return false
  const newUnavailable = replicasOf(newSet) - (newSet.status.availableReplicas ?? 0)
  const countMax = totalReplicas([...active, newSet]) - (replicasOf(deployment) - maxUnavailable(deployment)) - newUnavailable
  if (countMax <= 0) return false
  let current = active
  let removed = 0
  for (const resize of withoutUnhealthy(active, countMax)) {
    // A set that was just scaled down has more that are available than it should have: nothing is scaled until it has caught up.
    if (resize.replicas > replicasOf(resize.set)) return false
    const scaled = yield* scaleReplicaSet(sync, resize)
    if (E.isLeft(scaled)) return false
    removed += replicasOf(resize.set) - resize.replicas
    current = current.map((set) => (set === resize.set ? scaled.right : set))
  }
  for (const resize of withoutSpare(deployment, current, [...current, newSet])) {
    const scaled = yield* scaleReplicaSet(sync, resize)
    if (E.isLeft(scaled)) return false
    removed += replicasOf(resize.set) - resize.replicas
  }
  return removed > 0
}

// Follows rolloutRecreate in pkg/controller/deployment/recreate.go.
function* recreate(sync: Sync, sets: readonly ReplicaSet[]): Plan {
  const found = yield* findReplicaSets(sync, sets, false)
  if (E.isLeft(found)) return { error: found.left }
  const activeOld = found.right.old.filter(isActiveSet)
  const error = yield* resizeAll(
    sync,
    activeOld.map((set) => ({ set, replicas: 0 })),
  )
  if (error !== undefined) return { error }
  const running = oldPodsRunning(sync, sets, found.right)
  if (activeOld.length > 0 || running.length > 0) {
    const outcome = yield* syncRolloutStatus(sync, found.right)
    return { ...outcome, waitingFor: [...running, ...(outcome.waitingFor ?? [])] }
  }
  const complete = found.right.newSet === undefined ? yield* findReplicaSets(sync, sets, true) : found
  if (E.isLeft(complete)) return { error: complete.left }
  const { newSet } = complete.right
  if (newSet !== undefined && replicasOf(newSet) !== replicasOf(sync.deployment)) {
    const scaled = yield* scaleReplicaSet(sync, { set: newSet, replicas: replicasOf(sync.deployment) })
    if (E.isLeft(scaled)) return { error: scaled.left }
  }
  if (isComplete(sync.deployment, sync.deployment.status)) {
    const cleanUpError = yield* cleanUp(sync, complete.right.old)
    if (cleanUpError !== undefined) return { error: cleanUpError }
  }
  return yield* syncRolloutStatus(sync, complete.right)
}

/** The Pods of the old ReplicaSets that have not ended: terminating ones count. Follows oldPodsRunning in pkg/controller/deployment/recreate.go. */
const oldPodsRunning = ({ context, deployment }: Sync, sets: readonly ReplicaSet[], { newSet, old }: ReplicaSets): readonly Waiting[] => {
  const because = `Deployment ${deployment.metadata.name} is recreated: old Pods end before new ones begin`
  const counted = old
    .filter(({ status }) => status.replicas > 0)
    .map(({ metadata }): Waiting => ({ kind: 'OldReplicaSetHasPods', on: `${metadata.namespace ?? ''}/${metadata.name}`, because }))
  const pods = sets
    .filter(({ metadata }) => metadata.uid !== newSet?.metadata.uid)
    .flatMap(({ metadata }) => context.reader.ownedBy('Pod', metadata.uid))
    .filter((pod) => !isTerminal(pod))
    .map((pod): Waiting => ({ kind: 'OldPodRunning', on: `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`, because }))
  return [...counted, ...pods]
}

// Follows cleanupDeployment in pkg/controller/deployment/sync.go.
function* cleanUp({ deployment }: Sync, old: readonly ReplicaSet[]): Steps<Failure> {
  const { revisionHistoryLimit = noLimit } = deployment.spec
  if (revisionHistoryLimit === noLimit) return undefined
  const candidates = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const excess = candidates.length - revisionHistoryLimit
  if (excess <= 0) return undefined
  for (const set of [...candidates].sort(byRevision).slice(0, excess)) {
    const isSeen = (set.metadata.generation ?? 0) <= (set.status.observedGeneration ?? 0)
    if (set.status.replicas !== 0 || replicasOf(set) !== 0 || !isSeen) continue
    const removed = yield* remove(set)
    if (E.isLeft(removed) && !isNotFound(removed)) return removed.left
  }
  return undefined
}

// Follows syncDeploymentStatus in pkg/controller/deployment/sync.go.
function* syncStatus(sync: Sync, sets: ReplicaSets): Plan {
  const status = calculateStatus(sync.deployment, allOf(sets), sets.newSet, sync.context.now)
  if (semanticallyEqual(sync.deployment.status, status)) return {}
  sync.deployment = { ...sync.deployment, status }
  return outcomeOf(yield* writeStatus(sync))
}

// Follows syncRolloutStatus in pkg/controller/deployment/progress.go.
function* syncRolloutStatus(sync: Sync, sets: ReplicaSets): Plan {
  const { deployment, context } = sync
  const status = rolloutStatus(deployment, allOf(sets), sets.newSet, context.now)
  const waitingFor = waitingOf(deployment, sets.newSet)
  if (semanticallyEqual(deployment.status, status)) {
    const after = progressCheckAfter(deployment, status, context.now)
    return { waitingFor, ...(after === undefined ? undefined : { requeueAfterMs: after }) }
  }
  sync.deployment = { ...deployment, status }
  return { waitingFor, ...outcomeOf(yield* writeStatus(sync)) }
}

const waitingOf = (deployment: Deployment, newSet: ReplicaSet | undefined): readonly Waiting[] => {
  if (newSet === undefined) return []
  const available = newSet.status.availableReplicas ?? 0
  if (available >= replicasOf(deployment)) return []
  const { namespace = '', name } = newSet.metadata
  return [
    {
      kind: 'ReplicaSetNotAvailable',
      on: `${namespace}/${name}`,
      because: `${available} of ${replicasOf(deployment)} replicas of the new ReplicaSet are available`,
    },
  ]
}
