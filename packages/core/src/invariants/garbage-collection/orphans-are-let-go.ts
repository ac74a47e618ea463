import { changedEventKinds, deletedEventKinds } from '../../cluster/object-events.js'
import { objectsOwnedBy } from '../../cluster/store.js'
import { forEachEntry } from '../../kernel/persistent-map.js'
import { cachesAreFresh } from '../fresh-caches.js'
import type { Invariant } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'garbage-collection/orphans-are-let-go'
const collector = 'garbage-collector-controller'

/** G2, class F: from a stale cache a dependent may be overlooked. */
export const orphansAreLetGo: Invariant = {
  name,
  promise: 'With the policy Orphan the dependents lose their owner reference before the owner goes, and so stay.',
  expectation: 'always',
  concerns: [...changedEventKinds.filter((kind) => kind.endsWith('Changed') && !kind.endsWith('StatusChanged')), ...deletedEventKinds],
  check: (observation) => {
    const { before, after, recorded, view } = observation
    if (recorded.actor !== collector || before === after || !cachesAreFresh(before, collector, view)) return undefined
    const change = changeOf(observation)
    if (change?.before?.metadata.finalizers?.includes('orphan') !== true) return undefined
    if (change.after?.metadata.finalizers?.includes('orphan') === true) return undefined
    const { uid } = change.before.metadata
    let left: string | undefined
    forEachEntry(after.stores, (_kind, store) => {
      left ??= objectsOwnedBy(store, uid)[0]?.metadata.name
    })
    if (left === undefined) return undefined
    return {
      invariant: name,
      message: `${change.path} was let go while ${left} still names it as its owner; expected all dependents to be orphaned first`,
    }
  },
}
