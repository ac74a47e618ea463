/** Which Pods of an old version a rolling update takes now, node by node. Pure; follows rollingUpdate in pkg/controller/daemon/update.go. */
import type { DaemonSet, Node, Pod } from '../../api/generated/types.js'
import type { SimTime } from '../../kernel/sim-time.js'
import { isAvailable, isTerminating } from '../../resources/pod/queries.js'
import { scaledValue } from '../int-or-percent.js'
import { hashLabel } from './history.js'
import { fitnessOf } from './node-fitness.js'

const templateGenerationLabel = 'pod-template-generation'
const templateGenerationAnnotation = 'deprecated.daemonset.template.generation'

export const templateGenerationOf = (set: DaemonSet): string | undefined => {
  const text = set.metadata.annotations?.[templateGenerationAnnotation]
  return text !== undefined && /^\d+$/.test(text) ? text : undefined
}

/** Made from the set's template. Follows IsPodUpdated in pkg/controller/daemon/util/daemonset_util.go. */
export const isUpdated = (set: DaemonSet, pod: Pod, hash: string): boolean => {
  const labels = pod.metadata.labels ?? {}
  const generation = templateGenerationOf(set)
  return (generation !== undefined && labels[templateGenerationLabel] === generation) || (hash !== '' && labels[hashLabel] === hash)
}

export interface RollingUpdate {
  readonly podsToDelete: readonly Pod[]
  readonly nodesNeedingPods: readonly string[]
}

export type PodsByNode = ReadonlyMap<string, readonly Pod[]>

interface Bounds {
  readonly surge: number
  readonly unavailable: number
}

const boundsOf = (set: DaemonSet, nodes: readonly Node[]): Bounds => {
  const desired = nodes.filter((node) => fitnessOf(set, node).shouldRun).length
  const { maxSurge, maxUnavailable } = set.spec.updateStrategy?.rollingUpdate ?? {}
  const surge = scaledValue(maxSurge, desired, 'up')
  const unavailable = maxUnavailable === undefined ? 1 : scaledValue(maxUnavailable, desired, 'up')
  // Not allowed to do anything means: one at a time.
  return desired > 0 && surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable }
}

export const allowsSurge = (set: DaemonSet): boolean => {
  const surge = set.spec.updateStrategy?.rollingUpdate?.maxSurge
  return set.spec.updateStrategy?.type === 'RollingUpdate' && surge !== undefined && surge !== 0 && surge !== '0%'
}

interface PodsOfNode {
  readonly newPod: Pod | undefined
  readonly oldPod: Pod | undefined
}

/** Undefined where there is more than one of a version: the set's own care comes first. Follows findUpdatedPodsOnNode. */
const versionsOn = (set: DaemonSet, pods: readonly Pod[], hash: string): PodsOfNode | undefined => {
  const living = pods.filter((pod) => !isTerminating(pod))
  const updated = living.filter((pod) => isUpdated(set, pod, hash))
  const old = living.filter((pod) => !updated.includes(pod))
  return updated.length > 1 || old.length > 1 ? undefined : { newPod: updated[0], oldPod: old[0] }
}

export const planRollingUpdate = (
  set: DaemonSet,
  nodes: readonly Node[],
  podsByNode: PodsByNode,
  hash: string,
  now: SimTime,
): RollingUpdate => {
  const bounds = boundsOf(set, nodes)
  return bounds.surge === 0
    ? { podsToDelete: withoutSurge(set, podsByNode, hash, bounds.unavailable, now), nodesNeedingPods: [] }
    : withSurge(set, podsByNode, hash, bounds.surge, now)
}

const minReadySecondsOf = ({ spec }: DaemonSet): number => spec.minReadySeconds ?? 0

const withoutSurge = (set: DaemonSet, podsByNode: PodsByNode, hash: string, unavailableMax: number, now: SimTime): readonly Pod[] => {
  const isUsable = (pod: Pod): boolean => isAvailable(pod, minReadySecondsOf(set), now)
  let unavailable = 0
  const broken: Pod[] = []
  const candidates: Pod[] = []
  for (const pods of podsByNode.values()) {
    const versions = versionsOn(set, pods, hash)
    if (versions === undefined) {
      unavailable += 1
      continue
    }
    const { newPod, oldPod } = versions
    if ((newPod === undefined) === (oldPod === undefined)) unavailable += 1
    else if (newPod !== undefined) unavailable += isUsable(newPod) ? 0 : 1
    else if (oldPod !== undefined) {
      if (!isUsable(oldPod)) broken.push(oldPod)
      else if (unavailable < unavailableMax) candidates.push(oldPod)
    }
  }
  return [...broken, ...candidates.slice(0, Math.max(0, unavailableMax - unavailable))]
}

const withSurge = (set: DaemonSet, podsByNode: PodsByNode, hash: string, surgeMax: number, now: SimTime): RollingUpdate => {
  const isUsable = (pod: Pod): boolean => isAvailable(pod, minReadySecondsOf(set), now)
  let surging = 0
  const podsToDelete: Pod[] = []
  const broken: string[] = []
  const candidates: string[] = []
  for (const [nodeName, pods] of podsByNode) {
    const versions = versionsOn(set, pods, hash)
    if (versions === undefined) {
      surging += 1
      continue
    }
    const { newPod, oldPod } = versions
    if (oldPod === undefined) continue
    if (newPod === undefined) {
      if (!isUsable(oldPod)) broken.push(nodeName)
      else if (surging < surgeMax) candidates.push(nodeName)
    } else if (isUsable(newPod)) podsToDelete.push(oldPod)
    else surging += 1
  }
  return { podsToDelete, nodesNeedingPods: [...broken, ...candidates.slice(0, Math.max(0, surgeMax - surging))] }
}
