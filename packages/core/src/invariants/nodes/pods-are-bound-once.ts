import type { Invariant } from '../invariant.js'
import { asPod, changeOf } from '../observed-change.js'

const name = 'nodes/pods-are-bound-once'

/** N1 */
export const podsAreBoundOnce: Invariant = {
  name,
  promise: 'A Pod that has a node keeps it for ever.',
  expectation: 'always',
  concerns: ['PodScheduled', 'PodChanged', 'PodStatusChanged'],
  fields: ['/spec/nodeName'],
  check: (observation) => {
    if (observation.before === observation.after) return undefined
    const change = changeOf(observation)
    const was = asPod(change?.before)?.spec.nodeName ?? ''
    const is = asPod(change?.after)?.spec.nodeName ?? ''
    if (was === '' || was === is) return undefined
    return {
      invariant: name,
      message: `${change?.path ?? ''} went from node ${was} to ${is === '' ? 'none' : is}; expected a Pod to be bound once`,
    }
  },
}
