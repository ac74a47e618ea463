/**
 * Which Pods go because their template is old: from the highest ordinal down to the partition, one at a time, or as many as maxUnavailable
 * allows. Follows the end of updateStatefulSet, and updateStatefulSetAfterInvariantEstablished, in stateful_set_control.go.
 */
import type { ApiStatus } from '../../api/api-status.js'
import type { IntOrString, StatefulSet } from '../../api/generated/types.js'
import { plainError, type Steps } from '../steps.js'
import { replicasOf, type Versions } from './identity.js'
import { isAvailableMember, type Member, type Slot } from './member.js'
import { isUnavailable, waitForPod } from './plan-replicas.js'
import { deleteStatefulPod } from './pod-control.js'
import { onPod, type Sync } from './sync.js'

export interface RolloutOutcome {
  /** Each takes one off currentReplicas, whatever revision that Pod had. */
  readonly deletions: number
  readonly error: ApiStatus | undefined
}

const nothing: RolloutOutcome = { deletions: 0, error: undefined }

/** The first slot that may be updated. It counts from the first ordinal, not from 0. */
const updateMinOf = ({ spec }: StatefulSet): number => spec.updateStrategy?.rollingUpdate?.partition ?? 0

const isOld = ({ revision }: Member, { update }: Versions): boolean => revision !== update.metadata.name

export function* planRollout(sync: Sync, versions: Versions, slots: readonly Slot[]): Steps<RolloutOutcome> {
  if (sync.set.spec.updateStrategy?.type === 'OnDelete') {
    const old = slots.find(({ member }) => member !== undefined && isOld(member, versions))
    if (old !== undefined)
      sync.waitFor({
        kind: 'ManualDeletion',
        on: onPod(sync, old.name),
        because: `${old.name} has an old template; with the OnDelete strategy it keeps it until somebody deletes it`,
      })
    return nothing
  }
  return yield* sync.options.maxUnavailable ? planWithBudget(sync, versions, slots) : planOneByOne(sync, versions, slots)
}

function* planOneByOne(sync: Sync, versions: Versions, slots: readonly Slot[]): Steps<RolloutOutcome> {
  const updateMin = updateMinOf(sync.set)
  for (let index = slots.length - 1; index >= updateMin; index -= 1) {
    const slot = slots[index]
    if (slot === undefined) continue
    const { member, name } = slot
    if (member !== undefined && isOld(member, versions) && !member.isTerminating) {
      const error = yield* deleteStatefulPod(sync, member.pod)
      if (error !== undefined) return { deletions: 0, error }
      sync.waitFor({
        kind: 'PodTerminating',
        on: onPod(sync, name),
        because: `${name} was just told to terminate, to be created again from the new template`,
      })
      return { deletions: 1, error: undefined }
    }
    if (isUnavailable(sync, member)) {
      waitForPod(sync, slot, `${name} is not available; the update does not go on to lower ordinals before it is`)
      return nothing
    }
  }
  const kept = slots.slice(0, updateMin).find(({ member }) => member !== undefined && isOld(member, versions))
  if (kept !== undefined)
    sync.waitFor({
      kind: 'Partition',
      on: onPod(sync, kept.name),
      because: `${kept.name} is below the partition (${String(updateMin)}) and keeps its old template until the partition is lowered`,
    })
  return nothing
}

/** A number, or a share of the replicas rounded down; at least 1. Follows getStatefulSetMaxUnavailable. */
export const maxUnavailableOf = (value: IntOrString | undefined, replicas: number): number | undefined => {
  if (value === undefined) return 1
  if (typeof value === 'number') return Math.max(value, 1)
  const percent = /^(\d+)%$/.exec(value)?.[1]
  return percent === undefined ? undefined : Math.max(Math.floor((Number(percent) * replicas) / 100), 1)
}

function* planWithBudget(sync: Sync, versions: Versions, slots: readonly Slot[]): Steps<RolloutOutcome> {
  const { set, isMonotonic, minReadySeconds, context } = sync
  const rollingUpdate = set.spec.updateStrategy?.rollingUpdate
  const maxUnavailable = maxUnavailableOf(rollingUpdate?.maxUnavailable, replicasOf(set))
  if (maxUnavailable === undefined)
    return { deletions: 0, error: plainError(`invalid value for IntOrString: invalid type: string is not a percentage`) }
  const updateMin = updateMinOf(set)
  const isAvailableNow = (member: Member): boolean => isAvailableMember(member, minReadySeconds, context.now)
  const isOldAndAlive = (member: Member): boolean => isOld(member, versions) && !member.isTerminating

  // Slots below the partition use the budget too.
  const unavailable = slots.filter(({ member }) => isUnavailable(sync, member))
  const brokenAndOld = isMonotonic ? 0 : unavailable.filter(({ member }) => member !== undefined && isOldAndAlive(member)).length
  const [first] = unavailable
  if (unavailable.length >= maxUnavailable && brokenAndOld === 0) {
    if (first !== undefined)
      sync.waitFor({
        kind: 'MaxUnavailable',
        on: onPod(sync, first.name),
        because: `${String(unavailable.length)} Pods are unavailable, ${first.name} among them, and no more than ${String(maxUnavailable)} may be`,
      })
    return nothing
  }

  const targets = slots.slice(updateMin).reverse()
  let deletions = 0
  let budget = maxUnavailable - unavailable.length
  const isTarget = (member: Member, phase: 'broken' | 'available' | 'any'): boolean =>
    isOldAndAlive(member) && (phase === 'any' || isAvailableNow(member) === (phase === 'available'))
  // Old Pods that are unavailable anyway cost nothing; in Parallel they go first, whatever the budget.
  for (const phase of isMonotonic ? (['any'] as const) : (['broken', 'available'] as const)) {
    for (const { member, name } of targets) {
      if (phase !== 'broken' && budget <= 0) break
      if (member === undefined || !isTarget(member, phase)) continue
      const error = yield* deleteStatefulPod(sync, member.pod)
      if (error !== undefined) return { deletions, error }
      deletions += 1
      if (phase !== 'broken') budget -= 1
      sync.waitFor({
        kind: 'PodTerminating',
        on: onPod(sync, name),
        because: `${name} was just told to terminate, to be created again from the new template`,
      })
    }
  }
  return { deletions, error: undefined }
}
