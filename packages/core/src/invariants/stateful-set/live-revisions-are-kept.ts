import { controllerRefOf } from '../../api/object.js'
import type { Invariant } from '../invariant.js'
import { changeOf, isByStatefulSetController, revisionLabelOf } from '../observed-change.js'

const name = 'stateful-set/live-revisions-are-kept'

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
    // What the sync made the newest is in use although the status does not say so yet.
    const user =
      set.status.currentRevision === change.name
        ? 'it is the current revision'
        : view.ownedBy('Pod', set.metadata.uid).find((pod) => revisionLabelOf(pod) === change.name)?.metadata.name
    if (user === undefined) return undefined
    return {
      invariant: name,
      message: `${change.path} was dropped from the history; expected it to stay: ${user.startsWith('it ') ? user : `${user} was made from it`}`,
    }
  },
}
