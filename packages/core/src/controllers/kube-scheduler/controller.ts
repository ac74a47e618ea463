/**
 * Wiring of the scheduler: which notification could help which waiting Pod. Follows the event handlers in pkg/scheduler/eventhandlers.go.
 *
 * Differs from Kubernetes: a Pod is tried again at once. There, a Pod backs off (1 s, doubled to 10 s) while others are waiting; an idle
 * scheduler does not wait either.
 */
import type { Node, PersistentVolumeClaim, Pod } from '../../api/generated/types.js'
import { keyOfObject, type KubernetesObject } from '../../api/object.js'
import { storeBehind } from '../../cluster/make-reader.js'
import type { Reader } from '../../cluster/reader.js'
import { followMap } from '../../kernel/map-difference.js'
import { deepEqual } from '../../kernel/object-difference.js'
import type { Json } from '../../kernel/json.js'
import { emptyMap } from '../../kernel/persistent-map.js'
import { isTerminal } from '../../resources/pod/queries.js'
import type { Controller, Wake } from '../controller.js'
import { isGated, isWaitingForUs, planScheduling, schedulerName } from './plan.js'
import {
  changedNodeCouldHelp,
  gonePodCouldHelp,
  isRejected,
  lostNodeCouldHelp,
  newClaimCouldHelp,
  newNodeCouldHelp,
  placedPodCouldHelp,
  relabelledPodCouldHelp,
  volumeCouldHelp,
} from './queueing-hints.js'

/** Pods that wait for a change that helps them. Those not tried yet are in the queue, however many there are, and wait for nothing. */
const followRejected = followMap<KubernetesObject, Map<string, Pod>>(new Map(), emptyMap(), (rejected, key, _, after) => {
  const pod = after as Pod | undefined // the store of Pods
  if (pod !== undefined && isWaitingForUs(pod) && !isGated(pod) && isRejected(pod)) rejected.set(key, pod)
  else if (rejected.size > 0) rejected.delete(key)
})

const none: readonly Wake[] = []

const priorityOf = (pod: Pod): number => pod.spec.priority ?? 0

/** When the Pod was last tried, or made: its newest version, as a failed cycle writes the condition. */
const versionOf = ({ metadata }: Pod): number => Number(metadata.resourceVersion)

/** The waiting Pods that it could help, as they are taken from the queue: the highest priority first, then who waits longest. Follows PrioritySort. */
const wakeThose = (reader: Reader, couldHelp: (pod: Pod) => boolean): readonly Wake[] => {
  const rejected = followRejected(storeBehind(reader, 'Pod').objects)
  if (rejected.size === 0) return none
  const woken: { readonly key: string; readonly pod: Pod }[] = []
  for (const [key, pod] of rejected) if (couldHelp(pod)) woken.push({ key, pod })
  return woken
    .sort(
      (left, right) =>
        priorityOf(right.pod) - priorityOf(left.pod) || versionOf(left.pod) - versionOf(right.pod) || (left.key < right.key ? -1 : 1),
    )
    .map(({ key }) => ({ key }))
}

const isAssigned = (pod: Pod): boolean => (pod.spec.nodeName ?? '') !== ''
const takesRoom = (pod: Pod): boolean => isAssigned(pod) && !isTerminal(pod)

const podsOfClaim = (reader: Reader, namespace: string, name: string, couldHelp: (pod: Pod) => boolean): readonly Wake[] =>
  reader
    .podsWithClaim(namespace, name)
    .filter((pod) => isWaitingForUs(pod) && !isGated(pod) && couldHelp(pod))
    .map((pod) => ({ key: keyOfObject(pod) }))

const provisioner = 'volume.kubernetes.io/storage-provisioner'

/** Claims without a volume for which none is being made: only a volume that exists already can serve them. */
const followUnserved = followMap<KubernetesObject, Map<string, PersistentVolumeClaim>>(new Map(), emptyMap(), (unserved, key, _, after) => {
  const claim = after as PersistentVolumeClaim | undefined // the store of claims
  if (claim !== undefined && (claim.spec.volumeName ?? '') === '' && claim.metadata.annotations?.[provisioner] === undefined)
    unserved.set(key, claim)
  else unserved.delete(key)
})

/**
 * A volume appeared or changed.
 *
 * Differs from Kubernetes: a Pod whose claims are being provisioned is woken by those claims alone, not by every other volume as well.
 */
const podsForVolume = (reader: Reader): readonly Wake[] => {
  const woken = new Map<string, Wake>()
  for (const { metadata } of followUnserved(storeBehind(reader, 'PersistentVolumeClaim').objects).values())
    for (const wake of podsOfClaim(reader, metadata.namespace ?? '', metadata.name, volumeCouldHelp)) woken.set(wake.key, wake)
  return [...woken.values()].sort((left, right) => (left.key < right.key ? -1 : 1))
}

const differ = (left: unknown, right: unknown): boolean => left !== right && !deepEqual((left ?? null) as Json, (right ?? null) as Json)

/** What of a node the plug-ins registered for; heartbeats and conditions are not among it. */
const looksDifferent = (before: Node, after: Node): boolean =>
  before.spec.unschedulable !== after.spec.unschedulable ||
  differ(before.spec.taints, after.spec.taints) ||
  differ(before.metadata.labels, after.metadata.labels) ||
  differ(before.status.allocatable, after.status.allocatable)

export const kubeSchedulerController: Controller = {
  name: schedulerName,
  // It begins 6 to 15 ms after a Pod was made and takes one Pod at a time, as in the recordings.
  latencyMs: 6,
  serialMs: 5,
  watches: {
    Pod: ({ type, object, old }, reader) => {
      if (type !== 'DELETED' && isWaitingForUs(object)) {
        if (isGated(object)) return none
        // An update of the status alone, such as our own condition, is no reason to try again.
        const isNews =
          type === 'ADDED' ||
          object.spec !== old.spec ||
          (differ(object.metadata.labels, old.metadata.labels) && relabelledPodCouldHelp(object, old, object, reader))
        return isNews ? [{ key: keyOfObject(object) }] : none
      }
      const tookRoom = old !== undefined && takesRoom(old)
      if (tookRoom && (type === 'DELETED' || !takesRoom(object))) return wakeThose(reader, (pod) => gonePodCouldHelp(pod, object, reader))
      if (!takesRoom(object)) return none
      if (!tookRoom) return wakeThose(reader, (pod) => placedPodCouldHelp(pod, object, reader))
      return differ(object.metadata.labels, old.metadata.labels)
        ? wakeThose(reader, (pod) => relabelledPodCouldHelp(pod, old, object, reader))
        : none
    },
    Node: ({ type, object, old }, reader) => {
      switch (type) {
        case 'ADDED':
          return wakeThose(reader, (pod) => newNodeCouldHelp(pod, object))
        case 'DELETED':
          return wakeThose(reader, (pod) => lostNodeCouldHelp(pod, object))
        case 'MODIFIED':
          return looksDifferent(old, object) ? wakeThose(reader, (pod) => changedNodeCouldHelp(pod, old, object)) : none
      }
    },
    PersistentVolumeClaim: ({ type, object }, reader) =>
      type === 'DELETED'
        ? none
        : podsOfClaim(
            reader,
            object.metadata.namespace ?? '',
            object.metadata.name,
            type === 'ADDED' ? newClaimCouldHelp : volumeCouldHelp,
          ),
    PersistentVolume: ({ type, object }, reader) => {
      if (type === 'DELETED') return none
      const { namespace = '', name = '' } = object.spec.claimRef ?? {}
      const own = name === '' ? none : podsOfClaim(reader, namespace, name, volumeCouldHelp)
      const others = podsForVolume(reader)
      return others.length === 0 ? own : [...own, ...others.filter(({ key }) => !own.some((wake) => wake.key === key))]
    },
    StorageClass: ({ type, object, old }, reader) =>
      type === 'DELETED' || (old !== undefined && !differ(old.allowedTopologies, object.allowedTopologies))
        ? none
        : wakeThose(reader, volumeCouldHelp),
  },
  plan: planScheduling,
}
