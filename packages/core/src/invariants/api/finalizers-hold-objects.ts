import { deletedEventKinds } from '../../cluster/object-events.js'
import type { Invariant } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'api/finalizers-hold-objects'

/** Whose finalizers they are: nobody else among the controllers takes them off. */
const keepers: Readonly<Record<string, string>> = {
  'kubernetes.io/pvc-protection': 'pvc-protection-controller',
  'kubernetes.io/pv-protection': 'pv-protection-controller',
  orphan: 'garbage-collector-controller',
  foregroundDeletion: 'garbage-collector-controller',
}

/**
 * A7. The write that takes the last finalizers off is the removal, so the last version still shows them: what is judged is that the deletion was
 * asked for, and who wrote. (People may take any finalizer off.)
 */
export const finalizersHoldObjects: Invariant = {
  name,
  promise: 'An object with finalizers is removed only by a write of those that the finalizers belong to, after its deletion was asked for.',
  expectation: 'always',
  concerns: deletedEventKinds,
  check: (observation) => {
    const change = changeOf(observation)
    const finalizers = change?.before?.metadata.finalizers ?? []
    if (change?.before === undefined || finalizers.length === 0) return undefined
    const { actor } = observation.recorded
    const foreign = observation.view === undefined ? undefined : finalizers.find((finalizer) => (keepers[finalizer] ?? actor) !== actor)
    if (change.before.metadata.deletionTimestamp !== undefined && foreign === undefined) return undefined
    return {
      invariant: name,
      message: `${change.path} was removed by ${actor} with the finalizers ${finalizers.join(', ')}; expected it to stay until they are taken off by those they belong to`,
    }
  },
}
