/**
 * Which Pods are missing, which are too many, in which order they come and go, and what stands in the way.
 * Follows processReplica, processCondemned and runForAll in pkg/controller/statefulset/stateful_set_control.go.
 */
import type { ApiStatus } from '../../api/api-status.js'
import { slowStart } from '../slow-start.js'
import type { Steps } from '../steps.js'
import { newVersionedPod, podNameOf, replicasOf, startOrdinalOf, type PodIdentity, type Versions } from './identity.js'
import { isAvailableMember, type Member, type Slot } from './member.js'
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

export interface Partitioned {
  /** Ascending, one for each ordinal of the range. */
  readonly slots: readonly Slot[]
  /** Descending: Pods outside the range. */
  readonly condemned: readonly Member[]
  /** All that are in either list. */
  readonly members: readonly Member[]
}

/** Stands where no Pod has been found. */
const noSlot: Slot = { ordinal: -1, name: '', member: undefined }

/** Of two Pods with one ordinal (`web-1` and `web-01`) the last one wins. Pods without a number are in neither list. */
export const partitionPods = ({ set }: Sync, members: readonly Member[]): Partitioned => {
  const start = startOrdinalOf(set)
  const count = replicasOf(set)
  const slots: Slot[] = []
  for (let index = 0; index < count; index += 1) slots.push(noSlot)
  const condemned: Member[] = []
  let isComplete = true
  for (const member of members) {
    const { slot } = member
    const index = slot.ordinal - start
    if (index >= 0 && index < count) {
      if (slots[index] !== noSlot) isComplete = false
      slots[index] = slot
    } else if (slot.ordinal >= 0) condemned.push(member)
    else isComplete = false
  }
  for (let index = 0; index < count; index += 1)
    if (slots[index] === noSlot) slots[index] = { ordinal: start + index, name: podNameOf(set, start + index), member: undefined }
  condemned.sort(byDescendingOrdinal)
  return { slots, condemned, members: isComplete ? members : [...slots.flatMap(({ member }) => member ?? []), ...condemned] }
}

const byDescendingOrdinal = ({ identity: left }: Member, { identity: right }: Member): number =>
  right.ordinal - left.ordinal || (left.name < right.name ? -1 : 1)

/** Not there, not ready, not ready for long enough, or on its way out. */
export const isUnavailable = ({ minReadySeconds, context: { now } }: Sync, member: Member | undefined): boolean =>
  member === undefined || member.isTerminating || !isAvailableMember(member, minReadySeconds, now)

/** Says why a Pod that somebody waits for is not available. */
export const waitForPod = (sync: Sync, { name, member }: Slot, because: string): void => {
  const kind = member?.isTerminating === true ? 'PodTerminating' : member?.isReady === true ? 'PodNotAvailable' : 'PodNotReady'
  sync.waitFor({ kind, on: onPod(sync, name), because })
}

/** The Pod that a scale-down may remove although it is not available: the lowest of all that are not. */
export const firstUnavailable = (sync: Sync, { slots, condemned }: Partitioned): Member | undefined => {
  const slot = slots.find(({ member }) => isUnavailable(sync, member))
  if (slot !== undefined) return slot.member
  for (let index = condemned.length - 1; index >= 0; index -= 1) if (isUnavailable(sync, condemned[index])) return condemned[index]
  return undefined
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

const isConsistent = (sync: Sync, member: Member): boolean =>
  member.isConsistent && claimsMatchRetentionPolicy(sync, member.identity, member.claimNames)

/** Most slots of most syncs: nothing to do and nothing to wait for. */
const isSettled = (sync: Sync, { member }: Slot): boolean => {
  if (member === undefined || member.isTerminal) return false
  if (sync.isMonotonic) {
    if (member.isTerminating || !member.isRunningAndReady || !isAvailableMember(member, sync.minReadySeconds, sync.context.now))
      return false
  } else if (member.isPending && hasClaimWork(sync, member.identity)) return false
  return isConsistent(sync, member)
}

function* processReplica(sync: Sync, versions: Versions, { ordinal, name, member }: Slot): ItemSteps {
  const on = onPod(sync, name)
  const { isMonotonic, minReadySeconds } = sync
  if (member === undefined) {
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
  const { pod, identity } = member
  if (member.isTerminal) {
    if (!member.isTerminating) {
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
  if (member.isPending) {
    const error = yield* createMissingPersistentVolumeClaims(sync, identity)
    if (error !== undefined) return fail(error)
  }
  if (isMonotonic) {
    if (member.isTerminating) {
      sync.waitFor({
        kind: 'PodTerminating',
        on,
        because: `${name} is terminating; OrderedReady goes on when it is gone and its successor is available`,
      })
      return stop
    }
    if (!member.isRunningAndReady) {
      sync.waitFor({
        kind: 'PodNotReady',
        on,
        because: `${name} is not Running and Ready; OrderedReady neither creates, removes nor updates other Pods before it is`,
      })
      return stop
    }
    if (!isAvailableMember(member, minReadySeconds, sync.context.now)) {
      sync.waitFor({
        kind: 'PodNotAvailable',
        on,
        because: `${name} is Ready, but not yet for minReadySeconds (${String(minReadySeconds)} s)`,
      })
      return stop
    }
  }
  if (isConsistent(sync, member)) return goOn
  const error = yield* updateStatefulPod(sync, pod)
  return error === undefined ? goOn : fail(error)
}

/** Phase 2a: before a Pod goes, its claims learn whether they go with it. */
export const planCondemnedClaims = (sync: Sync, condemned: readonly Member[]): Steps<StepOutcome> =>
  runForAll(sync, {
    count: condemned.length,
    phase: 'condemned-claims',
    item: (index) => {
      const member = condemned[index]
      return member === undefined || claimsMatchRetentionPolicy(sync, member.identity, member.claimNames)
        ? undefined
        : fixClaims(sync, member.identity)
    },
  })

function* fixClaims(sync: Sync, identity: PodIdentity): ItemSteps {
  const error = yield* updatePodClaimForRetentionPolicy(sync, identity)
  return error === undefined ? goOn : fail(error)
}

/** Phase 2b: the highest ordinal goes first, in OrderedReady one at a time. */
export const planCondemned = (sync: Sync, condemned: readonly Member[], spared: Member | undefined): Steps<StepOutcome> =>
  runForAll(sync, {
    count: condemned.length,
    phase: 'condemned',
    item: (index) => {
      const member = condemned[index]
      return member === undefined || (!sync.isMonotonic && member.isTerminating) ? undefined : processCondemned(sync, member, spared)
    },
  })

function* processCondemned(sync: Sync, member: Member, spared: Member | undefined): ItemSteps {
  const { name } = member.identity
  if (member.isTerminating) {
    sync.waitFor({
      kind: 'PodTerminating',
      on: onPod(sync, name),
      because: `${name} is terminating; the scale-down goes on when it is gone`,
    })
    return stop
  }
  if (sync.isMonotonic && member !== spared) {
    const blocking = spared?.identity.name ?? name
    if (!member.isRunningAndReady) {
      sync.waitFor({
        kind: 'PodNotReady',
        on: onPod(sync, blocking),
        because: `${name} is to be removed, but it is not Running and Ready, and neither is ${blocking} below it`,
      })
      return stop
    }
    if (!isAvailableMember(member, sync.minReadySeconds, sync.context.now)) {
      sync.waitFor({
        kind: 'PodNotAvailable',
        on: onPod(sync, blocking),
        because: `${name} is to be removed, but it is not available yet, and neither is ${blocking} below it`,
      })
      return stop
    }
  }
  const error = yield* deleteStatefulPod(sync, member.pod)
  if (error !== undefined) return fail(error)
  if (sync.isMonotonic)
    sync.waitFor({
      kind: 'PodTerminating',
      on: onPod(sync, name),
      because: `${name} was just told to terminate; the scale-down goes on when it is gone`,
    })
  return stop
}
