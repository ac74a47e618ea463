/** How long a Job waits after failures before it makes new Pods. Follows pkg/controller/job/backoff_utils.go. */
import type { Pod } from '../../api/generated/types.js'
import { simTimeOf, type SimTime } from '../../kernel/sim-time.js'
import { conditionOf } from '../../resources/pod/queries.js'

const firstDelayMs = 10_000
const delayMaxMs = 600_000

export interface BackOff {
  readonly failuresAfterLastSuccess: number
  readonly lastFailureAt: SimTime
}

export const noBackOff: BackOff = { failuresAfterLastSuccess: 0, lastFailureAt: 0 }

// Follows newBackoffRecord.
export const backOffAfter = (before: BackOff, succeeded: readonly Pod[], failed: readonly Pod[], now: SimTime): BackOff => {
  if (succeeded.length === 0 && failed.length === 0) return before
  const latestOf = (times: readonly SimTime[]): SimTime => times.reduce((latest, time) => Math.max(latest, time), 0)
  const failures = failed.map((pod) => finishedAt(pod, now))
  const lastSuccess = latestOf(succeeded.map((pod) => finishedAt(pod, now)))
  const counted = succeeded.length === 0 ? failures : failures.filter((time) => time > lastSuccess)
  const earlier = succeeded.length === 0 ? before : noBackOff
  return counted.length === 0
    ? earlier
    : { failuresAfterLastSuccess: earlier.failuresAfterLastSuccess + counted.length, lastFailureAt: latestOf(counted) }
}

// Follows getRemainingTimeForFailuresCount: 10 s, doubled for each failure, at most ten minutes.
export const remainingMs = ({ failuresAfterLastSuccess, lastFailureAt }: BackOff, now: SimTime): number => {
  if (failuresAfterLastSuccess === 0) return 0
  let delay = firstDelayMs
  for (let count = 1; count < failuresAfterLastSuccess && delay < delayMaxMs; count += 1) delay *= 2
  return Math.max(0, lastFailureAt + Math.min(delay, delayMaxMs) - now)
}

// Follows getFinishedTime: the last container's end, else the loss of readiness, else the deletion, else now.
export const finishedAt = (pod: Pod, now: SimTime): SimTime => {
  const statuses = pod.status.containerStatuses ?? []
  const ends = statuses.flatMap(({ state }) => state?.terminated?.finishedAt ?? [])
  if (ends.length > 0 && ends.length === statuses.length) return ends.reduce((latest, end) => Math.max(latest, simTimeOf(end) ?? 0), 0)
  const ready = conditionOf(pod, 'Ready')
  if (ready?.status === 'False' && ready.lastTransitionTime !== undefined) return simTimeOf(ready.lastTransitionTime) ?? now
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata
  return deletionTimestamp === undefined ? now : (simTimeOf(deletionTimestamp) ?? now) - deletionGracePeriodSeconds * 1_000
}
