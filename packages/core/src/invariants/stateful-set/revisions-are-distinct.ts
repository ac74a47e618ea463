import type { ControllerRevision } from '../../api/generated/types.js'
import { controllerRefOf } from '../../api/object.js'
import { asJson } from '../../cluster/decide-write.js'
import { storeOf } from '../../cluster/state.js'
import { objectsOwnedBy } from '../../cluster/store.js'
import { deepEqual } from '../../kernel/object-difference.js'
import { cachesAreFresh } from '../fresh-caches.js'
import type { Invariant } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'stateful-set/revisions-are-distinct'

/** U6, first half */
export const revisionsAreDistinct: Invariant = {
  name,
  promise: 'One template has one ControllerRevision, and a new (or renewed) one gets the largest number.',
  expectation: 'always',
  concerns: ['RevisionCreated', 'RevisionRenumbered'],
  check: (observation) => {
    const change = changeOf(observation)
    if (change?.kind !== 'ControllerRevision' || change.after === undefined) return undefined
    const made = change.after as unknown as ControllerRevision
    const owner = controllerRefOf(made)
    if (owner?.kind !== 'StatefulSet') return undefined
    // A late cache does not show the revisions that are there: the number and the template are right of what it shows.
    if (!cachesAreFresh(observation.before, observation.recorded.actor, observation.view)) return undefined
    for (const object of objectsOwnedBy(storeOf(observation.before, 'ControllerRevision'), owner.uid)) {
      if (object.metadata.name === made.metadata.name) continue
      const other = object as unknown as ControllerRevision
      if (other.revision >= made.revision)
        return {
          invariant: name,
          message: `${change.path} got the number ${made.revision}; expected more than ${other.revision} of ${other.metadata.name}`,
        }
      if (change.before === undefined && deepEqual(asJson(made.data ?? {}), asJson(other.data ?? {})))
        return {
          invariant: name,
          message: `${change.path} holds the same template as ${other.metadata.name}; expected that one to be used again with a new number`,
        }
    }
    return undefined
  },
}
