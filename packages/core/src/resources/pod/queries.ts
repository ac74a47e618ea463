/** What can be asked about a Pod without changing anything: is it ready, available, going away, finished; which ordinal is it. */
import type { Pod, PodCondition, Volume } from '../../api/generated/types.js'
import type { SimTime } from '../../kernel/sim-time.js'
import { simTimeOf } from '../../kernel/sim-time.js'

export const conditionOf = (pod: Pod, type: string): PodCondition | undefined => {
  const conditions = pod.status.conditions
  if (conditions === undefined) return undefined
  for (const condition of conditions) if (condition.type === type) return condition
  return undefined
}

/** The Ready condition is True. Says nothing about the phase. Follows IsPodReady in pkg/api/v1/pod/util.go. */
export const isReady = (pod: Pod): boolean => conditionOf(pod, 'Ready')?.status === 'True'

export const isRunningAndReady = (pod: Pod): boolean => pod.status.phase === 'Running' && isReady(pod)

/** When a Pod that is Ready becomes (or became) available; undefined when it is not Ready or nobody knows since when. */
export const availableAt = (pod: Pod, minReadySeconds: number): SimTime | undefined => {
  const condition = conditionOf(pod, 'Ready')
  if (condition?.status !== 'True' || condition.lastTransitionTime === undefined) return undefined
  const since = simTimeOf(condition.lastTransitionTime)
  return since === undefined ? undefined : since + minReadySeconds * 1_000
}

/** Ready for at least so long. At the very instant it is available already. Follows IsPodAvailable in pkg/api/v1/pod/util.go. */
export const isAvailable = (pod: Pod, minReadySeconds: number, now: SimTime): boolean => {
  if (minReadySeconds === 0) return isReady(pod)
  const at = availableAt(pod, minReadySeconds)
  return at !== undefined && at <= now
}

/** Somebody asked for its deletion; it still exists. */
export const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined

export const isPending = (pod: Pod): boolean => pod.status.phase === 'Pending'
export const isFailed = (pod: Pod): boolean => pod.status.phase === 'Failed'
export const isSucceeded = (pod: Pod): boolean => pod.status.phase === 'Succeeded'

/** All its containers have ended for good. Follows IsPodTerminal in pkg/api/v1/pod/util.go. */
export const isTerminal = (pod: Pod): boolean => isFailed(pod) || isSucceeded(pod)

/** Counts for a workload that wants living Pods. Follows IsPodActive in pkg/controller/controller_utils.go. */
export const isActive = (pod: Pod): boolean => !isTerminal(pod) && !isTerminating(pod)

const ordinalMax = 2_147_483_647

/**
 * Where the parent's name ends, and the ordinal: `web-1` is (3, 1), `web-01` too; -1 without a number or with one too large; `length` is -1
 * when the name does not end in a hyphen and digits. Follows getParentNameAndOrdinal in pkg/controller/statefulset/stateful_set_utils.go.
 */
const splitAtOrdinal = (podName: string): { readonly length: number; readonly ordinal: number } => {
  const hyphen = podName.lastIndexOf('-')
  if (hyphen < 0 || hyphen === podName.length - 1) return { length: -1, ordinal: -1 }
  let ordinal = 0
  for (let index = hyphen + 1; index < podName.length; index += 1) {
    const digit = podName.charCodeAt(index) - 48
    if (digit < 0 || digit > 9) return { length: -1, ordinal: -1 }
    ordinal = ordinal * 10 + digit
  }
  return { length: hyphen, ordinal: ordinal > ordinalMax ? -1 : ordinal }
}

/** `web-1` has the parent `web` and the ordinal 1. Without an ordinal the parent is '' and the ordinal -1. */
export const parentAndOrdinalOf = (podName: string): { readonly parent: string; readonly ordinal: number } => {
  const { length, ordinal } = splitAtOrdinal(podName)
  return { parent: length < 0 ? '' : podName.slice(0, length), ordinal }
}

export const ordinalOf = (pod: Pod): number => splitAtOrdinal(pod.metadata.name).ordinal

/** The name says that it is of that parent; the number is not looked at. Follows isMemberOf in stateful_set_utils.go. */
export const isNamedAfter = (pod: Pod, parentName: string): boolean =>
  splitAtOrdinal(pod.metadata.name).length === parentName.length && pod.metadata.name.startsWith(parentName)

/** The claim that a volume stands for: the one it names, or that of an ephemeral volume. Follows VolumeClaimName in component-helpers/storage/ephemeral. */
export const claimNameOfVolume = (pod: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): string | undefined =>
  persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? undefined : `${pod.metadata.name}-${name}`)

const noNames: readonly string[] = []

/** The claims that the Pod's volumes stand for, in the order of the volumes. */
export const claimNamesOf = (pod: Pod): readonly string[] =>
  pod.spec.volumes === undefined ? noNames : pod.spec.volumes.flatMap((volume) => claimNameOfVolume(pod, volume) ?? noNames)
