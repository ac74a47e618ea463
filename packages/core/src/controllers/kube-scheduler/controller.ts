/**
 * Wiring of the scheduler: which notification could help which waiting Pod. Follows the queueing hints of the plug-ins
 * (EventsToRegister in pkg/scheduler/framework/plugins) and pkg/scheduler/eventhandlers.go.
 *
 * Differs from Kubernetes: a Pod is tried again at once. There, a Pod backs off (1 s, doubled to 10 s) while others are waiting; an idle
 * scheduler does not wait either.
 */
import type { Node, Pod } from '../../api/generated/types.js'
import { keyOfObject, type KubernetesObject } from '../../api/object.js'
import { storeBehind } from '../../cluster/make-reader.js'
import type { Reader } from '../../cluster/reader.js'
import { followMap } from '../../kernel/map-difference.js'
import { deepEqual } from '../../kernel/object-difference.js'
import type { Json } from '../../kernel/json.js'
import { emptyMap } from '../../kernel/persistent-map.js'
import { classOfClaim } from '../../resources/persistent-volume-claim/queries.js'
import { isTerminal, isTerminating } from '../../resources/pod/queries.js'
import type { Controller, Wake } from '../controller.js'
import { nodeItselfRejects } from './filter.js'
import { isGated, isWaitingForUs, planScheduling, schedulerName } from './plan.js'
import { amountOf, claimNamesOf, factsOf } from './requests.js'
import { looksAtOthers } from './score.js'

const followWaiting = followMap<KubernetesObject, Map<string, Pod>>(new Map(), emptyMap(), (waiting, key, _, after) => {
  const pod = after as Pod | undefined // the store of Pods
  if (pod !== undefined && isWaitingForUs(pod) && !isGated(pod)) waiting.set(key, pod)
  else waiting.delete(key)
})

const none: readonly Wake[] = []

const priorityOf = (pod: Pod): number => pod.spec.priority ?? 0

/** The waiting Pods that it could help, as they are taken from the queue: the highest priority first, then the oldest. Follows PrioritySort. */
const wakeThose = (reader: Reader, couldHelp: (pod: Pod) => boolean): readonly Wake[] => {
  const waiting = followWaiting(storeBehind(reader, 'Pod').objects)
  if (waiting.size === 0) return none
  const woken: { readonly key: string; readonly pod: Pod }[] = []
  for (const [key, pod] of waiting) if (couldHelp(pod)) woken.push({ key, pod })
  return woken
    .sort(
      (left, right) =>
        priorityOf(right.pod) - priorityOf(left.pod) ||
        (left.pod.metadata.creationTimestamp < right.pod.metadata.creationTimestamp
          ? -1
          : left.pod.metadata.creationTimestamp > right.pod.metadata.creationTimestamp
            ? 1
            : left.key < right.key
              ? -1
              : 1),
    )
    .map(({ key }) => ({ key }))
}

const isAssigned = (pod: Pod): boolean => (pod.spec.nodeName ?? '') !== ''
const takesRoom = (pod: Pod): boolean => isAssigned(pod) && !isTerminal(pod)

/** The Pod lacks a claim that is bound or can be bound for a node: no room on any node helps it. */
const lacksClaims = (pod: Pod, reader: Reader): boolean =>
  claimNamesOf(pod).some(({ name }) => {
    const claim = reader.get('PersistentVolumeClaim', pod.metadata.namespace ?? '', name)
    if (claim === undefined || isTerminatingClaim(claim)) return true
    return (
      (claim.spec.volumeName ?? '') === '' &&
      reader.get('StorageClass', '', classOfClaim(claim))?.volumeBindingMode !== 'WaitForFirstConsumer'
    )
  })
const isTerminatingClaim = (claim: KubernetesObject): boolean => claim.metadata.deletionTimestamp !== undefined

const podsOfClaim = (reader: Reader, namespace: string, name: string): readonly Wake[] =>
  reader
    .podsWithClaim(namespace, name)
    .filter((pod) => isWaitingForUs(pod) && !isGated(pod))
    .map((pod) => ({ key: keyOfObject(pod) }))

const hasUnboundClaimOf = (pod: Pod, reader: Reader, className: string): boolean =>
  claimNamesOf(pod).some(({ name }) => {
    const claim = reader.get('PersistentVolumeClaim', pod.metadata.namespace ?? '', name)
    return claim !== undefined && (claim.spec.volumeName ?? '') === '' && classOfClaim(claim) === className
  })

const labelsDiffer = (before: Node, after: Node): boolean =>
  !deepEqual((before.metadata.labels ?? {}) as Json, (after.metadata.labels ?? {}) as Json)
const resourcesDiffer = (before: Node, after: Node): boolean =>
  !deepEqual((before.status.allocatable ?? {}) as Json, (after.status.allocatable ?? {}) as Json)

/** What of a node the filters look at; heartbeats and conditions are not among it. */
const looksDifferent = (before: Node, after: Node): boolean =>
  before.spec.taints !== after.spec.taints ||
  before.spec.unschedulable !== after.spec.unschedulable ||
  labelsDiffer(before, after) ||
  resourcesDiffer(before, after)

/** Would the Pod fit if nobody else were there? Follows isFit in pkg/scheduler/framework/plugins/noderesources/fit.go. */
const fitsAlone = (pod: Pod, node: Node): boolean => {
  const { milliCpu, memory, ephemeralStorage } = factsOf(pod).requests
  const { allocatable = {} } = node.status
  return (
    milliCpu <= amountOf('cpu', allocatable['cpu']) &&
    memory <= amountOf('memory', allocatable['memory']) &&
    ephemeralStorage <= amountOf('ephemeral-storage', allocatable['ephemeral-storage'])
  )
}

/** The node is new, or has become one that can take the Pod. Follows isSchedulableAfterNodeChange of the plug-ins. */
const nodeCouldHelp = (pod: Pod, node: Node, before: Node | undefined): boolean => {
  if (nodeItselfRejects(pod, node) !== undefined || !fitsAlone(pod, node)) return false
  if (before === undefined || nodeItselfRejects(pod, before) !== undefined || resourcesDiffer(before, node)) return true
  return labelsDiffer(before, node) && (looksAtOthers(pod) || claimNamesOf(pod).length > 0)
}

export const kubeSchedulerController: Controller = {
  name: schedulerName,
  // It begins 6 to 15 ms after a Pod was made and takes one Pod at a time, as in the recordings.
  latencyMs: 6,
  serialMs: 5,
  watches: {
    Pod: ({ type, object, old }, reader) => {
      if (type !== 'DELETED' && isWaitingForUs(object)) {
        // An update of the status alone, such as our own condition, is no reason to try again.
        if (type === 'MODIFIED' && object.spec === old.spec && object.metadata.labels === old.metadata.labels) return none
        return isGated(object) ? none : [{ key: keyOfObject(object) }]
      }
      const tookRoom = old !== undefined && takesRoom(old)
      if (tookRoom && (type === 'DELETED' || !takesRoom(object))) return wakeThose(reader, (pod) => !lacksClaims(pod, reader))
      if (!takesRoom(object)) return none
      const arrived = old === undefined || !takesRoom(old)
      const changed = old !== undefined && (object.metadata.labels !== old.metadata.labels || isTerminating(object) !== isTerminating(old))
      return arrived || changed ? wakeThose(reader, (pod) => looksAtOthers(pod) && !lacksClaims(pod, reader)) : none
    },
    Node: ({ type, object, old }, reader) => {
      if (type === 'DELETED' || (old !== undefined && !looksDifferent(old, object))) return none
      return wakeThose(reader, (pod) => nodeCouldHelp(pod, object, old))
    },
    PersistentVolumeClaim: ({ type, object }, reader) =>
      type === 'DELETED' ? none : podsOfClaim(reader, object.metadata.namespace ?? '', object.metadata.name),
    PersistentVolume: ({ type, object }, reader) => {
      if (type === 'DELETED') return none
      const { namespace = '', name = '' } = object.spec.claimRef ?? {}
      if (name !== '') return podsOfClaim(reader, namespace, name)
      return wakeThose(reader, (pod) => hasUnboundClaimOf(pod, reader, object.spec.storageClassName ?? ''))
    },
    StorageClass: ({ type, object }, reader) =>
      type === 'DELETED' ? none : wakeThose(reader, (pod) => hasUnboundClaimOf(pod, reader, object.metadata.name)),
  },
  plan: planScheduling,
}
