/**
 * Which change could help a Pod that no node would take: only the plug-ins that rejected it are asked, each for what it registered. Follows
 * EventsToRegister and the QueueingHintFn of pkg/scheduler/framework/plugins, and isPodWorthRequeuing in pkg/scheduler/backend/queue.
 *
 * Who rejected a Pod stands in the reasons of its PodScheduled condition. A Pod that has none is in the queue anyway.
 */
import type { Node, Pod, PodAffinityTerm } from '../../api/generated/types.js'
import { selectorMatches } from '../../api/label-selector.js'
import type { Reader } from '../../cluster/reader.js'
import { deepEqual } from '../../kernel/object-difference.js'
import type { Json } from '../../kernel/json.js'
import { isTolerated } from '../../resources/node/queries.js'
import { claimNamesOf, conditionOf } from '../../resources/pod/queries.js'
import { amountOf, factsOf, portsClash } from './requests.js'
import { acceptsNode, spreadConstraintsOf, termMatches, termOf, type SpreadConstraint } from './topology.js'

type Plugin =
  | 'NodeUnschedulable'
  | 'TaintToleration'
  | 'NodeAffinity'
  | 'NodePorts'
  | 'NodeResourcesFit'
  | 'VolumeRestrictions'
  | 'VolumeBinding'
  | 'VolumeZone'
  | 'PodTopologySpread'
  | 'InterPodAffinity'

const words: readonly (readonly [RegExp, Plugin])[] = [
  [/were unschedulable/, 'NodeUnschedulable'],
  [/untolerated taint/, 'TaintToleration'],
  [/node affinity\/selector|\[NodeAffinity\]/, 'NodeAffinity'],
  [/free ports/, 'NodePorts'],
  [/Insufficient |Too many pods/, 'NodeResourcesFit'],
  [/ReadWriteOncePod|persistentvolumeclaim "[^"]*" not found/, 'VolumeRestrictions'],
  [
    /PersistentVolumeClaims|PersistentVolume's|persistent volumes to bind|non-existent p|is being deleted|ephemeral volume/,
    'VolumeBinding',
  ],
  [/volume zone/, 'VolumeZone'],
  [/topology spread/, 'PodTopologySpread'],
  [/affinity rules/, 'InterPodAffinity'],
]

const nobody: ReadonlySet<Plugin> = new Set()

const readRejectors = (message: string): ReadonlySet<Plugin> => {
  const end = message.indexOf('. no new claims')
  const reasons = end < 0 ? message : message.slice(0, end)
  return new Set(words.filter(([pattern]) => pattern.test(reasons)).map(([, plugin]) => plugin))
}

const known = new WeakMap<Pod, ReadonlySet<Plugin>>()

const rejectorsOf = (pod: Pod): ReadonlySet<Plugin> => {
  const before = known.get(pod)
  if (before !== undefined) return before
  const scheduled = conditionOf(pod, 'PodScheduled')
  const rejectors = scheduled?.reason === 'Unschedulable' ? readRejectors(scheduled.message ?? '') : nobody
  known.set(pod, rejectors)
  return rejectors
}

/** A cycle has rejected it: the others are in the queue anyway, and nothing needs to be asked for them. */
export const isRejected = (pod: Pod): boolean => rejectorsOf(pod).size > 0

/** A volume, a class, or a claim of the Pod appeared or changed. */
export const volumeCouldHelp = (pod: Pod): boolean => rejectorsOf(pod).has('VolumeBinding') || rejectorsOf(pod).has('VolumeZone')

/** A claim of the Pod appeared. */
export const newClaimCouldHelp = (pod: Pod): boolean => volumeCouldHelp(pod) || rejectorsOf(pod).has('VolumeRestrictions')

// ---- nodes

const isUntolerated = (pod: Pod, node: Node): boolean =>
  (node.spec.taints ?? []).some((taint) => taint.effect !== 'PreferNoSchedule' && !isTolerated(taint, pod.spec.tolerations))

const labelOf = (node: Node, key: string): string | undefined => node.metadata.labels?.[key]

/** Would the Pod fit if nobody else were there? Follows isFit in noderesources/fit.go. */
const fitsAlone = (pod: Pod, node: Node): boolean => {
  const { milliCpu, memory, ephemeralStorage } = factsOf(pod).requests
  const { allocatable = {} } = node.status
  return (
    milliCpu <= amountOf('cpu', allocatable['cpu']) &&
    memory <= amountOf('memory', allocatable['memory']) &&
    ephemeralStorage <= amountOf('ephemeral-storage', allocatable['ephemeral-storage'])
  )
}

const hardSpreads = (pod: Pod): readonly SpreadConstraint[] => spreadConstraintsOf(pod, 'DoNotSchedule')
const hasAllKeys = (node: Node, constraints: readonly SpreadConstraint[]): boolean =>
  constraints.every(({ topologyKey }) => labelOf(node, topologyKey) !== undefined)

const friendTerms = (pod: Pod): readonly PodAffinityTerm[] =>
  pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
const foeTerms = (pod: Pod): readonly PodAffinityTerm[] =>
  pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []

export const newNodeCouldHelp = (pod: Pod, node: Node): boolean => {
  for (const plugin of rejectorsOf(pod)) {
    switch (plugin) {
      case 'NodeUnschedulable':
        if (node.spec.unschedulable !== true) return true
        break
      case 'TaintToleration':
        if (!isUntolerated(pod, node)) return true
        break
      case 'NodeAffinity':
        if (acceptsNode(pod, node)) return true
        break
      case 'NodeResourcesFit':
        if (fitsAlone(pod, node)) return true
        break
      case 'PodTopologySpread':
        if (hasAllKeys(node, hardSpreads(pod))) return true
        break
      case 'InterPodAffinity':
        if (foeTerms(pod).length > 0 || friendTerms(pod).some(({ topologyKey }) => labelOf(node, topologyKey) !== undefined)) return true
        break
      case 'NodePorts':
      case 'VolumeRestrictions':
      case 'VolumeBinding':
      case 'VolumeZone':
        return true
    }
  }
  return false
}

const differ = (left: unknown, right: unknown): boolean => !deepEqual((left ?? null) as Json, (right ?? null) as Json)

/** Room of a sort that the Pod asks for. Follows haveAnyRequestedResourcesIncreased. */
const roomGrew = (pod: Pod, before: Node, after: Node): boolean => {
  const { requests } = factsOf(pod)
  const grew = (name: string): boolean =>
    amountOf(name, after.status.allocatable?.[name]) > amountOf(name, before.status.allocatable?.[name])
  return (
    grew('pods') ||
    (requests.milliCpu > 0 && grew('cpu')) ||
    (requests.memory > 0 && grew('memory')) ||
    (requests.ephemeralStorage > 0 && grew('ephemeral-storage')) ||
    [...requests.others].some(([name, amount]) => amount > 0 && grew(name))
  )
}

/**
 * Other taints, or no longer cordoned, wake whoever a plug-in rejected that registered for new nodes but not for taints: those get both, without a
 * hint. Follows buildQueueingHintMap in pkg/scheduler/scheduler.go.
 */
export const changedNodeCouldHelp = (pod: Pod, before: Node, after: Node): boolean => {
  const relabelled = before.metadata.labels !== after.metadata.labels && differ(before.metadata.labels, after.metadata.labels)
  const uncordoned = before.spec.unschedulable === true && after.spec.unschedulable !== true
  const retainted = uncordoned || (before.spec.taints !== after.spec.taints && differ(before.spec.taints, after.spec.taints))
  for (const plugin of rejectorsOf(pod)) {
    switch (plugin) {
      case 'NodeUnschedulable':
        if (uncordoned) return true
        break
      case 'TaintToleration':
        if (retainted && isUntolerated(pod, before) && !isUntolerated(pod, after)) return true
        break
      case 'NodeAffinity':
        if (retainted || (relabelled && !acceptsNode(pod, before) && acceptsNode(pod, after))) return true
        break
      case 'NodeResourcesFit':
        if (retainted) return true
        if (differ(before.status.allocatable, after.status.allocatable) && fitsAlone(pod, after) && roomGrew(pod, before, after))
          return true
        break
      case 'VolumeBinding':
      case 'VolumeZone':
        if (retainted || relabelled) return true
        break
      case 'NodePorts':
      case 'VolumeRestrictions':
        if (retainted) return true
        break
      case 'PodTopologySpread': {
        if (!relabelled && !retainted) break
        const constraints = hardSpreads(pod)
        const takesPart = hasAllKeys(after, constraints)
        if (hasAllKeys(before, constraints) !== takesPart) return true
        if (
          takesPart &&
          (differ(before.spec.taints, after.spec.taints) ||
            constraints.some(({ topologyKey }) => labelOf(before, topologyKey) !== labelOf(after, topologyKey)))
        )
          return true
        break
      }
      case 'InterPodAffinity':
        if (retainted) return true
        if (!relabelled) break
        if (
          friendTerms(pod).some(({ topologyKey }) => {
            const now = labelOf(after, topologyKey)
            return now !== undefined && now !== labelOf(before, topologyKey)
          }) ||
          foeTerms(pod).some(({ topologyKey }) => {
            const was = labelOf(before, topologyKey)
            return was !== undefined && was !== labelOf(after, topologyKey)
          })
        )
          return true
        break
    }
  }
  return false
}

/** Fewer domains to be even over. */
export const lostNodeCouldHelp = (pod: Pod, node: Node): boolean =>
  rejectorsOf(pod).has('PodTopologySpread') && hasAllKeys(node, hardSpreads(pod))

// ---- other Pods

/** Another Pod must match all terms at once; no terms match nobody. */
const matchesAll = (owner: Pod, terms: readonly PodAffinityTerm[], other: Pod, reader: Reader): boolean =>
  terms.length > 0 && terms.every((term) => termMatches(termOf(owner, term, reader), other))

const sameNamespace = (left: Pod, right: Pod): boolean => left.metadata.namespace === right.metadata.namespace

const isCounted = (constraint: SpreadConstraint, pod: Pod): boolean => selectorMatches(constraint.selector, pod.metadata.labels)

/** Another Pod came to a node. */
export const placedPodCouldHelp = (pod: Pod, placed: Pod, reader: Reader): boolean => {
  const rejectors = rejectorsOf(pod)
  return (
    (rejectors.has('InterPodAffinity') && matchesAll(pod, friendTerms(pod), placed, reader)) ||
    (rejectors.has('PodTopologySpread') &&
      sameNamespace(pod, placed) &&
      hardSpreads(pod).every((constraint) => isCounted(constraint, placed)))
  )
}

/** The labels of a Pod changed, its own or those of one that has a node. */
export const relabelledPodCouldHelp = (pod: Pod, before: Pod, after: Pod, reader: Reader): boolean => {
  const rejectors = rejectorsOf(pod)
  const isItself = pod.metadata.uid === after.metadata.uid
  if (rejectors.has('InterPodAffinity')) {
    if (isItself) return true
    if (!matchesAll(pod, friendTerms(pod), before, reader) && matchesAll(pod, friendTerms(pod), after, reader)) return true
    if (matchesAll(pod, foeTerms(pod), before, reader) && !matchesAll(pod, foeTerms(pod), after, reader)) return true
  }
  return (
    rejectors.has('PodTopologySpread') &&
    sameNamespace(pod, after) &&
    hardSpreads(pod).some((constraint) => isCounted(constraint, before) !== isCounted(constraint, after))
  )
}

/** A Pod left its node. */
export const gonePodCouldHelp = (pod: Pod, gone: Pod, reader: Reader): boolean => {
  for (const plugin of rejectorsOf(pod)) {
    switch (plugin) {
      case 'NodeResourcesFit':
        return true
      case 'NodePorts':
        if (factsOf(pod).hostPorts.some((wanted) => factsOf(gone).hostPorts.some((port) => portsClash(wanted, port)))) return true
        break
      case 'VolumeRestrictions':
        if (sameNamespace(pod, gone) && claimNamesOf(pod).some((name) => claimNamesOf(gone).includes(name))) return true
        break
      case 'PodTopologySpread':
        if (sameNamespace(pod, gone) && hardSpreads(pod).every((constraint) => isCounted(constraint, gone))) return true
        break
      case 'InterPodAffinity':
        if (matchesAll(pod, foeTerms(pod), gone, reader) || matchesAll(gone, foeTerms(gone), pod, reader)) return true
        break
      case 'NodeUnschedulable':
      case 'TaintToleration':
      case 'NodeAffinity':
      case 'VolumeBinding':
      case 'VolumeZone':
        break
    }
  }
  return false
}
