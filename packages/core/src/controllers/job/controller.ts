/** Wiring of the Job controller: changes of Pods are summed up for a second, a new or changed Job is looked at at once. */
import type { Job, Pod } from '../../api/generated/types.js'
import { selectorMatches } from '../../api/label-selector.js'
import { controllerRefOf, keyOfObject } from '../../api/object.js'
import type { Reader } from '../../cluster/reader.js'
import type { Controller, Wake, WatchNotification } from '../controller.js'
import { wakesOfOwned } from '../owned-to-owners.js'
import { hasTrackingFinalizer, isFinished, orphanPrefix, planJob } from './plan.js'

/** Follows syncJobBatchPeriod in pkg/controller/job/job_controller.go. */
const batchPeriodMs = 1_000

const later = ({ key }: Wake): Wake => ({ key, afterMs: batchPeriodMs })

const owners = wakesOfOwned<Pod>({
  kind: 'Job',
  adopters: (pod, reader) =>
    reader.list('Job', pod.metadata.namespace ?? '').filter(({ spec }) => selectorMatches(spec.selector, pod.metadata.labels)),
})

const orphanKey = (pod: Pod): Wake => ({ key: `${orphanPrefix}${keyOfObject(pod)}` })

/** Held by the finalizer of a Job that will not count it any more. */
const isOrphan = (pod: Pod, reader: Reader): boolean => {
  if (!hasTrackingFinalizer(pod)) return false
  const owner = controllerRefOf(pod)
  if (owner === undefined) return true
  const job = owner.kind === 'Job' ? reader.get('Job', pod.metadata.namespace ?? '', owner.name) : undefined
  return owner.kind === 'Job' && (job === undefined || job.metadata.uid !== owner.uid || isFinished(job))
}

// Follows addPod, updatePod and deletePod in pkg/controller/job/job_controller.go.
const jobsOfPod = (notification: WatchNotification<Pod>, reader: Reader): readonly Wake[] => {
  const orphan = notification.type !== 'DELETED' && isOrphan(notification.object, reader) ? [orphanKey(notification.object)] : []
  return [...owners(notification, reader).map(later), ...orphan]
}

// Follows addJob, updateJob and deleteJob in pkg/controller/job/job_controller.go.
const jobAndOrphans = ({ type, object: job, old }: WatchNotification<Job>, reader: Reader): readonly Wake[] => {
  const own: Wake = { key: keyOfObject(job) }
  if (type === 'ADDED') return [own]
  const held = (): readonly Wake[] => reader.ownedBy('Pod', job.metadata.uid).filter(hasTrackingFinalizer).map(orphanKey)
  if (type === 'DELETED') return [own, ...held()]
  const hasEnded = isFinished(job) && !isFinished(old)
  return [job.metadata.generation === old.metadata.generation ? later(own) : own, ...(hasEnded ? held() : [])]
}

export const jobController: Controller = {
  name: 'job-controller',
  watches: { Job: jobAndOrphans, Pod: jobsOfPod },
  plan: planJob,
}
