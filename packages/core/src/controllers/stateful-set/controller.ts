/** The StatefulSet controller: which notifications wake which sets. Follows pkg/controller/statefulset/stateful_set.go. */
import { selectorMatches } from '../../api/label-selector.js'
import { controllerRefOf, keyOfObject, splitKey, type KubernetesObject } from '../../api/object.js'
import type { OwnerReference, Pod } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { isReady } from '../../resources/pod/queries.js'
import type { Controller, Wake, WatchNotification } from '../controller.js'
import { replicasOf } from './identity.js'
import { planStatefulSet } from './plan.js'
import type { StatefulSetControllerOptions } from './sync.js'

const nobody: readonly Wake[] = []
const wake = (set: KubernetesObject): Wake => ({ key: keyOfObject(set) })
const wakeLater = (set: KubernetesObject, afterMs: number): Wake => ({ key: keyOfObject(set), afterMs })

/** The set that the reference names, if it is still that very set. */
const resolveControllerRef = (reader: Reader, namespace: string, reference: OwnerReference): readonly Wake[] => {
  if (reference.kind !== 'StatefulSet') return nobody
  const set = reader.get('StatefulSet', namespace, reference.name)
  return set !== undefined && set.metadata.uid === reference.uid ? [wake(set)] : nobody
}

/** Before it adopts anything a set is read live. */
const adoptionMs = 12

/** Every set whose selector matches an orphan may want it. The name is not looked at here. Follows getStatefulSetsForPod. */
const possibleOwners = (reader: Reader, pod: Pod): readonly Wake[] => {
  const { namespace, labels } = pod.metadata
  if (labels === undefined) return nobody
  return reader
    .list('StatefulSet', namespace)
    .filter((set) => selectorMatches(set.spec.selector, labels))
    .map((set) => wakeLater(set, adoptionMs))
}

const sameLabels = (left: Pod, right: Pod): boolean => {
  const [before, after] = [left.metadata.labels ?? {}, right.metadata.labels ?? {}]
  if (before === after) return true
  const keys = Object.keys(before)
  return keys.length === Object.keys(after).length && keys.every((key) => before[key] === after[key])
}

/** Nothing happens to a Pod when it becomes available; one second more than minReadySeconds, and it has. */
const onceAvailable = (reader: Reader, { key }: Wake): readonly Wake[] => {
  const { namespace, name } = splitKey(key)
  const seconds = reader.get('StatefulSet', namespace, name)?.spec.minReadySeconds ?? 0
  return seconds > 0 ? [{ key, afterMs: (seconds + 1) * 1_000 }] : nobody
}

// Follows addPod, updatePod and deletePod.
const onPod = ({ type, object: pod, old }: WatchNotification<Pod>, reader: Reader): readonly Wake[] => {
  const namespace = pod.metadata.namespace ?? ''
  const owner = controllerRefOf(pod)
  const resolved = owner === undefined ? nobody : resolveControllerRef(reader, namespace, owner)
  if (type === 'DELETED') return resolved
  if (type === 'ADDED') return owner !== undefined || pod.metadata.deletionTimestamp !== undefined ? resolved : possibleOwners(reader, pod)
  if (pod.metadata.resourceVersion === old.metadata.resourceVersion) return nobody
  const former = controllerRefOf(old)
  const ownerChanged = former?.uid !== owner?.uid
  const wakes = former !== undefined && ownerChanged ? resolveControllerRef(reader, namespace, former) : nobody
  if (owner !== undefined) {
    const [own] = resolved
    if (own !== undefined && isReady(pod) && !isReady(old)) return [...wakes, own, ...onceAvailable(reader, own)]
    return wakes.length === 0 ? resolved : [...wakes, ...resolved]
  }
  return ownerChanged || !sameLabels(old, pod) ? [...wakes, ...possibleOwners(reader, pod)] : wakes
}

/**
 * A sync looks at every Pod of its set several times over; while it does, what happens to the Pods coalesces into one more sync. An assumption
 * (50 µs a Pod), and one that no set below 40 replicas can feel: a millisecond is less than what it takes to wake up.
 */
const replicasLookedAtInMs = 20

/** From a new set to its first Pod, as in the recordings: revisions and claims are written before. Whoever looks at a budget meanwhile sees no Pods. */
const firstSyncMs = 14

const defaultOptions: StatefulSetControllerOptions = { maxUnavailable: false, staleReadProtection: true }

export const makeStatefulSetController = (options: Partial<StatefulSetControllerOptions> = {}): Controller => ({
  name: 'statefulset-controller',
  watches: {
    StatefulSet: ({ type, object }) => [type === 'ADDED' ? wakeLater(object, firstSyncMs) : wake(object)],
    Pod: onPod,
    // Cached, but nothing that happens to them wakes a set.
    PersistentVolumeClaim: () => nobody,
    ControllerRevision: () => nobody,
  },
  plan: planStatefulSet({ ...defaultOptions, ...options }),
  busyMs: (key, reader) => {
    const { namespace, name } = splitKey(key)
    const set = reader.get('StatefulSet', namespace, name)
    return set === undefined ? 0 : Math.floor(replicasOf(set) / replicasLookedAtInMs)
  },
})

/** With the feature gates of Kubernetes 1.36.3. */
export const statefulSetController: Controller = makeStatefulSetController()
