import { createdEventKinds } from '../../cluster/object-events.js'
import type { Invariant } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'api/one-controller-each'

/** S5, for all kinds */
export const oneControllerEach: Invariant = {
  name,
  promise: 'At most one owner controls an object, and no owner is named twice.',
  expectation: 'always',
  concerns: [...createdEventKinds, 'PodAdopted', 'PodReleased', 'PodChanged', 'ClaimChanged', 'RevisionChanged', 'ReplicaSetChanged'],
  fields: ['/metadata/ownerReferences/'],
  check: (observation) => {
    const change = changeOf(observation)
    const references = change?.after?.metadata.ownerReferences
    if (change === undefined || references === undefined || references.length < 2) return undefined
    const controllers = references.filter((reference) => reference.controller === true)
    const twice = references.find((reference, index) => references.findIndex(({ uid }) => uid === reference.uid) !== index)
    if (controllers.length < 2 && twice === undefined) return undefined
    return {
      invariant: name,
      message:
        twice === undefined
          ? `${change.path} is controlled by ${controllers.map(({ kind, name: owner }) => `${kind} ${owner}`).join(' and ')}; expected at most one controller`
          : `${change.path} names ${twice.kind} ${twice.name} twice as its owner; expected once`,
    }
  },
}
