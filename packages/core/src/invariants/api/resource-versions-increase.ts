import { changedEventKinds, createdEventKinds, deletedEventKinds } from '../../cluster/object-events.js'
import type { Invariant } from '../invariant.js'
import { carriesWrite } from '../observed-change.js'

/** A1 */
export const resourceVersionsIncrease: Invariant = {
  name: 'api/resource-versions-increase',
  promise: 'Every write has a resourceVersion of its own, larger than all before it.',
  expectation: 'always',
  concerns: [...createdEventKinds, ...changedEventKinds, ...deletedEventKinds, 'KubernetesEventRecorded', 'KubernetesEventRepeated'],
  check: (observation) => {
    const { before, recorded } = observation
    const { event } = recorded
    if (!('rv' in event) || event.rv > before.revision) return undefined
    // Further facts of one write share its version.
    if (event.rv === before.revision && event.kind in furtherFacts && !carriesWrite(observation)) return undefined
    return {
      invariant: 'api/resource-versions-increase',
      message: `${event.kind} of ${event.object} was written at resourceVersion ${event.rv}; expected more than ${before.revision}, the newest so far`,
    }
  },
}

const furtherFacts: Readonly<Record<string, true>> = Object.fromEntries(changedEventKinds.map((kind) => [kind, true as const]))
