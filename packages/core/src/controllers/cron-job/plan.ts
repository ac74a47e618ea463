/** Makes a Job whenever a CronJob's schedule comes due. Follows syncCronJob in pkg/controller/cronjob/cronjob_controllerv2.go. */
// Differs from Kubernetes: every time zone is taken for UTC.
import * as E from 'fp-ts/lib/Either.js'
import type { CronJob, Job } from '../../api/generated/types.js'
import { controllerRefOf, splitKey, type UnstoredObject } from '../../api/object.js'
import type { Reader } from '../../cluster/reader.js'
import { epochSeconds, simTimeOf, timestampOf, type SimTime } from '../../kernel/sim-time.js'
import type { Plan, PlanContext, PlanOutcome } from '../controller.js'
import { newControllerRef } from '../pod-from-template.js'
import { create, getLive, remove, replace, report } from '../requests.js'
import { semanticallyEqual } from '../semantic-equality.js'
import type { Steps } from '../steps.js'
import { nextAfter, parseSchedule, type Schedule } from './schedule.js'

/** nextScheduleDelta: a little later, so that the time has surely come. */
const deltaMs = 100
/** More missed times than this are not listed. */
const missedAtMost = 100

type Active = NonNullable<CronJob['status']['active']>

const endOf = (job: Job): { readonly type: string; readonly at: SimTime | undefined } | undefined => {
  const end = job.status.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')
  return end === undefined ? undefined : { type: end.type, at: simTimeOf(job.status.completionTime ?? '') }
}

const jobsOf = (cronJob: CronJob, reader: Reader): readonly Job[] =>
  reader.list('Job', cronJob.metadata.namespace ?? '').filter((job) => controllerRefOf(job)?.uid === cronJob.metadata.uid)

interface Due {
  /** The latest time that has come and was not served. */
  readonly at: SimTime | undefined
  readonly isTooMany: boolean
}

/** Follows mostRecentScheduleTime. */
const dueOf = (cronJob: CronJob, schedule: Schedule, now: SimTime): Due => {
  const { startingDeadlineSeconds } = cronJob.spec
  const began = simTimeOf(cronJob.status.lastScheduleTime ?? cronJob.metadata.creationTimestamp) ?? now
  const earliest = startingDeadlineSeconds === undefined ? began : Math.max(began, now - startingDeadlineSeconds * 1_000)
  let at: SimTime | undefined
  let missed = 0
  for (let next = nextAfter(schedule, earliest); next !== undefined && next <= now; next = nextAfter(schedule, next)) {
    at = next
    missed += 1
  }
  return { at, isTooMany: missed > missedAtMost }
}

const nameOf = (cronJob: CronJob, at: SimTime): string => `${cronJob.metadata.name}-${Math.floor((epochSeconds + at / 1_000) / 60)}`

/** Follows getJobFromTemplate2. */
const jobFor = (cronJob: CronJob, at: SimTime): UnstoredObject & { readonly kind: 'Job' } => {
  const { metadata, spec } = cronJob.spec.jobTemplate
  const object = {
    apiVersion: 'batch/v1',
    kind: 'Job' as const,
    metadata: {
      ...(metadata?.labels === undefined ? undefined : { labels: metadata.labels }),
      annotations: { ...metadata?.annotations, 'batch.kubernetes.io/cronjob-scheduled-timestamp': timestampOf(at) },
      name: nameOf(cronJob, at),
      namespace: cronJob.metadata.namespace ?? '',
      ownerReferences: [newControllerRef(cronJob)],
    },
    spec,
  }
  return object
}

/** What has ended since leaves the list of active Jobs; what is gone does, too. */
function* settleActive(begin: CronJob, jobs: readonly Job[]): Steps<CronJob> {
  let { active = [], lastSuccessfulTime } = begin.status
  for (const job of jobs) {
    const isKnown = active.some(({ uid }) => uid === job.metadata.uid)
    const end = endOf(job)
    if (!isKnown && end === undefined)
      yield* report(begin, {
        type: 'Warning',
        reason: 'UnexpectedJob',
        message: `Saw a job that the controller did not create or forgot: ${job.metadata.name}`,
      })
    if (!isKnown || end === undefined) continue
    active = active.filter(({ uid }) => uid !== job.metadata.uid)
    yield* report(begin, {
      type: 'Normal',
      reason: 'SawCompletedJob',
      message: `Saw completed job: ${job.metadata.name}, condition: ${end.type}`,
    })
    const last = simTimeOf(lastSuccessfulTime ?? '')
    if (end.type === 'Complete' && end.at !== undefined && (last === undefined || last < end.at)) lastSuccessfulTime = timestampOf(end.at)
  }
  const held: Active[number][] = []
  for (const reference of active) {
    if (jobs.some(({ metadata }) => metadata.uid === reference.uid)) {
      held.push(reference)
      continue
    }
    const live = yield* getLive('Job', reference.namespace ?? '', reference.name ?? '')
    if (E.isRight(live) && live.right.metadata.uid === reference.uid) held.push(reference)
    else yield* report(begin, { type: 'Normal', reason: 'MissingJob', message: `Active job went missing: ${reference.name ?? ''}` })
  }
  return withStatus(begin, held, { lastSuccessfulTime })
}

const withStatus = (
  cronJob: CronJob,
  active: Active,
  times: Pick<CronJob['status'], 'lastScheduleTime'> & { readonly lastSuccessfulTime?: string | undefined },
): CronJob => {
  const { active: _active, ...status } = cronJob.status
  const { lastSuccessfulTime, ...others } = times
  return {
    ...cronJob,
    status: {
      ...status,
      ...others,
      ...(lastSuccessfulTime === undefined ? undefined : { lastSuccessfulTime }),
      ...(active.length === 0 ? undefined : { active }),
    },
  }
}

function* removeJob(cronJob: CronJob, job: Job): Steps<boolean> {
  const removed = yield* remove(job, { propagationPolicy: 'Background' })
  if (E.isLeft(removed)) {
    yield* report(cronJob, { type: 'Warning', reason: 'FailedDelete', message: `Deleted job: ${removed.left.message}` })
    return false
  }
  yield* report(cronJob, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted job ${job.metadata.name}` })
  return true
}

const byStart = (left: Job, right: Job): number => {
  const [a, b] = [left.status.startTime ?? '9', right.status.startTime ?? '9']
  if (a !== b) return a < b ? -1 : 1
  return left.metadata.name < right.metadata.name ? -1 : 1
}

/** The oldest of the ended Jobs go. Follows cleanupFinishedJobs. */
function* cleanUp(cronJob: CronJob, jobs: readonly Job[]): Steps<void> {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cronJob.spec
  for (const [type, limit] of [
    ['Complete', successfulJobsHistoryLimit],
    ['Failed', failedJobsHistoryLimit],
  ] as const) {
    if (limit === undefined) continue
    const ended = jobs.filter((job) => endOf(job)?.type === type && job.metadata.deletionTimestamp === undefined).sort(byStart)
    for (const job of ended.slice(0, Math.max(0, ended.length - limit))) yield* removeJob(cronJob, job)
  }
}

interface Turn {
  readonly cronJob: CronJob
  readonly outcome: PlanOutcome
}

/** When its next time comes. */
const waitForNext = (cronJob: CronJob, schedule: Schedule, now: SimTime): PlanOutcome => {
  const next = nextAfter(schedule, now)
  if (next === undefined) return {}
  return {
    requeueAfterMs: next + deltaMs - now,
    waitingFor: [
      { kind: 'Schedule', on: cronJob.metadata.name, because: `CronJob ${cronJob.metadata.name} is due at ${timestampOf(next)}` },
    ],
  }
}

function* serve(cronJob: CronJob, jobs: readonly Job[], { now }: PlanContext): Steps<Turn> {
  const { spec, metadata } = cronJob
  if (metadata.deletionTimestamp !== undefined || spec.suspend === true) return { cronJob, outcome: {} }
  const parsed = parseSchedule(spec.schedule)
  if (E.isLeft(parsed)) {
    const message = `unparseable schedule: ${JSON.stringify(spec.schedule)} : ${parsed.left}`
    yield* report(cronJob, { type: 'Warning', reason: 'UnparseableSchedule', message })
    return { cronJob, outcome: { waitingFor: [{ kind: 'UnparseableSchedule', on: metadata.name, because: message }] } }
  }
  const schedule = parsed.right
  const { at, isTooMany } = dueOf(cronJob, schedule, now)
  const later: Turn = { cronJob, outcome: waitForNext(cronJob, schedule, now) }
  if (isTooMany)
    yield* report(cronJob, {
      type: 'Warning',
      reason: 'TooManyMissedTimes',
      message: 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
    })
  if (at === undefined) return later
  const { active = [], lastScheduleTime } = cronJob.status
  if (active.some(({ name }) => name === nameOf(cronJob, at)) || simTimeOf(lastScheduleTime ?? '') === at) return later
  if (spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid'
    yield* report(cronJob, { type: 'Normal', reason: 'JobAlreadyActive', message })
    return later
  }
  let kept = active
  if (spec.concurrencyPolicy === 'Replace') {
    for (const reference of active) {
      const job = jobs.find(({ metadata: { uid } }) => uid === reference.uid)
      if (job === undefined || (yield* removeJob(cronJob, job))) kept = kept.filter(({ uid }) => uid !== reference.uid)
    }
  }
  const made = yield* create<'Job'>(jobFor(cronJob, at))
  if (E.isLeft(made)) {
    if (made.left.reason !== 'AlreadyExists')
      yield* report(cronJob, { type: 'Warning', reason: 'FailedCreate', message: `Error creating job: ${made.left.message}` })
    return made.left.reason === 'AlreadyExists' ? later : { cronJob, outcome: { error: made.left } }
  }
  const { name, namespace = '', uid, resourceVersion } = made.right.metadata
  yield* report(cronJob, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created job ${name}` })
  const reference = { apiVersion: 'batch/v1', kind: 'Job', name, namespace, resourceVersion, uid }
  return { ...later, cronJob: withStatus(cronJob, [...kept, reference], { lastScheduleTime: timestampOf(at) }) }
}

export function* planCronJob(context: PlanContext): Plan {
  const { namespace, name } = splitKey(context.key)
  const cronJob = context.reader.get('CronJob', namespace, name)
  if (cronJob === undefined) return {}
  const jobs = jobsOf(cronJob, context.reader)
  const settled = yield* settleActive(cronJob, jobs)
  const { cronJob: served, outcome } = yield* serve(settled, jobs, context)
  yield* cleanUp(served, jobs)
  if (semanticallyEqual(served.status, cronJob.status)) return outcome
  const written = yield* replace<'CronJob'>(served, 'status')
  return E.isLeft(written) ? { ...outcome, error: written.left } : outcome
}
