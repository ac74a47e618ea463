import { controllerRefOf, keyOf } from '../../api/object.js'
import { storeOf } from '../../cluster/state.js'
import { findObject } from '../../cluster/store.js'
import { cachesAreFresh } from '../fresh-caches.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf, isByStatefulSetController, nameInSet, newestRevisionOf, revisionLabelOf, setOf } from '../observed-change.js'

const name = 'stateful-set/pods-have-known-revisions'

/** U5, in the controller's view */
export const podsHaveKnownRevisions: Invariant = {
  name,
  promise: 'A new Pod is made from the current or from the update revision.',
  expectation: 'always',
  concerns: ['PodCreated'],
  check: (observation) => {
    const { view, before } = observation
    if (view === undefined || !isByStatefulSetController(observation)) return undefined
    const pod = asPod(changeOf(observation)?.after)
    const set = pod === undefined ? undefined : setOf(pod, view)
    if (pod === undefined || set === undefined) return undefined
    // A late cache may not show the newest revision.
    if (!cachesAreFresh(before, observation.recorded.actor, view)) return undefined
    const revision = revisionLabelOf(pod)
    const newest = newestRevisionOf(set, before)
    if (revision === newest || revision === set.status.currentRevision) return undefined
    // The same template under the same name, of the set that had this name before: it is used while it lasts.
    const stored = findObject(storeOf(before, 'ControllerRevision'), keyOf(set.metadata.namespace ?? '', revision))
    if (stored !== undefined && controllerRefOf(stored)?.uid !== set.metadata.uid) return undefined
    return {
      invariant: name,
      message: `${nameInSet(pod.metadata.name, set)} was created at revision ${JSON.stringify(revision)}; expected ${newest} (the newest) or ${set.status.currentRevision ?? 'none'} (the current one)`,
    }
  },
}
