import { describe, expect, it } from 'vitest'
import type { Job, Pod } from '../../api/generated/types.js'
import { timestampOf } from '../../kernel/sim-time.js'
import { FakeApi } from '../../testing/fake-api.js'
import { aMetadata, aPod } from '../../testing/workload-builders.js'
import { backOffAfter, noBackOff, remainingMs } from './back-off.js'
import { jobController } from './controller.js'
import { formatIndexes, generateNameWithIndex, parseIndexes } from './indexes.js'
import { ttlAfterFinishedController } from './ttl-after-finished.js'

const aJob = (spec: Partial<Job['spec']> = {}, status: Job['status'] = {}): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: aMetadata('Job', 'once'),
  spec: {
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    selector: { matchLabels: { app: 'nginx' } },
    template: {
      metadata: { labels: { app: 'nginx' } },
      spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] },
    },
    ...spec,
  },
  status,
})

const clusterWith = (job: Job): FakeApi => {
  const api = new FakeApi()
  api.put(job)
  return api
}
const sync = (api: FakeApi): ReturnType<FakeApi['sync']> => api.sync(jobController, 'default/once')
const jobOf = (api: FakeApi): Job => {
  const job = api.live.get('Job', 'default', 'once')
  if (job === undefined) throw new Error('there is a Job')
  return job
}
const livingPods = (api: FakeApi): readonly Pod[] =>
  api.live
    .list('Pod')
    .filter(
      ({ metadata, status }) => metadata.deletionTimestamp === undefined && (status.phase === 'Pending' || status.phase === 'Running'),
    )
const endAll = (api: FakeApi, phase: 'Succeeded' | 'Failed'): void => {
  for (const pod of livingPods(api)) {
    const terminated = { exitCode: phase === 'Failed' ? 1 : 0, finishedAt: timestampOf(api.now) }
    const containerStatuses = [{ name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated } }]
    api.put({ ...pod, status: { phase, containerStatuses } })
  }
}
const conditionsOf = (api: FakeApi): readonly string[] =>
  (jobOf(api).status.conditions ?? []).map(({ type, status, reason }) => `${type} ${status} ${reason}`)

describe('a Job', () => {
  it('makes held Pods and tells how many are active', () => {
    const api = clusterWith(aJob({ parallelism: 2, completions: 2 }))
    expect(sync(api)).toMatchObject({
      writes: ['create Pod once-', 'create Pod once-', 'write status of Job once'],
      events: ['Normal SuccessfulCreate Created pod: once-0', 'Normal SuccessfulCreate Created pod: once-1'],
    })
    expect(jobOf(api).status).toEqual({ active: 2, ready: 0, terminating: 0, startTime: timestampOf(0), uncountedTerminatedPods: {} })
    expect(api.pod('once-0')?.metadata.finalizers).toEqual(['batch.kubernetes.io/job-tracking'])
    expect(sync(api).writes).toEqual([])
  })

  it('writes down what ended, lets the Pods go, and then says that it is complete', () => {
    const api = clusterWith(aJob({ parallelism: 2, completions: 2 }))
    sync(api)
    endAll(api, 'Succeeded')
    const observed = sync(api)
    expect(observed).toMatchObject({
      writes: ['write status of Job once', 'patch Pod once-0', 'patch Pod once-1', 'write status of Job once'],
      events: ['Normal Completed Job completed'],
    })
    expect(conditionsOf(api)).toEqual(['SuccessCriteriaMet True CompletionsReached', 'Complete True CompletionsReached'])
    expect(jobOf(api).status).toMatchObject({
      succeeded: 2,
      ready: 0,
      terminating: 0,
      completionTime: timestampOf(0),
      uncountedTerminatedPods: {},
    })
    expect(jobOf(api).status).not.toHaveProperty('active')
    expect(api.pod('once-0')?.metadata.finalizers).toBeUndefined()
    expect(sync(api).writes).toEqual([])
  })

  it('numbers its Pods when it is indexed', () => {
    const api = clusterWith(aJob({ parallelism: 2, completions: 3, completionMode: 'Indexed' }))
    expect(sync(api).writes.slice(0, 2)).toEqual(['create Pod once-0-', 'create Pod once-1-'])
    const [first] = api.live.list('Pod')
    expect(first).toMatchObject({
      metadata: {
        annotations: { 'batch.kubernetes.io/job-completion-index': '0' },
        labels: { 'batch.kubernetes.io/job-completion-index': '0' },
      },
      spec: {
        hostname: 'once-0',
        containers: [
          {
            env: [
              {
                name: 'JOB_COMPLETION_INDEX',
                valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } },
              },
            ],
          },
        ],
      },
    })
    endAll(api, 'Succeeded')
    expect(sync(api).writes[0]).toBe('create Pod once-2-')
    expect(jobOf(api).status).toMatchObject({ succeeded: 2, completedIndexes: '0,1', active: 1 })
    endAll(api, 'Succeeded')
    sync(api)
    expect(jobOf(api).status).toMatchObject({ succeeded: 3, completedIndexes: '0-2' })
    expect(conditionsOf(api).at(-1)).toBe('Complete True CompletionsReached')
  })

  it('waits ever longer after failures and gives up after the limit', () => {
    const api = clusterWith(aJob({ backoffLimit: 2 }))
    const waits: (number | undefined)[] = []
    for (let round = 0; round < 3; round += 1) {
      sync(api)
      endAll(api, 'Failed')
      const { outcome } = sync(api)
      waits.push(outcome.requeueAfterMs)
      api.now += outcome.requeueAfterMs ?? 0
    }
    expect(waits).toEqual([10_000, 20_000, undefined])
    expect(conditionsOf(api)).toEqual(['FailureTarget True BackoffLimitExceeded', 'Failed True BackoffLimitExceeded'])
    expect(jobOf(api).status).toMatchObject({ failed: 3 })
  })

  it('that takes too long fails and takes its Pods along', () => {
    const api = clusterWith(aJob({ activeDeadlineSeconds: 30 }))
    expect(sync(api).outcome.requeueAfterMs).toBe(30_000)
    api.now = 30_000
    expect(sync(api).writes[0]).toBe('delete Pod once-0')
    expect(conditionsOf(api)).toEqual(['FailureTarget True DeadlineExceeded'])
    for (const name of api.podNames()) api.remove('Pod', name)
    expect(sync(api).events).toEqual(['Warning DeadlineExceeded Job was active longer than specified deadline'])
    expect(conditionsOf(api).at(-1)).toBe('Failed True DeadlineExceeded')
  })

  it('that is suspended lets its Pods go and starts its clock anew when it is resumed', () => {
    const api = clusterWith(aJob())
    sync(api)
    api.change('Job', 'once', (job) => ({ ...job, spec: { ...job.spec, suspend: true } }))
    expect(sync(api)).toMatchObject({
      writes: ['patch Pod once-0', 'delete Pod once-0', 'write status of Job once'],
      events: ['Normal SuccessfulDelete Deleted pod: once-0', 'Normal Suspended Job suspended'],
    })
    expect(conditionsOf(api)).toEqual(['Suspended True JobSuspended'])
    api.now = 60_000
    api.change('Job', 'once', (job) => ({ ...job, spec: { ...job.spec, suspend: false } }))
    expect(sync(api).events).toContain('Normal Resumed Job resumed')
    expect(jobOf(api).status).toMatchObject({ active: 1, startTime: timestampOf(60_000) })
  })

  it('does not count a Pod twice while its informer lags', () => {
    const api = clusterWith(aJob({ parallelism: 1, completions: 2 }))
    sync(api)
    endAll(api, 'Succeeded')
    api.freezeCache('Pod')
    sync(api)
    const counted = jobOf(api).status.succeeded
    expect(sync(api)).toMatchObject({ writes: [], outcome: { waitingFor: [{ kind: 'StaleCache' }] } })
    expect([counted, jobOf(api).status.succeeded]).toEqual([1, 1])
  })

  it('makes fewer Pods when parallelism shrinks', () => {
    const api = clusterWith(aJob({ parallelism: 3, completions: 3 }))
    sync(api)
    api.change('Job', 'once', (job) => ({ ...job, spec: { ...job.spec, parallelism: 1 } }))
    expect(sync(api).writes.filter((write) => write.startsWith('delete'))).toHaveLength(2)
  })
})

describe('a Pod whose Job is gone', () => {
  it('is let go of', () => {
    const api = new FakeApi()
    api.put(aPod('left', { owner: aJob(), metadata: { finalizers: ['batch.kubernetes.io/job-tracking'] } }))
    expect(api.sync(jobController, 'orphan:default/left').writes).toEqual(['patch Pod left'])
    expect(api.pod('left')?.metadata.finalizers).toBeUndefined()
  })
})

describe('sets of indexes', () => {
  it.each([
    ['', []],
    ['0', [0]],
    ['0,1', [0, 1]],
    ['0-2', [0, 1, 2]],
    ['0-2,5,7,8', [0, 1, 2, 5, 7, 8]],
  ])('are written %j', (text, indexes) => {
    expect(formatIndexes(new Set(indexes))).toBe(text)
    expect([...parseIndexes(text, 10)]).toEqual(indexes)
  })
  it('leave out what the Job does not have', () => expect([...parseIndexes('0-5', 3)]).toEqual([0, 1, 2]))
  it('are kept whole in generated names', () => expect(generateNameWithIndex('a'.repeat(70), 12)).toBe(`${'a'.repeat(54)}-12-`))
})

describe('the back-off after failures', () => {
  const failedAt = (now: number): Pod => aPod('a', { phase: 'Failed', ready: false, readySince: now })
  it.each([
    [0, 0],
    [1, 10_000],
    [2, 20_000],
    [6, 320_000],
    [7, 600_000],
    [50, 600_000],
  ])('%i in a row is %i ms', (failures, expected) => {
    expect(remainingMs({ failuresAfterLastSuccess: failures, lastFailureAt: 5_000 }, 5_000)).toBe(expected)
  })
  it('begins anew after a success', () => {
    const before = { failuresAfterLastSuccess: 3, lastFailureAt: 1_000 }
    expect(backOffAfter(before, [failedAt(9_000)], [failedAt(2_000)], 10_000)).toEqual(noBackOff)
    expect(backOffAfter(before, [], [failedAt(2_000)], 10_000)).toEqual({ failuresAfterLastSuccess: 4, lastFailureAt: 2_000 })
  })
})

describe('a Job that has ended', () => {
  const ended = aJob(
    { ttlSecondsAfterFinished: 60 },
    { conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: timestampOf(1_000) }] },
  )
  it('is deleted in the foreground when its time is up', () => {
    const api = clusterWith(ended)
    api.now = 2_000
    expect(api.sync(ttlAfterFinishedController, 'default/once').outcome.requeueAfterMs).toBe(59_000)
    api.now = 61_000
    expect(api.sync(ttlAfterFinishedController, 'default/once').writes).toEqual(['delete Job once'])
  })
})

describe('what wakes a Job', () => {
  const job = aJob()
  const { live } = clusterWith(job)
  const pod = aPod('a', { owner: job })
  it('is a change of a Pod, a second later', () => {
    expect(jobController.watches.Pod?.({ type: 'ADDED', object: pod, old: undefined }, live)).toEqual([
      { key: 'default/once', afterMs: 1_000 },
    ])
  })
  it('is its own change, at once if it was its spec', () => {
    const changed = { ...job, metadata: { ...job.metadata, generation: 2 } }
    expect(jobController.watches.Job?.({ type: 'MODIFIED', object: changed, old: job }, live)).toEqual([{ key: 'default/once' }])
    expect(jobController.watches.Job?.({ type: 'MODIFIED', object: job, old: job }, live)).toEqual([
      { key: 'default/once', afterMs: 1_000 },
    ])
  })
})

describe('indexes with a limit of their own', () => {
  const limited = (spec: Partial<Job['spec']> = {}): FakeApi =>
    clusterWith(aJob({ completionMode: 'Indexed', parallelism: 2, completions: 2, backoffLimitPerIndex: 1, ...spec }))
  const failIndex = (api: FakeApi, index: string): void => {
    const pod = livingPods(api).find(({ metadata }) => metadata.annotations?.['batch.kubernetes.io/job-completion-index'] === index)
    if (pod === undefined) throw new Error(`a Pod of index ${index} lives`)
    const terminated = { exitCode: 1, finishedAt: timestampOf(api.now) }
    const containerStatuses = [{ name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated } }]
    api.put({ ...pod, status: { phase: 'Failed', containerStatuses } })
  }

  it('keep the failed Pod until its successor carries the count', () => {
    const api = limited()
    sync(api)
    expect(jobOf(api).status.failedIndexes).toBe('')
    failIndex(api, '0')
    expect(sync(api).outcome).toMatchObject({ requeueAfterMs: 10_000 })
    expect(api.pod('once-0-0')?.metadata.finalizers).toEqual(['batch.kubernetes.io/job-tracking'])
    api.now += 10_000
    expect(sync(api).writes[0]).toBe('create Pod once-0-')
    expect(livingPods(api).map(({ metadata }) => metadata.annotations?.['batch.kubernetes.io/job-index-failure-count'])).toEqual(
      expect.arrayContaining(['0', '1']),
    )
  })

  it('fail the Job when all have ended and one failed', () => {
    const api = limited({ backoffLimitPerIndex: 0 })
    sync(api)
    failIndex(api, '0')
    sync(api)
    expect(jobOf(api).status.failedIndexes).toBe('0')
    endAll(api, 'Succeeded')
    sync(api)
    expect(conditionsOf(api)).toEqual(['FailureTarget True FailedIndexes', 'Failed True FailedIndexes'])
  })

  it('fail the Job when more fail than it bears', () => {
    const api = limited({ backoffLimitPerIndex: 0, maxFailedIndexes: 0 })
    sync(api)
    failIndex(api, '1')
    sync(api)
    expect(conditionsOf(api)[0]).toBe('FailureTarget True MaxFailedIndexesExceeded')
  })
})

describe('a policy', () => {
  const onExit = (action: 'FailJob' | 'Ignore'): NonNullable<Job['spec']['podFailurePolicy']> => ({
    rules: [{ action, onExitCodes: { operator: 'In', values: [1] } }],
  })

  it('fails the Job at once', () => {
    const api = clusterWith(aJob({ podFailurePolicy: onExit('FailJob') }))
    sync(api)
    endAll(api, 'Failed')
    sync(api)
    expect(jobOf(api).status.conditions?.[0]).toMatchObject({
      type: 'FailureTarget',
      reason: 'PodFailurePolicy',
      message: 'Container main for pod default/once-0 failed with exit code 1 matching FailJob rule at index 0',
    })
  })

  it('ignores a failure', () => {
    const api = clusterWith(aJob({ backoffLimit: 0, podFailurePolicy: onExit('Ignore') }))
    sync(api)
    endAll(api, 'Failed')
    sync(api)
    expect(jobOf(api).status).not.toHaveProperty('failed')
    expect(conditionsOf(api)).toEqual([])
  })

  it('lets one index be enough', () => {
    const successPolicy = { rules: [{ succeededIndexes: '0' }] }
    const api = clusterWith(aJob({ completionMode: 'Indexed', parallelism: 1, completions: 3, successPolicy }))
    sync(api)
    endAll(api, 'Succeeded')
    sync(api)
    expect(conditionsOf(api)[0]).toBe('SuccessCriteriaMet True SuccessPolicy')
  })
})

describe('a Job that is suspended', () => {
  it('forgets when it began', () => {
    const api = clusterWith(aJob())
    sync(api)
    api.put({ ...jobOf(api), spec: { ...jobOf(api).spec, suspend: true } })
    sync(api)
    expect(jobOf(api).status).not.toHaveProperty('startTime')
  })
})
