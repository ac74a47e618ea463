import { changedEventKinds } from '../../cluster/object-events.js'
import type { Invariant } from '../invariant.js'
import { carriesWrite, changeOf, touchedBy } from '../observed-change.js'

const name = 'api/generation-counts-spec-changes'
const kinds: ReadonlySet<string> = new Set(['StatefulSet', 'Deployment', 'ReplicaSet', 'ReplicationController', 'DaemonSet', 'Job'])
const prefixes = [...kinds]

/** A5 */
export const generationCountsSpecChanges: Invariant = {
  name,
  promise: 'The generation of a workload grows by one with each change of its spec (and with its deletion), and with nothing else.',
  expectation: 'always',
  concerns: changedEventKinds.filter((kind) => prefixes.some((prefix) => kind.startsWith(prefix))),
  check: (observation) => {
    const change = changeOf(observation)
    if (change?.before === undefined || change.after === undefined || !kinds.has(change.kind) || !carriesWrite(observation))
      return undefined
    const touched = touchedBy(observation)
    const [was, is] = [change.before.metadata.generation ?? 0, change.after.metadata.generation ?? 0]
    const specChanged = touched.some((pointer) => pointer === '/spec' || pointer.startsWith('/spec/'))
    const deletionAsked = change.before.metadata.deletionTimestamp === undefined && change.after.metadata.deletionTimestamp !== undefined
    const expected = was + (specChanged ? 1 : 0) + (deletionAsked ? 1 : 0)
    if (is === expected) return undefined
    return {
      invariant: name,
      message: `${change.path} went from generation ${was} to ${is} by a write of ${touched.join(', ')}; expected ${expected}`,
    }
  },
}
