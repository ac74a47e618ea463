/** Which Pod of a set holds up those that come after it. From one look to the next only what has changed is looked at again. */
import type { Pod, StatefulSet } from '../../api/generated/types.js'
import type { KubernetesObject } from '../../api/object.js'
import { storeBehind } from '../../cluster/make-reader.js'
import type { Reader } from '../../cluster/reader.js'
import type { ClusterState } from '../../cluster/state.js'
import { forEachStep } from '../../kernel/map-difference.js'
import type { PersistentMap } from '../../kernel/persistent-map.js'
import { availableAt, isRunningAndReady, isTerminating, parentAndOrdinalOf } from '../../resources/pod/queries.js'
import { setOf, startOf } from '../observed-change.js'
import { isTakenIn } from '../own-writes.js'

/** Why the Pod of that ordinal holds up those that come after it; undefined if it does not. */
const blockageOf = (pod: Pod | undefined, set: StatefulSet, now: number): string | undefined => {
  if (pod === undefined) return 'does not exist'
  if (isTerminating(pod)) return 'is terminating'
  if (!isRunningAndReady(pod)) return `is ${pod.status.phase ?? 'without a phase'} and not Ready`
  const minReadySeconds = set.spec.minReadySeconds ?? 0
  if (minReadySeconds === 0) return undefined
  const available = availableAt(pod, minReadySeconds)
  return available !== undefined && available <= now ? undefined : `is not Ready for ${minReadySeconds} s yet`
}

const podAt = (set: StatefulSet, ordinal: number, view: Reader): Pod | undefined =>
  view.get('Pod', set.metadata.namespace ?? '', `${set.metadata.name}-${ordinal}`)

/** As the view shows it; a Pod that nobody controls there may be one that this very sync has adopted. */
export const memberAt = (set: StatefulSet, ordinal: number, view: Reader, before: ClusterState): Pod | undefined => {
  const pod = podAt(set, ordinal, view)
  return pod === undefined || (setOf(pod, view) === undefined && !isTakenIn(pod, set, before)) ? undefined : pod
}

/** Pods with these ordinals held up nobody, as these objects show them; time only makes them more available. A memo of the last answer. */
interface Checked {
  readonly objects: PersistentMap<KubernetesObject>
  readonly uid: string
  readonly minReadySeconds: number
  readonly start: number
  readonly upTo: number
  readonly at: number
}

let checked: Checked | undefined

/** Ordinals below `upTo` whose Pods have changed since. */
const changedSince = ({ objects, start }: Checked, now: Checked['objects'], set: StatefulSet, upTo: number): readonly number[] => {
  const found: number[] = []
  forEachStep(objects, now, (_key, was, is) => {
    const metadata = (is ?? was)?.metadata
    if (metadata === undefined || metadata.namespace !== set.metadata.namespace) return
    const { parent, ordinal } = parentAndOrdinalOf(metadata.name)
    if (parent === set.metadata.name && ordinal >= start && ordinal < upTo) found.push(ordinal)
  })
  return found.sort((left, right) => left - right)
}

export interface Blockage {
  readonly ordinal: number
  readonly why: string
}

/** The first Pod below `upTo` that is not Running, Ready, available and staying, in the controller's view. */
export const firstBlockage = (set: StatefulSet, upTo: number, view: Reader, before: ClusterState, at: number): Blockage | undefined => {
  const { objects } = storeBehind(view, 'Pod')
  const { uid } = set.metadata
  const minReadySeconds = set.spec.minReadySeconds ?? 0
  const start = startOf(set)
  const last =
    checked?.uid === uid && checked.minReadySeconds === minReadySeconds && checked.start === start && checked.at <= at ? checked : undefined
  const from = last === undefined ? start : Math.min(last.upTo, upTo)
  // What this sync has adopted is its own only in this sync.
  let sureUpTo = upTo
  const blockageAt = (ordinal: number): Blockage | undefined => {
    const member = memberAt(set, ordinal, view, before)
    const why = blockageOf(member, set, at)
    if (why !== undefined) return { ordinal, why }
    if (member !== undefined && setOf(member, view) === undefined && ordinal < sureUpTo) sureUpTo = ordinal
    return undefined
  }
  for (const ordinal of last === undefined ? [] : changedSince(last, objects, set, from)) {
    const blockage = blockageAt(ordinal)
    if (blockage === undefined) continue
    checked = undefined
    return blockage
  }
  for (let ordinal = from; ordinal < upTo; ordinal += 1) {
    const blockage = blockageAt(ordinal)
    if (blockage === undefined) continue
    checked = { objects, uid, minReadySeconds, start, upTo: Math.min(ordinal, sureUpTo), at }
    return blockage
  }
  checked = { objects, uid, minReadySeconds, start, upTo: sureUpTo, at }
  return undefined
}
