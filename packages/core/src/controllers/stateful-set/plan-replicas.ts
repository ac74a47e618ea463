/**
 * Which Pods are missing, which are too many, in which order they come and go, and what stands in the way.
 * Follows processReplica, processCondemned and runForAll in pkg/controller/statefulset/stateful_set_control.go.
 */
import type { ApiStatus } from '../../api/api-status.js'
import type { Pod } from '../../api/generated/types.js'
import { isAvailable, isPending, isReady, isRunningAndReady, isTerminal, isTerminating, ordinalOf } from '../../resources/pod/queries.js'
import { slowStart } from '../slow-start.js'
import type { Steps } from '../steps.js'
import {
  identityMatches,
  identityOf,
  isInOrdinalRange,
  newVersionedPod,
  podNameOf,
  replicasOf,
  startOrdinalOf,
  storageMatches,
  type PodIdentity,
  type Versions,
} from './identity.js'
import {
  claimsMatchRetentionPolicy,
  createMissingPersistentVolumeClaims,
  findStaleClaim,
  hasClaimWork,
  updatePodClaimForRetentionPolicy,
} from './plan-claims.js'
import { createStatefulPod, deleteStatefulPod, updateStatefulPod } from './pod-control.js'
import { onPod, type Sync } from './sync.js'

const batchSizeMax = 500

/** A place in the range of ordinals, with its Pod if there is one. */
export interface Slot {
  readonly ordinal: number
  readonly name: string
  readonly pod: Pod | undefined
}

export interface Partitioned {
  /** Ascending, one for each ordinal of the range. */
  readonly slots: readonly Slot[]
  /** Descending: Pods outside the range. */
  readonly condemned: readonly Pod[]
}

/** Of two Pods with one ordinal (`web-1` and `web-01`) the last one wins. Pods without a number are in neither list. */
export const partitionPods = ({ set }: Sync, pods: readonly Pod[]): Partitioned => {
  const start = startOrdinalOf(set)
  const replicas = replicasOf(set)
  const found: (Pod | undefined)[] = Array.from({ length: replicas })
  const condemned: Pod[] = []
  for (const pod of pods) {
    const ordinal = ordinalOf(pod)
    if (isInOrdinalRange(set, ordinal)) found[ordinal - start] = pod
    else if (ordinal >= 0) condemned.push(pod)
  }
  const slots = found.map((pod, index) => ({ ordinal: start + index, name: podNameOf(set, start + index), pod }))
  return {
    slots,
    condemned:
      condemned.length < 2
        ? condemned
        : condemned.sort((left, right) => ordinalOf(right) - ordinalOf(left) || (left.metadata.name < right.metadata.name ? -1 : 1)),
  }
}

/** Not there, not ready, not ready for long enough, or on its way out. */
export const isUnavailable = ({ minReadySeconds, context: { now } }: Sync, pod: Pod | undefined): boolean =>
  pod === undefined || !isAvailable(pod, minReadySeconds, now) || isTerminating(pod)

/** Says why a Pod that somebody waits for is not available. */
export const waitForPod = (sync: Sync, { name, pod }: Pick<Slot, 'name' | 'pod'>, because: string): void => {
  const kind =
    pod === undefined || (!isTerminating(pod) && !isReady(pod)) ? 'PodNotReady' : isTerminating(pod) ? 'PodTerminating' : 'PodNotAvailable'
  sync.waitFor({ kind, on: onPod(sync, name), because })
}

/** The Pod that a scale-down may remove although it is not available: the lowest of all that are not. */
export const firstUnavailablePod = (sync: Sync, { slots, condemned }: Partitioned): Pod | undefined => {
  const slot = slots.find(({ pod }) => isUnavailable(sync, pod))
  if (slot !== undefined) return slot.pod
  return [...condemned].reverse().find((pod) => isUnavailable(sync, pod))
}

interface StepOutcome {
  /** In OrderedReady nothing after this one is looked at in this sync. */
  readonly stops: boolean
  readonly error: ApiStatus | undefined
}

const goOn: StepOutcome = { stops: false, error: undefined }
const stop: StepOutcome = { stops: true, error: undefined }
const fail = (error: ApiStatus | undefined): StepOutcome => ({ stops: true, error })

type ItemSteps = Steps<StepOutcome>

interface ForAll {
  readonly count: number
  readonly phase: string
  /** The steps for one item, or undefined when it needs none. */
  readonly item: (index: number) => ItemSteps | undefined
}

/** One after another until one stops, or all of them in growing batches. Follows runForAll. */
function* runForAll(sync: Sync, { count, phase, item }: ForAll): Steps<StepOutcome> {
  const { isMonotonic, context } = sync
  if (isMonotonic) {
    for (let index = 0; index < count; index += 1) {
      const steps = item(index)
      if (steps === undefined) continue
      const outcome = yield* steps
      if (outcome.stops || outcome.error !== undefined) return { stops: true, error: outcome.error }
    }
    return goOn
  }
  const { error } = yield* slowStart({
    count,
    initialBatchSize: 1,
    batchSizeMax,
    call: (index) => {
      const steps = item(index)
      return steps === undefined ? undefined : errorOf(steps)
    },
    choose: context.choose,
    address: `${context.key}@${String(context.now)}/${phase}`,
  })
  return error === undefined ? goOn : fail(error)
}

function* errorOf(steps: ItemSteps): Steps<ApiStatus | undefined> {
  return (yield* steps).error
}

/** Phase 1: every ordinal of the range has its Pod, and in OrderedReady every Pod is available before the next is made. */
export const planReplicas = (sync: Sync, versions: Versions, slots: readonly Slot[]): Steps<StepOutcome> =>
  runForAll(sync, {
    count: slots.length,
    phase: 'replicas',
    item: (index) => {
      const slot = slots[index]
      return slot === undefined || isSettled(sync, slot) ? undefined : processReplica(sync, versions, slot)
    },
  })

const isConsistent = (sync: Sync, pod: Pod): boolean =>
  identityMatches(sync.set, pod) && storageMatches(sync.set, pod) && claimsMatchRetentionPolicy(sync, identityOf(pod))

/** Most slots of most syncs: nothing to do and nothing to wait for. */
const isSettled = (sync: Sync, { pod }: Slot): boolean => {
  if (pod === undefined || isTerminal(pod)) return false
  if (sync.isMonotonic) {
    if (isTerminating(pod) || !isRunningAndReady(pod) || !isAvailable(pod, sync.minReadySeconds, sync.context.now)) return false
  } else if (isPending(pod) && hasClaimWork(sync, identityOf(pod))) return false
  return isConsistent(sync, pod)
}

function* processReplica(sync: Sync, versions: Versions, { ordinal, name, pod }: Slot): ItemSteps {
  const on = onPod(sync, name)
  const { isMonotonic, minReadySeconds } = sync
  if (pod === undefined) {
    const identity = { name, uid: '', ordinal }
    const staleClaim = findStaleClaim(sync, identity)
    if (staleClaim !== undefined) {
      sync.waitFor({
        kind: 'ClaimStale',
        on,
        because: `${name} is not created while its claim ${staleClaim} still belongs to the former ${name} and is about to be deleted with it; no claim event wakes the controller`,
      })
      return stop
    }
    const creationError = yield* createStatefulPod(sync, identity, newVersionedPod(sync.set, versions, ordinal))
    if (creationError !== undefined) return fail(creationError)
    if (isMonotonic) {
      sync.waitFor({
        kind: 'PodNotReady',
        on,
        because: `${name} was just created; what comes after it waits until it is Running and Ready`,
      })
      return stop
    }
    // Differs from Kubernetes: there the checks below go on with the Pod just sent, and an owner of its claims that was just written right may
    // be written once more from the stale cache, in vain.
    return goOn
  }
  if (isTerminal(pod)) {
    if (!isTerminating(pod)) {
      const error = yield* deleteStatefulPod(sync, pod)
      if (error !== undefined) return fail(error)
    }
    sync.waitFor({
      kind: 'PodTerminating',
      on,
      because: `${name} is ${pod.status.phase ?? ''} and has to be gone before it is created again`,
    })
    return stop
  }
  if (isPending(pod)) {
    const error = yield* createMissingPersistentVolumeClaims(sync, identityOf(pod))
    if (error !== undefined) return fail(error)
  }
  if (isMonotonic) {
    if (isTerminating(pod)) {
      sync.waitFor({
        kind: 'PodTerminating',
        on,
        because: `${name} is terminating; OrderedReady goes on when it is gone and its successor is available`,
      })
      return stop
    }
    if (!isRunningAndReady(pod)) {
      sync.waitFor({
        kind: 'PodNotReady',
        on,
        because: `${name} is not Running and Ready; OrderedReady neither creates, removes nor updates other Pods before it is`,
      })
      return stop
    }
    if (!isAvailable(pod, minReadySeconds, sync.context.now)) {
      sync.waitFor({
        kind: 'PodNotAvailable',
        on,
        because: `${name} is Ready, but not yet for minReadySeconds (${String(minReadySeconds)} s)`,
      })
      return stop
    }
  }
  if (isConsistent(sync, pod)) return goOn
  const error = yield* updateStatefulPod(sync, pod)
  return error === undefined ? goOn : fail(error)
}

/** Phase 2a: before a Pod goes, its claims learn whether they go with it. */
export const planCondemnedClaims = (sync: Sync, condemned: readonly Pod[]): Steps<StepOutcome> =>
  runForAll(sync, {
    count: condemned.length,
    phase: 'condemned-claims',
    item: (index) => {
      const pod = condemned[index]
      return pod === undefined || claimsMatchRetentionPolicy(sync, identityOf(pod)) ? undefined : fixClaims(sync, identityOf(pod))
    },
  })

function* fixClaims(sync: Sync, identity: PodIdentity): ItemSteps {
  const error = yield* updatePodClaimForRetentionPolicy(sync, identity)
  return error === undefined ? goOn : fail(error)
}

/** Phase 2b: the highest ordinal goes first, in OrderedReady one at a time. */
export const planCondemned = (sync: Sync, condemned: readonly Pod[], firstUnavailable: Pod | undefined): Steps<StepOutcome> =>
  runForAll(sync, {
    count: condemned.length,
    phase: 'condemned',
    item: (index) => {
      const pod = condemned[index]
      return pod === undefined || (!sync.isMonotonic && isTerminating(pod)) ? undefined : processCondemned(sync, pod, firstUnavailable)
    },
  })

function* processCondemned(sync: Sync, pod: Pod, firstUnavailable: Pod | undefined): ItemSteps {
  const { name } = pod.metadata
  if (isTerminating(pod)) {
    sync.waitFor({
      kind: 'PodTerminating',
      on: onPod(sync, name),
      because: `${name} is terminating; the scale-down goes on when it is gone`,
    })
    return stop
  }
  if (sync.isMonotonic && pod !== firstUnavailable) {
    const blocking = firstUnavailable?.metadata.name ?? name
    if (!isRunningAndReady(pod)) {
      sync.waitFor({
        kind: 'PodNotReady',
        on: onPod(sync, blocking),
        because: `${name} is to be removed, but it is not Running and Ready, and neither is ${blocking} below it`,
      })
      return stop
    }
    if (!isAvailable(pod, sync.minReadySeconds, sync.context.now)) {
      sync.waitFor({
        kind: 'PodNotAvailable',
        on: onPod(sync, blocking),
        because: `${name} is to be removed, but it is not available yet, and neither is ${blocking} below it`,
      })
      return stop
    }
  }
  const error = yield* deleteStatefulPod(sync, pod)
  if (error !== undefined) return fail(error)
  if (sync.isMonotonic)
    sync.waitFor({
      kind: 'PodTerminating',
      on: onPod(sync, name),
      because: `${name} was just told to terminate; the scale-down goes on when it is gone`,
    })
  return stop
}
