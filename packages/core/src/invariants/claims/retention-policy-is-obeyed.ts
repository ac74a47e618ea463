import { parentAndOrdinalOf } from '../../resources/pod/queries.js'
import type { Invariant } from '../invariant.js'
import { changeOf, isByStatefulSetController, isWanted, nameInSet } from '../observed-change.js'

const name = 'claims/retention-policy-is-obeyed'

/** P2, in the controller's view. Follows updateClaimOwnerRefForSetAndPod in pkg/controller/statefulset/stateful_set_utils.go. */
export const retentionPolicyIsObeyed: Invariant = {
  name,
  promise: 'A claim gets the set as its owner only with whenDeleted: Delete, and a Pod only with whenScaled: Delete when the Pod is to go.',
  expectation: 'always',
  concerns: ['ClaimChanged'],
  check: (observation) => {
    const { view } = observation
    const change = changeOf(observation)
    if (view === undefined || change?.before === undefined || change.after === undefined || !isByStatefulSetController(observation))
      return undefined
    const had = change.before.metadata.ownerReferences ?? []
    for (const owner of change.after.metadata.ownerReferences ?? []) {
      if (had.some(({ uid }) => uid === owner.uid)) continue
      const setName = owner.kind === 'StatefulSet' ? owner.name : parentAndOrdinalOf(owner.name).parent
      const set = view.get('StatefulSet', change.namespace, setName)
      if (set === undefined) continue
      const { whenDeleted = 'Retain', whenScaled = 'Retain' } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
      if (owner.kind === 'StatefulSet' && whenDeleted !== 'Delete')
        return {
          invariant: name,
          message: `claim ${change.name} was tied to ${nameInSet('the life', set)}; expected no owner: whenDeleted is ${whenDeleted}`,
        }
      if (owner.kind !== 'Pod') continue
      const wanted = isWanted(set, parentAndOrdinalOf(owner.name).ordinal)
      if (whenScaled === 'Delete' && !wanted) continue
      return {
        invariant: name,
        message: `claim ${change.name} was tied to ${nameInSet(owner.name, set)}; expected it not to go with that Pod: whenScaled is ${whenScaled}${wanted ? ' and the Pod is wanted' : ''}`,
      }
    }
    return undefined
  },
}
