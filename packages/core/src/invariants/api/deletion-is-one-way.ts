import { changedEventKinds } from '../../cluster/object-events.js'
import type { Invariant } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'api/deletion-is-one-way'

/** A6 */
export const deletionIsOneWay: Invariant = {
  name,
  promise: 'Who is being deleted stays so: the deletion timestamp is never taken off and never moved into the future.',
  expectation: 'always',
  concerns: changedEventKinds,
  fields: ['/metadata/deletionTimestamp'],
  check: (observation) => {
    const change = changeOf(observation)
    const was = change?.before?.metadata.deletionTimestamp
    if (was === undefined || change === undefined || change.after === change.before) return undefined
    const is = change.after?.metadata.deletionTimestamp
    // Timestamps of one form are ordered as text.
    if (is !== undefined && is <= was) return undefined
    return {
      invariant: name,
      message: `${change.path} was to be gone by ${was}, now ${is === undefined ? 'it is not being deleted any more' : `by ${is}`}; expected the same or earlier`,
    }
  },
}
