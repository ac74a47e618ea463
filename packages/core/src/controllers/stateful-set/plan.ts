/**
 * One sync of a StatefulSet: compare what the set wants with the Pods there are, take the next steps, write the status, say what is awaited.
 * Follows sync in pkg/controller/statefulset/stateful_set.go, and UpdateStatefulSet and updateStatefulSet in stateful_set_control.go.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import { splitKey } from '../../api/object.js'
import type { ControllerRevision, Pod } from '../../api/generated/types.js'
import type { Plan, PlanContext, PlanOutcome, Waiting } from '../controller.js'
import { claimObjects, type Claimed } from '../claim-objects.js'
import { aggregateErrors, plainError, type Steps } from '../steps.js'
import { findUnseenWrite, noWrittenVersions } from '../written-versions.js'
import { replicasOf, type Versions } from './identity.js'
import { areAllOwn, memberOf, membersOf, readySinceOf } from './member.js'
import {
  firstUnavailable,
  isUnavailable,
  partitionPods,
  planCondemned,
  planCondemnedClaims,
  planReplicas,
  waitForPod,
  type Partitioned,
} from './plan-replicas.js'
import { adoptOrphanRevisions, planRevisions, truncateHistory, type KnownVersions } from './plan-revisions.js'
import { planRollout } from './plan-rollout.js'
import { countReplicas, freshStatus, writeStatus, type FreshStatus } from './plan-status.js'
import { onPod, type StatefulSetControllerOptions, type Sync } from './sync.js'

/** The plan of the key `namespace/name`. */
export const planStatefulSet = (options: StatefulSetControllerOptions) =>
  function* plan(context: PlanContext): Plan {
    const { namespace, name } = splitKey(context.key)
    const hasMemory = context.memory !== undefined && context.memory !== null
    const forget = hasMemory ? { memory: null } : {}
    const set = context.reader.get('StatefulSet', namespace, name)
    if (set === undefined) return forget
    if (options.staleReadProtection && hasMemory) {
      const unseen = yield* findUnseenWrite(context.memory, namespace, context.reader)
      if (unseen !== undefined) {
        const because = `the controller's cache does not show its own last write of ${unseen.kind} ${unseen.name} (resourceVersion ${unseen.resourceVersion}) yet`
        return {
          error: plainError(`${because}, so the sync is put off`),
          waitingFor: [{ kind: 'CacheStale', on: `${namespace}/${unseen.name}`, because }],
        }
      }
    }
    const waitingFor: Waiting[] = []
    const written = noWrittenVersions()
    const sync: Sync = {
      context,
      set,
      options,
      isMonotonic: set.spec.podManagementPolicy !== 'Parallel',
      minReadySeconds: set.spec.minReadySeconds ?? 0,
      waitFor: (waiting) => {
        if (waitingFor.every(({ on }) => on !== waiting.on)) waitingFor.push(waiting)
      },
      noteWrite: written.note,
    }
    const outcome = yield* syncStatefulSet(sync)
    const memory = options.staleReadProtection ? written.toMemory() : null
    const planned: { -readonly [Field in keyof PlanOutcome]: PlanOutcome[Field] } = {}
    if (waitingFor.length > 0) planned.waitingFor = waitingFor
    if (memory !== null || hasMemory) planned.memory = memory
    if (outcome.error !== undefined) planned.error = outcome.error
    if (outcome.requeueAfterMs !== undefined) planned.requeueAfterMs = outcome.requeueAfterMs
    return planned
  }

type SyncOutcome = Pick<PlanOutcome, 'error' | 'requeueAfterMs'>

function* syncStatefulSet(sync: Sync): Steps<SyncOutcome> {
  const { set } = sync
  const revisions = yield* adoptOrphanRevisions(sync)
  if (E.isLeft(revisions)) return { error: revisions.left }
  const { claimed, error } = yield* claimPods(sync)
  if (error !== undefined) return { error }
  const updated = yield* performUpdate(sync, revisions.right, claimed)
  const historyError = yield* truncateHistory(set, claimed, revisions.right, updated.versions)
  const failure = aggregateErrors([updated.error, historyError])
  if (failure !== undefined) return { error: failure }
  const requeueAfterMs = updated.status === undefined ? undefined : nextAvailability(sync, updated.status, claimed)
  return requeueAfterMs === undefined ? {} : { requeueAfterMs }
}

/** Ours, and orphans, by selector and by the parent's name in theirs. Follows getPodsForStatefulSet. */
function* claimPods({ set, context: { reader } }: Sync): Steps<Claimed<Pod>> {
  const { uid, namespace } = set.metadata
  const owned = reader.ownedBy('Pod', uid)
  const orphans = reader.ownedBy('Pod', '').filter((pod) => pod.metadata.namespace === namespace)
  // Nearly always.
  if (orphans.length === 0 && areAllOwn(set, owned)) return { claimed: owned, error: undefined }
  const matches = (pod: Pod): boolean => memberOf(set, pod).matches
  const controlled = owned.filter((pod) => memberOf(set, pod).controllerUid === uid)
  return yield* claimObjects({ owner: set, candidates: orphans.length === 0 ? controlled : [...controlled, ...orphans], matches })
}

interface Updated {
  readonly versions: Versions | undefined
  readonly status: FreshStatus | undefined
  readonly error: ApiStatus | undefined
}

/** The status is written although the update failed; the update's error is the one that counts. Follows performUpdate. */
function* performUpdate(sync: Sync, revisions: readonly ControllerRevision[], pods: readonly Pod[]): Steps<Updated> {
  const versions = yield* planRevisions(sync, revisions)
  if (E.isLeft(versions)) return { versions: undefined, status: undefined, error: versions.left }
  const { status, error } = yield* updateStatefulSet(sync, versions.right, pods)
  const statusError = yield* writeStatus(sync, status)
  return { versions: versions.right, status, error: error ?? statusError }
}

interface Attempted {
  readonly status: FreshStatus
  readonly error: ApiStatus | undefined
}

/** Create, repair, remove, update: in OrderedReady the first stop ends the sync, so each phase waits for the one before. */
function* updateStatefulSet(sync: Sync, versions: KnownVersions, pods: readonly Pod[]): Steps<Attempted> {
  const { set } = sync
  const { collisionCount } = versions
  if (set.metadata.deletionTimestamp !== undefined)
    return {
      status: freshStatus(sync, versions, collisionCount, countReplicas(sync, versions, membersOf(set, pods))),
      error: undefined,
    }
  const partitioned = partitionPods(sync, membersOf(set, pods))
  const { slots, condemned } = partitioned
  const counted = freshStatus(sync, versions, collisionCount, countReplicas(sync, versions, partitioned.members))

  const created = yield* planReplicas(sync, versions, slots)
  if (created.stops || created.error !== undefined) return { status: counted, error: created.error }
  if (condemned.length > 0) {
    const claimsFixed = yield* planCondemnedClaims(sync, condemned)
    if (claimsFixed.stops || claimsFixed.error !== undefined) return { status: counted, error: claimsFixed.error }
    const removed = yield* planCondemned(sync, condemned, firstUnavailable(sync, partitioned))
    if (removed.stops || removed.error !== undefined) return { status: counted, error: removed.error }
  }
  const { deletions, error } = yield* planRollout(sync, versions, slots)
  if (!sync.isMonotonic) waitForUnavailable(sync, partitioned)
  return { status: deletions === 0 ? counted : { ...counted, currentReplicas: counted.currentReplicas - deletions }, error }
}

/** Parallel stops for nobody, but people want to know what is still missing: the first one is named. */
const waitForUnavailable = (sync: Sync, { slots, condemned }: Partitioned): void => {
  const slot = slots.find(({ member }) => isUnavailable(sync, member))
  const leaving = condemned[0]
  if (slot !== undefined) waitForPod(sync, slot, `${slot.name} is not available yet`)
  else if (leaving !== undefined) {
    const { name } = leaving.identity
    sync.waitFor({ kind: 'PodTerminating', on: onPod(sync, name), because: `${name} is outside the range of ordinals and not gone yet` })
  }
}

/**
 * With minReadySeconds nothing happens when a Pod becomes available, so the set is looked at again then: when the first of its Pods that are
 * Ready has been so for long enough. The Ready condition knows whole seconds only.
 */
const nextAvailability = (
  { set, minReadySeconds, context: { now } }: Sync,
  status: FreshStatus,
  pods: readonly Pod[],
): number | undefined => {
  if (minReadySeconds === 0 || status.availableReplicas === replicasOf(set)) return undefined
  let next: number | undefined
  for (const member of membersOf(set, pods)) {
    const readySince = readySinceOf(member)
    const at = readySince === undefined ? undefined : readySince + minReadySeconds * 1_000
    if (at !== undefined && at > now && (next === undefined || at < next)) next = at
  }
  return next === undefined ? undefined : next - now
}
