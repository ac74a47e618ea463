/** Which Pods go first when a workload has too many: those that are missed least. */
import type { Pod } from '../api/generated/types.js'
import { conditionOf, isReady } from '../resources/pod/queries.js'
import { simTimeOf, type SimTime } from '../kernel/sim-time.js'

const deletionCost = 'controller.kubernetes.io/pod-deletion-cost'

/** `related` are the Pods of all ReplicaSets of the same owner: one that shares its node with more of them goes earlier. */
// Follows getPodsToDelete and getPodsRankedByRelatedPodsOnSameNode in pkg/controller/replicaset/replica_set.go.
export const podsToDelete = (pods: readonly Pod[], related: readonly Pod[], count: number, now: SimTime): readonly Pod[] => {
  if (count >= pods.length) return pods
  const onNode = new Map<string, number>()
  for (const pod of related) {
    const node = pod.spec.nodeName ?? ''
    onNode.set(node, (onNode.get(node) ?? 0) + 1)
  }
  const neighbours = (pod: Pod): number => onNode.get(pod.spec.nodeName ?? '') ?? 0
  const rank = (one: Pod, other: Pod): number => {
    for (const rule of rules) {
      const order = rule(one, other, { now, neighbours })
      if (order !== 0) return order
    }
    return compareTexts(one.metadata.name, other.metadata.name)
  }
  return [...pods].sort(rank).slice(0, count)
}

interface Surroundings {
  readonly now: SimTime
  readonly neighbours: (pod: Pod) => number
}

/** Negative when the first Pod goes before the second. */
type Rule = (one: Pod, other: Pod, surroundings: Surroundings) => number

const compareTexts = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

const isAssigned = (pod: Pod): number => ((pod.spec.nodeName ?? '') === '' ? 0 : 1)

const phaseRank = (pod: Pod): number => (pod.status.phase === 'Running' ? 2 : pod.status.phase === 'Unknown' ? 1 : 0)

const costOf = (pod: Pod): number => {
  const text = pod.metadata.annotations?.[deletionCost] ?? '0'
  return /^[+-]?\d+$/.test(text) ? Number(text) : 0
}

const restartsOf = (pod: Pod): readonly [number, number] => {
  const sidecars = new Set(
    (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  )
  const most = (counts: readonly number[]): number => counts.reduce((highest, count) => Math.max(highest, count), 0)
  return [
    most((pod.status.containerStatuses ?? []).map(({ restartCount }) => restartCount)),
    most((pod.status.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)).map(({ restartCount }) => restartCount)),
  ]
}

// Follows Less of ActivePodsWithRanks in pkg/controller/controller_utils.go, in its order.
const rules: readonly Rule[] = [
  (one, other) => isAssigned(one) - isAssigned(other),
  (one, other) => phaseRank(one) - phaseRank(other),
  (one, other) => Number(isReady(one)) - Number(isReady(other)),
  (one, other) => costOf(one) - costOf(other),
  (one, other, { neighbours }) => neighbours(other) - neighbours(one),
  (one, other, { now }) =>
    isReady(one) && isReady(other)
      ? compareAges(conditionOf(one, 'Ready')?.lastTransitionTime, conditionOf(other, 'Ready')?.lastTransitionTime, one, other, now)
      : 0,
  (one, other) => {
    const [ownContainers, ownSidecars] = restartsOf(one)
    const [otherContainers, otherSidecars] = restartsOf(other)
    return otherContainers - ownContainers || otherSidecars - ownSidecars
  },
  (one, other, { now }) => compareAges(one.metadata.creationTimestamp, other.metadata.creationTimestamp, one, other, now),
]

/** The younger first; ages of the same magnitude (power of two) count as equal, and the uid decides. */
const compareAges = (since: string | undefined, otherSince: string | undefined, one: Pod, other: Pod, now: SimTime): number => {
  if (since === otherSince) return 0
  const [time, otherTime] = [
    since === undefined ? undefined : simTimeOf(since),
    otherSince === undefined ? undefined : simTimeOf(otherSince),
  ]
  if (time === undefined) return -1
  if (otherTime === undefined) return 1
  return magnitude(now - time) - magnitude(now - otherTime) || compareTexts(one.metadata.uid, other.metadata.uid)
}

// Follows logarithmicRankDiff in pkg/controller/controller_utils.go: the whole part of log2 of the age in nanoseconds, without logarithms.
const magnitude = (ageMs: number): number => {
  if (ageMs <= 0) return -1
  let power = 0
  for (let rest = ageMs * 1_000_000; rest >= 2; rest /= 2) power += 1
  return power
}
