import type { StatefulSet } from '../../api/generated/types.js'
import { controllerRefOf, keyOf } from '../../api/object.js'
import { storeOf } from '../../cluster/state.js'
import { findObject } from '../../cluster/store.js'
import { cachesAreFresh } from '../fresh-caches.js'
import type { Invariant, Observation } from '../invariant.js'
import { asStatefulSet, changeOf, isByStatefulSetController, newestRevisionOf, revisionLabelOf } from '../observed-change.js'
import { isLetGo } from '../own-writes.js'

const name = 'stateful-set/live-revisions-are-kept'

/**
 * A sync that cannot tell its revisions (the new one could not be stored, or the answer was lost) knows of no current one when it tidies up: then only
 * those of Pods are safe. It has not written the status of this generation either. Follows UpdateStatefulSet in stateful_set_control.go.
 */
const hasRevisions = (set: StatefulSet, { before }: Observation): boolean => {
  const { namespace = '', name: setName } = set.metadata
  const status = asStatefulSet(findObject(storeOf(before, 'StatefulSet'), keyOf(namespace, setName)))?.status
  return (
    status !== undefined &&
    (status.observedGeneration ?? 0) >= (set.metadata.generation ?? 0) &&
    status.updateRevision === newestRevisionOf(set, before)
  )
}

/** U6, second half, in the controller's view */
export const liveRevisionsAreKept: Invariant = {
  name,
  promise: 'The history drops no revision that is current, is being rolled out, or has a Pod.',
  expectation: 'always',
  concerns: ['RevisionDeleted'],
  check: (observation) => {
    const { view } = observation
    const change = changeOf(observation)
    if (view === undefined || !isByStatefulSetController(observation) || change?.before === undefined) return undefined
    const owner = controllerRefOf(change.before)
    const set = owner === undefined ? undefined : view.get('StatefulSet', change.namespace, owner.name)
    if (set === undefined || set.metadata.uid !== owner?.uid) return undefined
    const user =
      set.status.currentRevision === change.name &&
      cachesAreFresh(observation.before, observation.recorded.actor, view) &&
      hasRevisions(set, observation)
        ? 'it is the current revision'
        : view
            .ownedBy('Pod', set.metadata.uid)
            .find((pod) => revisionLabelOf(pod) === change.name && !isLetGo(pod, set, observation.before))?.metadata.name
    if (user === undefined) return undefined
    return {
      invariant: name,
      message: `${change.path} was dropped from the history; expected it to stay: ${user.startsWith('it ') ? user : `${user} was made from it`}`,
    }
  },
}
