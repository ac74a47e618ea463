/** Deletes Jobs some time after they have ended, if they say so. Follows pkg/controller/ttlafterfinished/ttlafterfinished_controller.go. */
import * as E from 'fp-ts/lib/Either.js'
import type { Job } from '../../api/generated/types.js'
import { splitKey } from '../../api/object.js'
import { simTimeOf, type SimTime } from '../../kernel/sim-time.js'
import type { Controller, Plan, PlanContext } from '../controller.js'
import { ownKey } from '../own-key.js'
import { getLive, isNotFound, remove } from '../requests.js'

const expiresAt = (job: Job): SimTime | undefined => {
  const { ttlSecondsAfterFinished } = job.spec
  const end = job.status.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')
  if (ttlSecondsAfterFinished === undefined || end?.lastTransitionTime === undefined) return undefined
  return (simTimeOf(end.lastTransitionTime) ?? 0) + ttlSecondsAfterFinished * 1_000
}

// Follows processJob: the deadline is checked again on a live read.
function* planExpiry({ key, reader, now }: PlanContext): Plan {
  const { namespace, name } = splitKey(key)
  const job = reader.get('Job', namespace, name)
  if (job === undefined || job.metadata.deletionTimestamp !== undefined) return {}
  const at = expiresAt(job)
  if (at === undefined) return {}
  if (at > now) return { requeueAfterMs: at - now }
  const live = yield* getLive('Job', namespace, name)
  if (E.isLeft(live)) return isNotFound(live) ? {} : { error: live.left }
  const liveAt = expiresAt(live.right)
  if (liveAt === undefined) return {}
  if (liveAt > now) return { requeueAfterMs: liveAt - now }
  const deleted = yield* remove(live.right, { propagationPolicy: 'Foreground', preconditions: { uid: live.right.metadata.uid } })
  return E.isLeft(deleted) && !isNotFound(deleted) ? { error: deleted.left } : {}
}

export const ttlAfterFinishedController: Controller = {
  name: 'ttl-after-finished-controller',
  watches: { Job: (notification) => (notification.type === 'DELETED' ? [] : ownKey(notification)) },
  plan: planExpiry,
}
