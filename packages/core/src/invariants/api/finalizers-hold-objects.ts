import { deletedEventKinds } from '../../cluster/object-events.js'
import type { Invariant } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'api/finalizers-hold-objects'

/** A7. The write that takes the last finalizer off and the removal are one step of the API server: what is judged is the last version but that. */
export const finalizersHoldObjects: Invariant = {
  name,
  promise: 'An object with finalizers is not removed.',
  expectation: 'always',
  concerns: deletedEventKinds,
  check: (observation) => {
    const change = changeOf(observation)
    const finalizers = change?.before?.metadata.finalizers ?? []
    if (change === undefined || finalizers.length === 0) return undefined
    return {
      invariant: name,
      message: `${change.path} was removed by ${observation.recorded.actor} with the finalizers ${finalizers.join(', ')}; expected it to stay until they are taken off`,
    }
  },
}
