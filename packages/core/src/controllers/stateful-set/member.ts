/**
 * A Pod as its StatefulSet sees it: everything that a sync asks of it, found out once for each version of the Pod. A sync looks at all Pods,
 * and mostly only one of them has changed since the last.
 */
import { selectorMatches } from '../../api/label-selector.js'
import { controllerRefOf } from '../../api/object.js'
import type { Pod, StatefulSet } from '../../api/generated/types.js'
import type { SimTime } from '../../kernel/sim-time.js'
import { availableAt, isNamedAfter, isPending, isReady, isTerminal, isTerminating } from '../../resources/pod/queries.js'
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
  /** The uid of the set, when all of them are the set's own and are called as they should be. */
  readonly ownedBy: string | undefined
}
const lastMembers = new WeakMap<object, LastMembers>()

const none: readonly never[] = []

/** What was found for the last list is at hand place by place, which is quicker than asking for each Pod anew. */
const lookAtAll = (set: StatefulSet, pods: readonly Pod[]): LastMembers => {
  const { name: setName, uid } = set.metadata
  const { selector, volumeClaimTemplates: claimTemplates } = set.spec
  const found = lastMembers.get(selector)
  const last = found !== undefined && found.setName === setName && found.claimTemplates === claimTemplates ? found : undefined
  if (last?.pods === pods && (last.ownedBy === undefined || last.ownedBy === uid)) return last
  const lastPods: readonly Pod[] = last?.pods ?? none
  const known: readonly Member[] = last?.members ?? none
  const knownToBeOwn = last?.ownedBy === uid
  let areOwn = true
  const members = known.slice(0, pods.length)
  for (let place = 0; place < pods.length; place += 1) {
    const pod = pods[place]
    if (pod === undefined) continue
    const before = known[place]
    const isKnown = before !== undefined && lastPods[place] === pod
    if (isKnown && knownToBeOwn) continue
    const member = isKnown ? before : before !== undefined && isAlike(before.pod, pod) ? renewed(before, pod) : memberOf(set, pod)
    if (!isKnown) members[place] = member
    if (member.controllerUid !== uid || !member.matches) areOwn = false
  }
  const all: LastMembers = { pods, members, ownedBy: areOwn ? uid : undefined, setName, claimTemplates }
  lastMembers.set(selector, all)
  return all
}

/** All Pods of a set. */
export const membersOf = (set: StatefulSet, pods: readonly Pod[]): readonly Member[] => lookAtAll(set, pods).members

/** Nothing to adopt and nothing to release among these. */
export const areAllOwn = (set: StatefulSet, pods: readonly Pod[]): boolean => lookAtAll(set, pods).ownedBy === set.metadata.uid

/** A newer version of the same Pod with another status: who it is, whose, and with which storage has not changed. */
const isAlike = ({ metadata: before, spec }: Pod, { metadata: after, spec: newer }: Pod): boolean =>
  before.uid === after.uid &&
  before.name === after.name &&
  before.namespace === after.namespace &&
  before.labels === after.labels &&
  before.ownerReferences === after.ownerReferences &&
  spec.volumes === newer.volumes

const renewed = (
  { slot: { ordinal, name }, identity, controllerUid, matches, isConsistent, claimNames, revision }: Member,
  pod: Pod,
): Member => finished(pod, { ordinal, name, member: undefined }, identity, controllerUid, matches, isConsistent, claimNames, revision)

const look = (set: StatefulSet, pod: Pod): Member => {
  const identity = identityOf(pod)
  const { ordinal, name } = identity
  const claimTemplates = claimTemplatesOf(set)
  return finished(
    pod,
    { ordinal, name, member: undefined },
    identity,
    controllerRefOf(pod)?.uid,
    isNamedAfter(pod, set.metadata.name) && selectorMatches(set.spec.selector, pod.metadata.labels),
    identityMatches(set, pod) && storageMatches(set, pod),
    claimTemplates.length === 0 ? none : claimTemplates.map((template) => claimNameOf(set, template, ordinal)),
    podRevisionOf(pod),
  )
}

/** With what the status says. The member and its slot name each other, so one of them is finished a little later. */
const finished = (
  pod: Pod,
  slot: { -readonly [K in keyof Slot]: Slot[K] },
  identity: PodIdentity,
  controllerUid: string | undefined,
  matches: boolean,
  isConsistent: boolean,
  claimNames: readonly string[],
  revision: string,
): Member => {
  const ready = isReady(pod)
  const member: Member = {
    pod,
    slot,
    identity,
    controllerUid,
    matches,
    isConsistent,
    claimNames,
    revision,
    isPending: isPending(pod),
    isReady: ready,
    isRunningAndReady: ready && pod.status.phase === 'Running',
    isTerminal: isTerminal(pod),
    isTerminating: isTerminating(pod),
  }
  slot.member = member
  return member
}

export const readySinceOf = ({ pod }: Member): SimTime | undefined => availableAt(pod, 0)

/** Ready for at least minReadySeconds. */
export const isAvailableMember = (member: Member, minReadySeconds: number, now: SimTime): boolean => {
  if (!member.isReady || minReadySeconds === 0) return member.isReady
  const since = readySinceOf(member)
  return since !== undefined && since + minReadySeconds * 1_000 <= now
}
