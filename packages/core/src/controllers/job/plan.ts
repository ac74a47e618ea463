/**
 * Runs Pods until enough of them have succeeded, or too many have failed. Every Pod is counted exactly once: a finalizer holds it until its
 * end is in the Job's status. Follows syncJob in pkg/controller/job/job_controller.go.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { Job, JobCondition, JobStatus, Pod } from '../../api/generated/types.js'
import { selectorMatches } from '../../api/label-selector.js'
import { controllerRefOf, refOf, splitKey } from '../../api/object.js'
import { isJsonObject, type Json } from '../../kernel/json.js'
import { simTimeOf, timestampOf } from '../../kernel/sim-time.js'
import { isActive, isReady, isSucceeded, isTerminal, isTerminating } from '../../resources/pod/queries.js'
import { claimObjects } from '../claim-objects.js'
import type { Plan, PlanContext, PlanOutcome } from '../controller.js'
import { burstReplicas, createPod, deletePod } from '../pod-control.js'
import { newControllerRef, podFromTemplate, type UnstoredPod } from '../pod-from-template.js'
import { podsToDelete } from '../rank-for-deletion.js'
import { getLive, isNamespaceTerminating, replace, report } from '../requests.js'
import { slowStart } from '../slow-start.js'
import { wrapError, type Steps } from '../steps.js'
import { findUnseenWrite, noWrittenVersions, type WrittenVersions } from '../written-versions.js'
import { backOffAfter, finishedAt, noBackOff, remainingMs, type BackOff } from './back-off.js'
import {
  earlierFailures,
  endsItsIndex,
  failureCountAnnotations,
  isLaterFailure,
  isPodFailed,
  meaningOfFailure,
  replacesFailedOnly,
} from './failures.js'
import {
  completionIndexKey,
  firstPendingIndexes,
  formatIndexes,
  generateNameWithIndex,
  indexOf,
  parseIndexes,
  withIndexVariable,
} from './indexes.js'
import { metSuccessRule } from './success-policy.js'

const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
export const orphanPrefix = 'orphan:'

const jobControllerName = 'kubernetes.io/job-controller'
const uncountedPodsMax = 500

type Failure = ApiStatus | undefined

/** The controller's own copy of the Job and what it knows of its Pods: both change as the sync goes on. */
interface Sync {
  readonly context: PlanContext
  readonly pods: readonly Pod[]
  readonly written: WrittenVersions
  job: Job
  backOff: BackOff
  active: number
  ready: number
  terminating: number
  succeeded: number
  succeededIndexes: ReadonlySet<number>
  /** Undefined where indexes have no limit of their own. */
  failedIndexes: ReadonlySet<number> | undefined
  /** The last failed Pod of an index that has no other yet: it keeps the count of failures, so it stays until there is a new one. */
  lastFailed: ReadonlyMap<number, Pod>
  /** Why the Job ends, once that is known. */
  finished: JobCondition | undefined
  lookAgainAfter: number | undefined
}

export function* planJob(context: PlanContext): Plan {
  const { key } = context
  return key.startsWith(orphanPrefix) ? yield* releaseOrphan(key.slice(orphanPrefix.length)) : yield* syncJob(context)
}

export const hasTrackingFinalizer = (pod: Pod): boolean => (pod.metadata.finalizers ?? []).includes(trackingFinalizer)

// Follows IsJobFinished in pkg/controller/job/utils.go.
export const isFinished = (job: Job): boolean =>
  (job.status.conditions ?? []).some(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')

const isIndexed = (job: Job): boolean => job.spec.completionMode === 'Indexed'
const isSuspended = (job: Job): boolean => job.spec.suspend === true
/** Every index has its own limit of failures. */
const limitsIndexes = ({ spec }: Job): boolean => spec.backoffLimitPerIndex !== undefined
const completionsOf = (job: Job): number => job.spec.completions ?? 0

function* syncJob(context: PlanContext): Plan {
  const { key, reader, memory, now } = context
  const { namespace, name } = splitKey(key)
  const job = reader.get('Job', namespace, name)
  if (job === undefined || isFinished(job)) return { memory: null }
  if (job.spec.managedBy !== undefined && job.spec.managedBy !== jobControllerName) return {}
  const remembered = isJsonObject(memory) ? memory : {}
  const unseen = yield* findUnseenWrite(remembered['written'], namespace, reader)
  if (unseen !== undefined) {
    // A Pod that was counted must not be counted again from an old view.
    return {
      waitingFor: [{ kind: 'StaleCache', on: `${namespace}/${unseen.name}`, because: 'the Job controller has not seen its own write yet' }],
    }
  }
  const candidates = [
    ...reader.ownedBy('Pod', job.metadata.uid),
    ...reader.ownedBy('Pod', '').filter((pod) => pod.metadata.namespace === job.metadata.namespace),
  ]
  const { claimed: pods, error } = yield* claimObjects({
    owner: job,
    candidates,
    matches: (pod) => selectorMatches(job.spec.selector, pod.metadata.labels),
    finalizers: [trackingFinalizer],
  })
  if (error !== undefined) return { error }

  const activePods = pods.filter(isActive)
  const { startTime = isSuspended(job) ? undefined : timestampOf(now), uncountedTerminatedPods = {} } = job.status
  const sync: Sync = {
    context,
    pods,
    written: noWrittenVersions(),
    job: { ...job, status: { ...job.status, uncountedTerminatedPods, ...(startTime === undefined ? undefined : { startTime }) } },
    // Only this plan writes this memory.
    backOff: (remembered['backOff'] as BackOff | undefined) ?? noBackOff,
    active: activePods.length,
    ready: activePods.filter(isReady).length,
    terminating: pods.filter((pod) => isTerminating(pod) && !isTerminal(pod)).length,
    succeeded: 0,
    succeededIndexes: new Set(),
    failedIndexes: undefined,
    lastFailed: new Map(),
    finished: undefined,
    lookAgainAfter: undefined,
  }
  return yield* runJob(sync, activePods)
}

function* runJob(sync: Sync, activePods: readonly Pod[]): Plan {
  const { context, pods } = sync
  const { now } = context
  const { status, spec } = sync.job
  const uncounted = status.uncountedTerminatedPods ?? {}
  const isNew =
    (known: readonly string[] | undefined) =>
    (pod: Pod): boolean =>
      isCountable(sync.job, pod) && !(known ?? []).includes(pod.metadata.uid)
  const newSucceeded = pods.filter(isSucceeded).filter(isNew(uncounted.succeeded))
  const newFailed = pods.filter((pod) => isPodFailed(pod, sync.job)).filter(isNew(uncounted.failed))
  const countedFailures = newFailed.filter((pod) => meaningOfFailure(sync.job, pod).isCounted).length
  const failed = (status.failed ?? 0) + countedFailures + (uncounted.failed ?? []).length
  const backOff = backOffAfter(sync.backOff, newSucceeded, newFailed, now)
  if (isIndexed(sync.job)) {
    const earlier = parseIndexes(status.completedIndexes, completionsOf(sync.job))
    sync.succeededIndexes = new Set([...earlier, ...newSucceeded.flatMap((pod) => indexOf(pod) ?? [])])
    sync.succeeded = sync.succeededIndexes.size
  } else sync.succeeded = (status.succeeded ?? 0) + newSucceeded.length + (uncounted.succeeded ?? []).length

  sync.finished = verdictOf(sync, failed)
  if (isIndexed(sync.job)) judgeIndexes(sync, activePods)
  let manageError: Failure
  let suspendChanged = false
  if (sync.finished !== undefined) {
    const removed = yield* removePods(sync, activePods, false)
    // Not finished yet while something is still there.
    if (removed.count !== activePods.length) sync.finished = undefined
    manageError = removed.error
  } else {
    const manages = sync.job.metadata.deletionTimestamp === undefined
    if (manages) manageError = yield* manageJob(sync, activePods, backOff)
    if (isComplete(sync))
      sync.finished = condition('SuccessCriteriaMet', 'CompletionsReached', 'Reached expected number of succeeded pods', context)
    else if (manages) suspendChanged = yield* noteSuspension(sync)
  }
  const before = sync.job.status
  const needsWrite =
    suspendChanged || sync.active !== (before.active ?? 0) || sync.ready !== before.ready || sync.terminating !== before.terminating
  const { active: _active, ...rest } = before
  sync.job = {
    ...sync.job,
    spec,
    status: { ...rest, ...positive('active', sync.active), ready: sync.ready, terminating: sync.terminating },
  }
  const trackError = yield* trackStatus(sync, backOff, needsWrite)
  return outcomeOf(sync, trackError === undefined ? manageError : wrapError('tracking status: ', trackError))
}

const outcomeOf = (sync: Sync, error: Failure): PlanOutcome => {
  const versions = sync.written.toMemory()
  const { failuresAfterLastSuccess, lastFailureAt } = sync.backOff
  const memory: Json =
    versions === null && failuresAfterLastSuccess === 0 ? null : { written: versions, backOff: { failuresAfterLastSuccess, lastFailureAt } }
  const { namespace = '' } = sync.job.metadata
  const waitingFor = sync.pods.filter(isActive).map((pod) => ({
    kind: 'PodNotFinished',
    on: `${namespace}/${pod.metadata.name}`,
    because: `Job ${sync.job.metadata.name} counts it when it has ended`,
  }))
  return {
    memory,
    waitingFor,
    ...(sync.lookAgainAfter === undefined ? undefined : { requeueAfterMs: sync.lookAgainAfter }),
    ...(error === undefined ? undefined : { error }),
  }
}

const positive = (key: keyof JobStatus, value: number): { readonly [field: string]: number } => (value === 0 ? {} : { [key]: value })

/** Held by the finalizer, and with an index that the Job has. Follows getValidPodsWithFilter. */
const isCountable = (job: Job, pod: Pod): boolean => hasTrackingFinalizer(pod) && hasValidIndex(job, pod)

const hasValidIndex = (job: Job, pod: Pod): boolean => {
  if (!isIndexed(job)) return true
  const index = indexOf(pod)
  return index !== undefined && index < completionsOf(job)
}

const condition = (type: string, reason: string, message: string, { now }: PlanContext, status = 'True'): JobCondition => ({
  type,
  status,
  lastProbeTime: timestampOf(now),
  lastTransitionTime: timestampOf(now),
  reason,
  message,
})

const holds = (job: Job, type: string): JobCondition | undefined =>
  job.status.conditions?.find((candidate) => candidate.type === type && candidate.status === 'True')

// Follows the evaluation of end states in syncJob: what was decided before stays, then failures.
const verdictOf = (sync: Sync, failed: number): JobCondition | undefined => {
  const { job, context, pods } = sync
  const succeeded = holds(job, 'SuccessCriteriaMet')
  if (succeeded !== undefined) return succeeded
  const target = holds(job, 'FailureTarget')
  if (target !== undefined) return condition('Failed', target.reason ?? '', target.message ?? '', context)
  const failure = pods
    .filter((pod) => isPodFailed(pod, job))
    .map((pod) => meaningOfFailure(job, pod).jobFailure)
    .find((message) => message !== undefined)
  if (failure !== undefined) return condition('FailureTarget', 'PodFailurePolicy', failure, context)
  const { backoffLimit = 6, activeDeadlineSeconds } = job.spec
  if (failed > backoffLimit || isPastRestarts(job, pods, backoffLimit)) {
    return condition('FailureTarget', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit', context)
  }
  if (activeDeadlineSeconds === undefined || isSuspended(job) || job.status.startTime === undefined) return undefined
  const left = (simTimeOf(job.status.startTime) ?? 0) + activeDeadlineSeconds * 1_000 - context.now
  if (left <= 0) return condition('FailureTarget', 'DeadlineExceeded', 'Job was active longer than specified deadline', context)
  sync.lookAgainAfter = left
  return undefined
}

/** Ends that only Jobs with indexes have, and which failed Pods must stay for now. Follows syncJob. */
const judgeIndexes = (sync: Sync, activePods: readonly Pod[]): void => {
  const { job, context, pods, succeededIndexes } = sync
  const { maxFailedIndexes, completions = 0 } = job.spec
  if (limitsIndexes(job)) {
    const countable = pods.filter((pod) => isCountable(job, pod))
    const failed = new Set([
      ...parseIndexes(job.status.failedIndexes, completions),
      ...countable.filter((pod) => endsItsIndex(job, pod)).flatMap((pod) => indexOf(pod) ?? []),
    ])
    sync.failedIndexes = failed
    if (sync.finished === undefined) {
      if (maxFailedIndexes !== undefined && failed.size > maxFailedIndexes) {
        const message = 'Job has exceeded the specified maximal number of failed indexes'
        sync.finished = condition('FailureTarget', 'MaxFailedIndexesExceeded', message, context)
      } else if (failed.size > 0 && failed.size + succeededIndexes.size >= completions) {
        sync.finished = condition('FailureTarget', 'FailedIndexes', 'Job has failed indexes', context)
      }
    }
    const settled = new Set([...succeededIndexes, ...failed, ...activePods.flatMap((pod) => indexOf(pod) ?? [])])
    const lastFailed = new Map<number, Pod>()
    for (const pod of countable) {
      const index = indexOf(pod)
      if (index === undefined || settled.has(index) || !isPodFailed(pod, job)) continue
      const other = lastFailed.get(index)
      if (other === undefined || isLaterFailure(pod, other, context.now)) lastFailed.set(index, pod)
    }
    sync.lastFailed = lastFailed
  }
  const rule = sync.finished === undefined ? metSuccessRule(job, succeededIndexes) : undefined
  if (rule !== undefined) sync.finished = condition('SuccessCriteriaMet', 'SuccessPolicy', rule, context)
}

// Follows pastBackoffLimitOnFailure: containers that are restarted in place count as failures.
const isPastRestarts = ({ spec }: Job, pods: readonly Pod[], backoffLimit: number): boolean => {
  if (spec.template.spec.restartPolicy !== 'OnFailure') return false
  const living = pods.filter(({ status }) => status.phase === 'Running' || status.phase === 'Pending')
  const restarts = living
    .flatMap(({ status }) => [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0)
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit
}

const isComplete = ({ job, succeeded, active }: Sync): boolean =>
  active === 0 && (job.spec.completions === undefined ? succeeded > 0 : succeeded >= job.spec.completions)

function* noteSuspension(sync: Sync): Steps<boolean> {
  const { job, context } = sync
  const known = job.status.conditions?.find(({ type }) => type === 'Suspended')
  if (isSuspended(job)) {
    if (known?.status === 'True') return false
    const suspended = withCondition(job, condition('Suspended', 'JobSuspended', 'Job suspended', context))
    const { startTime: _forgotten, ...status } = suspended.status
    sync.job = { ...suspended, status }
    yield* report(job, { type: 'Normal', reason: 'Suspended', message: 'Job suspended' })
    return true
  }
  if (known === undefined || known.status === 'False') return false
  const resumed = withCondition(job, condition('Suspended', 'JobResumed', 'Job resumed', context, 'False'))
  // The deadline counts from now: it measures how long a Job is active.
  sync.job = { ...resumed, status: { ...resumed.status, startTime: timestampOf(context.now) } }
  yield* report(job, { type: 'Normal', reason: 'Resumed', message: 'Job resumed' })
  return true
}

/** In its place, or at the end. Follows ensureJobConditionStatus. */
const withCondition = (job: Job, next: JobCondition): Job => {
  const conditions = job.status.conditions ?? []
  const isKnown = conditions.some(({ type }) => type === next.type)
  return {
    ...job,
    status: {
      ...job.status,
      conditions: isKnown ? conditions.map((other) => (other.type === next.type ? next : other)) : [...conditions, next],
    },
  }
}

// Follows manageJob.
function* manageJob(sync: Sync, activePods: readonly Pod[], backOff: BackOff): Steps<Failure> {
  const { job, context } = sync
  if (isSuspended(job)) return (yield* removePods(sync, activePods, true)).error
  const { parallelism = 1, completions } = job.spec
  const wanted =
    completions === undefined
      ? sync.succeeded > 0
        ? sync.active
        : parallelism
      : Math.max(0, Math.min(parallelism, completions - sync.succeeded))
  const excess = podsForRemoval(sync, activePods, Math.max(0, sync.active - wanted)).slice(0, burstReplicas)
  if (excess.length > 0) return (yield* removePods(sync, excess, true)).error

  const missing = wanted - sync.active - (replacesFailedOnly(job) ? sync.terminating : 0)
  if (missing <= 0) return undefined
  const wait = limitsIndexes(job) ? 0 : remainingMs(backOff, context.now)
  if (wait > 0) {
    lookAgainAfter(sync, wait)
    return undefined
  }
  return yield* createPods(sync, activePods, Math.min(missing, burstReplicas))
}

const lookAgainAfter = (sync: Sync, wait: number): void => {
  sync.lookAgainAfter = Math.min(sync.lookAgainAfter ?? wait, wait)
}

/** Pods that repeat an index or have none, then as many more as are too many. Follows activePodsForRemoval. */
const podsForRemoval = (sync: Sync, pods: readonly Pod[], atLeast: number): readonly Pod[] => {
  const { job, context } = sync
  if (!isIndexed(job)) return podsToDelete(pods, [], atLeast, context.now)
  const invalid = pods.filter((pod) => !hasValidIndex(job, pod))
  const byIndex = new Map<number, Pod[]>()
  for (const pod of pods) {
    const index = indexOf(pod)
    if (index !== undefined && hasValidIndex(job, pod)) byIndex.set(index, [...(byIndex.get(index) ?? []), pod])
  }
  const repeated = [...byIndex.values()].flatMap((same) => podsToDelete(same, [], same.length - 1, context.now))
  const removed = [...invalid, ...repeated]
  const left = pods.filter((pod) => !removed.includes(pod))
  return [...removed, ...podsToDelete(left, [], Math.max(0, atLeast - removed.length), context.now)]
}

interface Removed {
  readonly count: number
  readonly error: Failure
}

/** Deletes Pods; those of a suspended or shrunken Job are let go of first, for they do not count. Follows deleteActivePods and deleteJobPods. */
function* removePods(sync: Sync, pods: readonly Pod[], releaseFirst: boolean): Steps<Removed> {
  let count = 0
  let error: Failure
  for (const pod of pods) {
    if (releaseFirst && hasTrackingFinalizer(pod)) {
      const released = yield* removeFinalizer(pod)
      if (E.isLeft(released) && released.left.reason !== 'NotFound') {
        error ??= wrapError('removing completion finalizer: ', released.left)
        continue
      }
    }
    const deleted = yield* deletePod(sync.job, pod)
    if (E.isRight(deleted)) sync.written.note(deleted.right)
    else if (deleted.left.reason !== 'NotFound') {
      error ??= deleted.left
      continue
    }
    count += 1
    sync.active -= 1
    sync.terminating += 1
    if (isReady(pod)) sync.ready -= 1
  }
  return { count, error }
}

// Follows removeTrackingFinalizerPatch.
function* removeFinalizer(pod: Pod): Steps<E.Either<ApiStatus, Pod>> {
  const answer = yield {
    kind: 'PatchObject',
    target: refOf(pod),
    patchType: 'strategic',
    patch: { metadata: { '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } },
  }
  // The API answers with the Pod that was patched.
  return answer as E.Either<ApiStatus, Pod>
}

function* createPods(sync: Sync, activePods: readonly Pod[], missing: number): Steps<Failure> {
  const { job, context, pods, written } = sync
  const taken = new Set([
    ...sync.succeededIndexes,
    ...(sync.failedIndexes ?? []),
    ...[...activePods, ...(replacesFailedOnly(job) ? pods.filter((pod) => isTerminating(pod) && !isTerminal(pod)) : [])].flatMap(
      (pod) => indexOf(pod) ?? [],
    ),
  ])
  const pending = isIndexed(job) ? firstPendingIndexes(taken, missing, completionsOf(job)) : undefined
  const indexes = pending === undefined || !limitsIndexes(job) ? pending : indexesOutOfBackOff(sync, pending)
  const count = indexes === undefined ? missing : indexes.length
  let firstError: Failure
  const call = function* (index: number | undefined): Steps<Failure> {
    const created = yield* createPod(job, podFor(sync, index))
    if (E.isRight(created)) {
      written.note(created.right)
      return undefined
    }
    if (isNamespaceTerminating(created.left)) return undefined
    firstError ??= created.left
    return created.left
  }
  const { successes } = yield* slowStart({
    count,
    initialBatchSize: 1,
    batchSizeMax: burstReplicas,
    call: (position) => call(indexes?.[position]),
    choose: context.choose,
    address: `Job/${context.key}@${context.now}/create`,
  })
  sync.active += successes
  return firstError
}

/** Each index backs off on its own; where all do, the Job looks again when the first may go on. Follows getPodCreationInfoForIndependentIndexes. */
const indexesOutOfBackOff = (sync: Sync, indexes: readonly number[]): readonly number[] => {
  const { now } = sync.context
  const waits = indexes.map((index) => {
    const last = sync.lastFailed.get(index)
    const wait =
      last === undefined
        ? 0
        : remainingMs({ failuresAfterLastSuccess: earlierFailures(last) + 1, lastFailureAt: finishedAt(last, now) }, now)
    return { index, wait }
  })
  const ready = waits.filter(({ wait }) => wait === 0).map(({ index }) => index)
  if (ready.length === 0 && waits.length > 0) lookAgainAfter(sync, Math.min(...waits.map(({ wait }) => wait)))
  return ready
}

const podFor = ({ job, lastFailed }: Sync, index: number | undefined): UnstoredPod => {
  const { template } = job.spec
  const { name, namespace = '' } = job.metadata
  const finalizers = [...(template.metadata?.finalizers ?? []).filter((finalizer) => finalizer !== trackingFinalizer), trackingFinalizer]
  const metadata = { ...template.metadata, finalizers }
  const owner = newControllerRef(job)
  if (index === undefined) return podFromTemplate({ template: { ...template, metadata }, namespace, owner, generateName: `${name}-` })
  const indexed = {
    ...metadata,
    annotations: {
      ...metadata.annotations,
      [completionIndexKey]: String(index),
      ...(limitsIndexes(job) ? failureCountAnnotations(job, lastFailed.get(index)) : undefined),
    },
    labels: { ...metadata.labels, [completionIndexKey]: String(index) },
  }
  const spec = { ...withIndexVariable(template.spec), hostname: `${name}-${index}` }
  return podFromTemplate({ template: { metadata: indexed, spec }, namespace, owner, generateName: generateNameWithIndex(name, index) })
}

/**
 * Writes ends down, lets the Pods go, counts them, and says that the Job is over: in this order, so that nothing is lost or counted twice.
 */
// Follows trackJobStatusAndRemoveFinalizers and flushUncountedAndRemoveFinalizers.
function* trackStatus(sync: Sync, backOff: BackOff, needsWriteAlready: boolean): Steps<Failure> {
  const held = new Set(sync.pods.filter(hasTrackingFinalizer).map(({ metadata }) => metadata.uid))
  let needsWrite = countReleased(sync, held) || needsWriteAlready
  const indexed = isIndexed(sync.job)
  const uncounted = sync.job.status.uncountedTerminatedPods ?? {}
  const succeeded = [...(uncounted.succeeded ?? [])]
  const failed = [...(uncounted.failed ?? [])]
  const earlier = parseIndexes(sync.job.status.completedIndexes, completionsOf(sync.job))
  const released: Pod[] = []
  const newIndexes = new Set<number>()
  let isFull = false
  for (const pod of indexed ? [...sync.pods].sort((one, other) => (indexOf(one) ?? -1) - (indexOf(other) ?? -1)) : sync.pods) {
    if (!hasTrackingFinalizer(pod)) continue
    const isGone = isPodFailed(pod, sync.job)
    if (!mayRelease(sync, pod, isGone)) continue
    released.push(pod)
    const { uid } = pod.metadata
    const index = indexOf(pod)
    if (isSucceeded(pod) && !failed.includes(uid)) {
      if (indexed) {
        if (index !== undefined && hasValidIndex(sync.job, pod) && !earlier.has(index)) {
          newIndexes.add(index)
          needsWrite = true
        }
      } else if (!succeeded.includes(uid)) {
        succeeded.push(uid)
        needsWrite = true
      }
    } else if (isGone || (sync.finished !== undefined && sync.finished.type !== 'SuccessCriteriaMet')) {
      if (!failed.includes(uid) && hasValidIndex(sync.job, pod) && meaningOfFailure(sync.job, pod).isCounted) {
        failed.push(uid)
        needsWrite = true
      }
    }
    if (newIndexes.size + succeeded.length + failed.length >= uncountedPodsMax) {
      isFull = true
      break
    }
  }
  sync.job = withUncounted(sync.job, succeeded, failed)
  if (indexed) {
    const all = new Set([...sync.succeededIndexes, ...newIndexes])
    const text = formatIndexes(all)
    const failedText = sync.failedIndexes === undefined ? undefined : formatIndexes(sync.failedIndexes)
    if (text !== (sync.job.status.completedIndexes ?? '') || failedText !== sync.job.status.failedIndexes) needsWrite = true
    const { completedIndexes: _text, failedIndexes: _failed, succeeded: _count, ...rest } = sync.job.status
    sync.job = {
      ...sync.job,
      status: {
        ...rest,
        ...positive('succeeded', all.size),
        ...(text === '' ? undefined : { completedIndexes: text }),
        ...(failedText === undefined ? undefined : { failedIndexes: failedText }),
      },
    }
  }
  let final = sync.finished
  if (final?.type === 'FailureTarget' || final?.type === 'SuccessCriteriaMet') {
    // What is decided is written before the Pods go; that it is over, when they are gone.
    if (holds(sync.job, final.type) === undefined) {
      sync.job = withCondition(sync.job, final)
      needsWrite = true
    }
    final = condition(final.type === 'FailureTarget' ? 'Failed' : 'Complete', final.reason ?? '', final.message ?? '', sync.context)
  }
  if (needsWrite) {
    const error = yield* writeStatus(sync)
    if (error !== undefined) return wrapError('adding uncounted pods to status: ', error)
    sync.backOff = backOff
    needsWrite = false
  }
  let removalError: Failure
  for (const pod of released) {
    const removed = yield* removeFinalizer(pod)
    if (E.isRight(removed)) sync.written.note(removed.right)
    else if (removed.left.reason !== 'NotFound') {
      removalError ??= removed.left
      continue
    }
    held.delete(pod.metadata.uid)
  }
  needsWrite = countReleased(sync, held) || needsWrite
  if (removalError !== undefined) {
    const error = needsWrite ? yield* writeStatus(sync) : undefined
    return error ?? removalError
  }
  const end = !isFull && mayEnd(sync) ? final : undefined
  if (end !== undefined) {
    const ended = withCondition(sync.job, end)
    sync.job = end.type === 'Complete' ? { ...ended, status: { ...ended.status, completionTime: timestampOf(sync.context.now) } } : ended
    needsWrite = true
  }
  if (!needsWrite) return undefined
  const error = yield* writeStatus(sync)
  if (error !== undefined) return wrapError('removing uncounted pods from status: ', error)
  if (end !== undefined) yield* tellEnd(sync.job, end)
  return undefined
}

// Follows canRemoveFinalizer.
const mayRelease = ({ job, finished, lastFailed }: Sync, pod: Pod, isGone: boolean): boolean =>
  job.metadata.deletionTimestamp !== undefined ||
  finished !== undefined ||
  isSucceeded(pod) ||
  (isGone && ![...lastFailed.values()].some(({ metadata }) => metadata.uid === pod.metadata.uid))

// Follows enactJobFinished: all are counted, and none is still on its way out.
const mayEnd = ({ job, terminating }: Sync): boolean => {
  const { succeeded = [], failed = [] } = job.status.uncountedTerminatedPods ?? {}
  return succeeded.length + failed.length === 0 && terminating === 0
}

const withUncounted = (job: Job, succeeded: readonly string[], failed: readonly string[]): Job => ({
  ...job,
  status: {
    ...job.status,
    uncountedTerminatedPods: { ...(succeeded.length === 0 ? undefined : { succeeded }), ...(failed.length === 0 ? undefined : { failed }) },
  },
})

/** Pods whose finalizer is gone move from the list of uids to the count. Follows cleanUncountedPodsWithoutFinalizers. */
const countReleased = (sync: Sync, held: ReadonlySet<string>): boolean => {
  const { succeeded = [], failed = [] } = sync.job.status.uncountedTerminatedPods ?? {}
  const [succeededHeld, failedHeld] = [succeeded.filter((uid) => held.has(uid)), failed.filter((uid) => held.has(uid))]
  const [newlySucceeded, newlyFailed] = [succeeded.length - succeededHeld.length, failed.length - failedHeld.length]
  if (newlySucceeded === 0 && newlyFailed === 0) return false
  const next = withUncounted(sync.job, succeededHeld, failedHeld)
  const { status } = next
  sync.job = {
    ...next,
    status: {
      ...status,
      ...positive('succeeded', (status.succeeded ?? 0) + newlySucceeded),
      ...positive('failed', (status.failed ?? 0) + newlyFailed),
    },
  }
  return true
}

function* writeStatus(sync: Sync): Steps<Failure> {
  const written = yield* replace(sync.job, 'status')
  if (E.isLeft(written)) return written.left
  sync.job = { ...written.right, status: { uncountedTerminatedPods: {}, ...written.right.status } }
  return undefined
}

// Follows recordJobFinished.
function* tellEnd(job: Job, end: JobCondition): Steps<void> {
  if (end.type !== 'Complete') {
    yield* report(job, { type: 'Warning', reason: end.reason ?? '', message: end.message ?? '' })
    return
  }
  if (job.spec.completions !== undefined && (job.status.succeeded ?? 0) > job.spec.completions) {
    yield* report(job, {
      type: 'Warning',
      reason: 'TooManySucceededPods',
      message: 'Too many succeeded pods running after completion count reached',
    })
  }
  yield* report(job, { type: 'Normal', reason: 'Completed', message: 'Job completed' })
}

/** A Pod whose Job is gone, or has ended, is let go of: nobody will count it. Follows syncOrphanPod. */
function* releaseOrphan(key: string): Plan {
  const { namespace, name } = splitKey(key)
  const found = yield* getLive('Pod', namespace, name)
  if (E.isLeft(found)) return found.left.reason === 'NotFound' ? {} : { error: found.left }
  const pod = found.right
  if (!hasTrackingFinalizer(pod)) return {}
  const owner = controllerRefOf(pod)
  if (owner !== undefined) {
    if (owner.kind !== 'Job') return {}
    const job = yield* getLive('Job', namespace, owner.name)
    if (E.isRight(job) && job.right.metadata.uid === owner.uid && !isFinished(job.right)) return {}
  }
  const removed = yield* removeFinalizer(pod)
  return E.isLeft(removed) && removed.left.reason !== 'NotFound' ? { error: removed.left } : {}
}
