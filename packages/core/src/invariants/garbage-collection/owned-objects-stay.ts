import { deletedEventKinds, changedEventKinds } from '../../cluster/object-events.js'
import { isNamespaced } from '../../api/resources.js'
import { keyOf } from '../../api/object.js'
import { storeOf } from '../../cluster/state.js'
import { findObject } from '../../cluster/store.js'
import { cachesAreFresh } from '../fresh-caches.js'
import type { Invariant } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'garbage-collection/owned-objects-stay'
const collector = 'garbage-collector-controller'

/** G1, class F */
export const ownedObjectsStay: Invariant = {
  name,
  promise: 'The garbage collector deletes nothing that has a living owner, unless that owner waits for its dependents to go first.',
  expectation: 'always',
  concerns: [...changedEventKinds.filter((kind) => kind.endsWith('DeletionRequested')), ...deletedEventKinds],
  check: (observation) => {
    const { before, after, recorded, view } = observation
    if (recorded.actor !== collector || before === after || !cachesAreFresh(before, collector, view)) return undefined
    const change = changeOf(observation)
    if (change?.before === undefined || change.before.metadata.deletionTimestamp !== undefined) return undefined
    for (const owner of change.before.metadata.ownerReferences ?? []) {
      const key = keyOf(isNamespaced(owner.kind) ? change.namespace : '', owner.name)
      const found = findObject(storeOf(before, owner.kind), key)
      if (found?.metadata.uid !== owner.uid || found.metadata.finalizers?.includes('foregroundDeletion') === true) continue
      return {
        invariant: name,
        message: `the garbage collector deleted ${change.path}, which ${owner.kind} ${owner.name} (uid ${owner.uid}) owns and which exists; expected it to stay`,
      }
    }
    return undefined
  },
}
