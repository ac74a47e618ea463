/**
 * A Pod as its StatefulSet sees it: everything that a sync asks of it, found out once for each version of the Pod. A sync looks at all Pods,
 * and mostly only one of them has changed since the last.
 */
import { selectorMatches } from '../../api/label-selector.js'
import { controllerRefOf } from '../../api/object.js'
import type { Pod, StatefulSet } from '../../api/generated/types.js'
import type { SimTime } from '../../kernel/sim-time.js'
import { availableAt, isNamedAfter, isPending, isReady, isRunningAndReady, isTerminal, isTerminating } from '../../resources/pod/queries.js'
import { claimNameOf, claimTemplatesOf, identityMatches, identityOf, podRevisionOf, storageMatches, type PodIdentity } from './identity.js'

/** A place in the range of ordinals, with its Pod if there is one. */
export interface Slot {
  readonly ordinal: number
  readonly name: string
  readonly member: Member | undefined
}

export interface Member {
  readonly pod: Pod
  /** Its place, should its ordinal be in the range. */
  readonly slot: Slot
  readonly identity: PodIdentity
  readonly controllerUid: string | undefined
  /** Labels and name are those of the set's Pods. */
  readonly matches: boolean
  /** Identity and storage are as they should be. */
  readonly isConsistent: boolean
  readonly claimNames: readonly string[]
  readonly revision: string
  readonly isPending: boolean
  readonly isReady: boolean
  readonly isRunningAndReady: boolean
  readonly isTerminal: boolean
  readonly isTerminating: boolean
  readonly readySince: SimTime | undefined
}

interface Known {
  readonly member: Member
  readonly setName: string
  readonly selector: StatefulSet['spec']['selector']
  readonly claimTemplates: StatefulSet['spec']['volumeClaimTemplates']
}

// Only remembers what is computed from the objects alone, so no run can tell whether it was asked before.
const knownMembers = new WeakMap<Pod, Known>()

export const memberOf = (set: StatefulSet, pod: Pod): Member => {
  const { name: setName } = set.metadata
  const { selector, volumeClaimTemplates: claimTemplates } = set.spec
  const known = knownMembers.get(pod)
  if (known !== undefined && known.claimTemplates === claimTemplates && known.selector === selector && known.setName === setName)
    return known.member
  const member = look(set, pod)
  knownMembers.set(pod, { member, setName, selector, claimTemplates })
  return member
}

interface LastMembers extends Omit<Known, 'member' | 'selector'> {
  readonly pods: readonly Pod[]
  readonly members: readonly Member[]
}
const lastMembers = new WeakMap<object, LastMembers>()

/** All Pods of a set. What was found for the last list is at hand place by place, which is quicker than asking for each Pod anew. */
export const membersOf = (set: StatefulSet, pods: readonly Pod[]): readonly Member[] => {
  const { name: setName } = set.metadata
  const { selector, volumeClaimTemplates: claimTemplates } = set.spec
  const found = lastMembers.get(selector)
  const last = found !== undefined && found.setName === setName && found.claimTemplates === claimTemplates ? found : undefined
  if (last?.pods === pods) return last.members
  const members = pods.map((pod, place) => {
    const known = last?.pods[place] === pod ? last.members[place] : undefined
    return known ?? memberOf(set, pod)
  })
  lastMembers.set(selector, { pods, members, setName, claimTemplates })
  return members
}

const look = (set: StatefulSet, pod: Pod): Member => {
  const identity = identityOf(pod)
  // The two name each other, so one of them is finished a little later.
  const slot: { -readonly [K in keyof Slot]: Slot[K] } = { ordinal: identity.ordinal, name: identity.name, member: undefined }
  const member: Member = {
    pod,
    slot,
    identity,
    controllerUid: controllerRefOf(pod)?.uid,
    matches: isNamedAfter(pod, set.metadata.name) && selectorMatches(set.spec.selector, pod.metadata.labels),
    isConsistent: identityMatches(set, pod) && storageMatches(set, pod),
    claimNames: claimTemplatesOf(set).map((template) => claimNameOf(set, template, identity.ordinal)),
    revision: podRevisionOf(pod),
    isPending: isPending(pod),
    isReady: isReady(pod),
    isRunningAndReady: isRunningAndReady(pod),
    isTerminal: isTerminal(pod),
    isTerminating: isTerminating(pod),
    readySince: availableAt(pod, 0),
  }
  slot.member = member
  return member
}

/** Ready for at least minReadySeconds. */
export const isAvailableMember = ({ isReady: ready, readySince }: Member, minReadySeconds: number, now: SimTime): boolean =>
  ready && (minReadySeconds === 0 || (readySince !== undefined && readySince + minReadySeconds * 1_000 <= now))
