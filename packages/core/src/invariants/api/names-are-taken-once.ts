import { createdEventKinds, deletedEventKinds } from '../../cluster/object-events.js'
import type { Invariant } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'api/names-are-taken-once'

/** A3 and S1 */
export const namesAreTakenOnce: Invariant = {
  name,
  promise: 'At most one object of a kind has a name: a name is free before it is given, and only what exists is removed.',
  expectation: 'always',
  concerns: [...createdEventKinds, ...deletedEventKinds, 'KubernetesEventRecorded'],
  check: (observation) => {
    const change = changeOf(observation)
    if (change === undefined) return undefined
    if (change.after !== undefined)
      return change.before === undefined
        ? undefined
        : {
            invariant: name,
            message: `${change.path} was created while the one with uid ${change.before.metadata.uid} still existed; expected AlreadyExists`,
            hint: 'a name is free again only when the former object is gone, not when its deletion was asked for',
          }
    return change.before === undefined ? { invariant: name, message: `${change.path} was removed; expected it to exist` } : undefined
  },
}
