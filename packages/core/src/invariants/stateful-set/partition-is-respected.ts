import { findObject } from '../../cluster/store.js'
import { controllerRefOf, keyOf } from '../../api/object.js'
import { storeOf } from '../../cluster/state.js'
import { ordinalOf } from '../../resources/pod/queries.js'
import type { Invariant, Observation, Violation } from '../invariant.js'
import { asPod, changeOf, isByStatefulSetController, nameInSet, partitionOf, revisionLabelOf, setOf, startOf } from '../observed-change.js'
import { deletionOf } from './observed-deletion.js'

const name = 'stateful-set/partition-is-respected'

/** U2, in the controller's view */
export const partitionIsRespected: Invariant = {
  name,
  promise: 'A Pod below the partition is not deleted for an update, and returns at the current revision.',
  expectation: 'always',
  concerns: ['PodDeletionRequested', 'PodCreated'],
  check: (observation) => (observation.recorded.event.kind === 'PodCreated' ? checkCreation(observation) : checkDeletion(observation)),
}

const checkDeletion = (observation: Observation): Violation | undefined => {
  const deletion = deletionOf(observation)
  if (deletion?.reason !== 'update' || deletion.slot >= partitionOf(deletion.set)) return undefined
  return {
    invariant: name,
    message: `${nameInSet(deletion.pod.metadata.name, deletion.set)} was deleted for an update; expected it to stay, for it is below the partition ${partitionOf(deletion.set)}`,
  }
}

const checkCreation = (observation: Observation): Violation | undefined => {
  const { view, before } = observation
  if (view === undefined || !isByStatefulSetController(observation)) return undefined
  const pod = asPod(changeOf(observation)?.after)
  const set = pod === undefined ? undefined : setOf(pod, view)
  if (pod === undefined || set === undefined || ordinalOf(pod) - startOf(set) >= partitionOf(set)) return undefined
  const current = set.status.currentRevision ?? ''
  // Without a current revision, or when it has been deleted, the newest one takes its place.
  if (current === '' || revisionLabelOf(pod) === current) return undefined
  const key = keyOf(set.metadata.namespace ?? '', current)
  const known = findObject(storeOf(before, 'ControllerRevision'), key)
  if (known === undefined || controllerRefOf(known)?.uid !== set.metadata.uid) return undefined
  const shown = view.get('ControllerRevision', set.metadata.namespace ?? '', current)
  if (shown === undefined || controllerRefOf(shown)?.uid !== set.metadata.uid) return undefined
  return {
    invariant: name,
    message: `${nameInSet(pod.metadata.name, set)} was created at revision ${revisionLabelOf(pod)}; expected ${current}, the current one, below the partition ${partitionOf(set)}`,
  }
}
