/**
 * Making room: Pods of lower priority on one node are evicted so that the Pod may be placed there. Follows
 * pkg/scheduler/framework/preemption/preemption.go and plugins/defaultpreemption/default_preemption.go.
 *
 * Differs from Kubernetes: only room is made (resources, number of Pods, host ports); nobody is evicted because of anti-affinity, spreading or
 * a ReadWriteOncePod claim.
 */
import type { Pod, PodDisruptionBudget } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { timestampOf, type SimTime } from '../../kernel/sim-time.js'
import { selectorMatches } from '../../api/label-selector.js'
import { refOf } from '../../api/object.js'
import { isTerminating } from '../../resources/pod/queries.js'
import { conditionPatch } from '../pod-condition-patch.js'
import type { Steps } from '../steps.js'
import type { Rejection } from './failure-text.js'
import { factsOf, portsClash } from './requests.js'
import type { NodeInfo, Snapshot } from './snapshot.js'

const priorityOf = (pod: Pod): number => pod.spec.priority ?? 0
const startOf = (pod: Pod): string => pod.status.startTime ?? pod.metadata.creationTimestamp

/** More important first: higher priority, then the longer running. Follows MoreImportantPod. */
const byImportance = (left: Pod, right: Pod): number =>
  priorityOf(right) - priorityOf(left) ||
  (startOf(left) < startOf(right) ? -1 : startOf(left) > startOf(right) ? 1 : left.metadata.name < right.metadata.name ? -1 : 1)

const hasRoom = (pod: Pod, info: NodeInfo, gone: readonly Pod[]): boolean => {
  const { requests, hostPorts } = factsOf(pod)
  let { usedMilliCpu, usedMemory, usedEphemeralStorage } = info
  const freed = new Map<string, number>()
  for (const victim of gone) {
    const theirs = factsOf(victim).requests
    usedMilliCpu -= theirs.milliCpu
    usedMemory -= theirs.memory
    usedEphemeralStorage -= theirs.ephemeralStorage
    for (const [resource, amount] of theirs.others) freed.set(resource, (freed.get(resource) ?? 0) + amount)
  }
  if (info.pods.size - gone.length + 1 > info.podsMax) return false
  if (requests.milliCpu > 0 && requests.milliCpu > info.milliCpu - usedMilliCpu) return false
  if (requests.memory > 0 && requests.memory > info.memory - usedMemory) return false
  if (requests.ephemeralStorage > 0 && requests.ephemeralStorage > info.ephemeralStorage - usedEphemeralStorage) return false
  for (const [resource, amount] of requests.others)
    if (amount > (info.others.get(resource) ?? 0) - (info.usedOthers.get(resource) ?? 0) + (freed.get(resource) ?? 0)) return false
  if (hostPorts.length === 0) return true
  const goneNames = new Set(gone.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`))
  for (const [key, ports] of info.hostPorts)
    if (!goneNames.has(key) && ports.some((port) => hostPorts.some((wanted) => portsClash(port, wanted)))) return false
  return true
}

const isAboutRoom = ({ reasons }: Rejection): boolean =>
  reasons.every((reason) => reason.startsWith('Insufficient ') || reason === 'Too many pods' || reason.includes('free ports'))

/** Budgets that allow no more evictions count these Pods. Follows filterPodsWithPDBViolation. */
const violating = (victims: readonly Pod[], budgets: readonly PodDisruptionBudget[]): ReadonlySet<Pod> => {
  const left = budgets.map((budget) => budget.status?.disruptionsAllowed ?? 0)
  const found = new Set<Pod>()
  for (const victim of victims)
    for (const [position, budget] of budgets.entries()) {
      if (budget.metadata.namespace !== victim.metadata.namespace || !selectorMatches(budget.spec.selector, victim.metadata.labels))
        continue
      const allowed = (left[position] ?? 0) - 1
      left[position] = allowed
      if (allowed < 0) found.add(victim)
    }
  return found
}

interface Candidate {
  readonly info: NodeInfo
  readonly victims: readonly Pod[]
  readonly violations: number
}

/** Follows SelectVictimsOnNode: all of lower priority go, then as many as possible are spared, those whose budget is spent first. */
const candidateOn = (pod: Pod, info: NodeInfo, rejection: Rejection, budgets: readonly PodDisruptionBudget[]): Candidate | undefined => {
  const lower = [...info.pods.values()].filter((other) => priorityOf(other) < priorityOf(pod)).sort(byImportance)
  if (lower.length === 0 || !isAboutRoom(rejection) || !hasRoom(pod, info, lower)) return undefined
  const protectedOnes = violating(lower, budgets)
  let victims: readonly Pod[] = lower
  for (const spared of [...lower.filter((other) => protectedOnes.has(other)), ...lower.filter((other) => !protectedOnes.has(other))]) {
    const rest = victims.filter((other) => other !== spared)
    if (hasRoom(pod, info, rest)) victims = rest
  }
  return victims.length === 0 ? undefined : { info, victims, violations: victims.filter((victim) => protectedOnes.has(victim)).length }
}

const highest = ({ victims }: Candidate): number => Math.max(...victims.map(priorityOf))
const sum = ({ victims }: Candidate): number => victims.reduce((total, victim) => total + priorityOf(victim) + 2_147_483_648, 0)
/** When the longest running of the most important victims began. */
const earliest = (candidate: Candidate): string =>
  candidate.victims
    .filter((victim) => priorityOf(victim) === highest(candidate))
    .reduce((first, victim) => (startOf(victim) < first ? startOf(victim) : first), '9')

/** Follows pickOneNodeForPreemption: the criteria one after the other. */
const better = (left: Candidate, right: Candidate): number =>
  left.violations - right.violations ||
  highest(left) - highest(right) ||
  sum(left) - sum(right) ||
  left.victims.length - right.victims.length ||
  (earliest(left) > earliest(right) ? -1 : earliest(left) < earliest(right) ? 1 : left.info.name < right.info.name ? -1 : 1)

/** Evicts and answers the node that is being cleared; undefined when nothing can be done. */
export function* preempt(
  pod: Pod,
  rejected: readonly { readonly info: NodeInfo; readonly rejection: Rejection }[],
  snapshot: Snapshot,
  reader: Reader,
  now: SimTime,
): Steps<string | undefined> {
  // Follows PodEligibleToPreemptOthers: while victims are still going on the node that was cleared, nobody else is evicted.
  const nominated = snapshot.byName.get(pod.status.nominatedNodeName ?? '')
  if (nominated !== undefined)
    for (const other of nominated.pods.values()) if (isTerminating(other) && priorityOf(other) < priorityOf(pod)) return undefined
  const resolvable = rejected.filter(({ rejection }) => rejection.resolvable)
  if (priorityOf(pod) <= 0 && !resolvable.some(({ info }) => [...info.pods.values()].some((other) => priorityOf(other) < priorityOf(pod))))
    return undefined
  const budgets = reader.list('PodDisruptionBudget')
  const candidates = resolvable.flatMap(({ info, rejection }) => candidateOn(pod, info, rejection, budgets) ?? [])
  const [best] = candidates.sort(better)
  if (best === undefined) return undefined
  for (const victim of best.victims) {
    const target = refOf(victim)
    yield {
      kind: 'PatchObject',
      target,
      patchType: 'strategic',
      patch: conditionPatch(victim, {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'PreemptionByScheduler',
        message: 'default-scheduler: preempting to accommodate a higher priority pod',
        lastTransitionTime: timestampOf(now),
        observedGeneration: victim.metadata.generation ?? 1,
      }),
      subresource: 'status',
    }
    yield { kind: 'DeleteObject', target, options: {} }
    yield {
      kind: 'RecordEvent',
      about: victim,
      type: 'Normal',
      reason: 'Preempted',
      message: `Preempted by pod ${pod.metadata.uid} on node ${best.info.name}`,
      series: true,
      action: 'Preempting',
    }
  }
  return best.info.name
}
