import { changedEventKinds, createdEventKinds } from '../../cluster/object-events.js'
import { storeOf } from '../../cluster/state.js'
import { objectsOwnedBy } from '../../cluster/store.js'
import { hasAt, sizeOf } from '../../kernel/persistent-map.js'
import { processesOf } from '../../cluster/world.js'
import type { Invariant, Observation, Violation } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'api/uids-are-for-ever'
const dependentKinds = ['Pod', 'ControllerRevision', 'PersistentVolumeClaim', 'ReplicaSet']

/** A2: a new object's uid was nobody's before (nothing is owned by it, no processes are known by it), and no change changes a uid. */
export const uidsAreForEver: Invariant = {
  name,
  promise: 'A uid names one object for ever: it never changes and is never given again.',
  expectation: 'always',
  concerns: [...createdEventKinds, ...changedEventKinds],
  fields: ['/metadata/uid'],
  check: (observation) => {
    const change = changeOf(observation)
    if (change?.after === undefined || change.after === change.before) return undefined
    const { uid } = change.after.metadata
    if (change.before !== undefined)
      return change.before.metadata.uid === uid
        ? undefined
        : {
            invariant: name,
            message: `${change.path} got the uid ${uid}; expected it to keep ${change.before.metadata.uid}`,
          }
    return usedBefore(observation, change.path, uid)
  },
}

const usedBefore = ({ before }: Observation, path: string, uid: string): Violation | undefined => {
  const owner = dependentKinds.find((kind) => {
    const { byOwner } = storeOf(before, kind)
    return sizeOf(byOwner) > 0 && hasAt(byOwner, uid)
  })
  const owned = owner === undefined ? undefined : objectsOwnedBy(storeOf(before, owner), uid)[0]
  if (owned !== undefined)
    return {
      invariant: name,
      message: `${path} was created with the uid ${uid}; expected a new one, but ${owned.kind} ${owned.metadata.name} already names it as its owner`,
    }
  const processes = path.startsWith('Pod/') ? processesOf(before.world, uid) : undefined
  return processes === undefined
    ? undefined
    : {
        invariant: name,
        message: `${path} was created with the uid ${uid}; expected a new one, but ${processes.node} has processes of it already`,
      }
}
