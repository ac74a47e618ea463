/**
 * What a failed Pod means to its Job: counted, ignored, the end of its index or of the whole Job.
 * Follows pkg/controller/job/pod_failure_policy.go and indexed_job_utils.go.
 */
import type { ContainerStatus, Job, Pod, PodFailurePolicyRule } from '../../api/generated/types.js'
import type { SimTime } from '../../kernel/sim-time.js'
import { isFailed, isSucceeded, isTerminating } from '../../resources/pod/queries.js'
import { finishedAt } from './back-off.js'

const failureCountKey = 'batch.kubernetes.io/job-index-failure-count'
const ignoredFailureCountKey = 'batch.kubernetes.io/job-index-ignored-failure-count'

/** Pods that only wait for their end are not replaced yet. Follows onlyReplaceFailedPods. */
export const replacesFailedOnly = ({ spec }: Job): boolean => spec.podReplacementPolicy === 'Failed' || spec.podFailurePolicy !== undefined

/** A deleted Pod that can no longer succeed has failed. Follows isPodFailed. */
export const isPodFailed = (pod: Pod, job: Job): boolean =>
  isFailed(pod) || (!replacesFailedOnly(job) && isTerminating(pod) && !isSucceeded(pod))

interface Meaning {
  readonly action: string
  readonly isCounted: boolean
  /** Why the Job fails, where it does. */
  readonly jobFailure?: string
}

const counted: Meaning = { action: 'Count', isCounted: true }

// Follows matchPodFailurePolicy: the first rule that fits decides, and without one the failure is counted.
export const meaningOfFailure = (job: Job, pod: Pod): Meaning => {
  for (const [position, rule] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    const match = matchOf(rule, pod)
    if (match === undefined) continue
    if (rule.action === 'Ignore') return { action: 'Ignore', isCounted: false }
    if (rule.action !== 'FailJob') return { action: rule.action, isCounted: true }
    const who = `pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name}`
    const jobFailure =
      typeof match === 'string'
        ? `Pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name} has condition ${match} matching FailJob rule at index ${position}`
        : `Container ${match.name} for ${who} failed with exit code ${match.state?.terminated?.exitCode ?? 0} matching FailJob rule at index ${position}`
    return { action: 'FailJob', isCounted: true, jobFailure }
  }
  return counted
}

/** The container or the condition's type that the rule speaks of. */
const matchOf = (rule: PodFailurePolicyRule, pod: Pod): ContainerStatus | string | undefined => {
  const { onExitCodes } = rule
  if (onExitCodes === undefined) {
    return (pod.status.conditions ?? []).find(({ type, status }) =>
      (rule.onPodConditions ?? []).some((pattern) => pattern.type === type && (pattern.status ?? 'True') === status),
    )?.type
  }
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status
  return [...containerStatuses, ...initContainerStatuses].find(({ name, state }) => {
    const code = state?.terminated?.exitCode ?? 0
    if (code === 0 || (onExitCodes.containerName !== undefined && onExitCodes.containerName !== name)) return false
    return onExitCodes.values.includes(code) === (onExitCodes.operator === 'In')
  })
}

const countIn = (pod: Pod, annotation: string): number => {
  const count = Number(pod.metadata.annotations?.[annotation] ?? '0')
  return Number.isInteger(count) && count > 0 ? count : 0
}

/** How often the index had failed before this Pod ran, ignored failures too. Follows getIndexAbsoluteFailureCount. */
export const earlierFailures = (pod: Pod): number => countIn(pod, failureCountKey) + countIn(pod, ignoredFailureCountKey)

// Follows isIndexFailed.
export const endsItsIndex = (job: Job, pod: Pod): boolean => {
  if (!isPodFailed(pod, job)) return false
  const { action, isCounted } = meaningOfFailure(job, pod)
  return action === 'FailIndex' || (isCounted && countIn(pod, failureCountKey) >= (job.spec.backoffLimitPerIndex ?? 0))
}

/** What the Pod that follows the failed one carries. Follows addIndexFailureCountAnnotation. */
export const failureCountAnnotations = (job: Job, replaced: Pod | undefined): { readonly [annotation: string]: string } => {
  if (replaced === undefined) return { [failureCountKey]: '0' }
  const { isCounted } = meaningOfFailure(job, replaced)
  const failures = countIn(replaced, failureCountKey) + (isCounted ? 1 : 0)
  const ignored = countIn(replaced, ignoredFailureCountKey) + (isCounted ? 0 : 1)
  return { [failureCountKey]: String(failures), ...(ignored === 0 ? undefined : { [ignoredFailureCountKey]: String(ignored) }) }
}

/** Of two failed Pods of one index the one that failed later. Follows getPodsWithDelayedDeletionPerIndex. */
export const isLaterFailure = (pod: Pod, other: Pod, now: SimTime): boolean =>
  earlierFailures(other) <= earlierFailures(pod) && finishedAt(pod, now) >= finishedAt(other, now)
