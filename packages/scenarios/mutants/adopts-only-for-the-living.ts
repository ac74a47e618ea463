/** Nobody adopts for an owner that is gone or going: the check before an adoption is live, so no cache excuses it. */
import { controllerRefOf, getAt, splitObjectPath, storeOf, type Invariant } from '@statefold/core'

const name = 'mutants/adopts-only-for-the-living'

export const adoptsOnlyForTheLiving: Invariant = {
  name,
  promise: 'A Pod is adopted only for a set that exists and is not being deleted.',
  expectation: 'always',
  concerns: ['PodAdopted'],
  check: ({ recorded: { event, actor }, after }) => {
    if (actor !== 'statefulset-controller' || !('object' in event) || typeof event.object !== 'string') return undefined
    const { namespace, key } = splitObjectPath(event.object)
    const pod = getAt(storeOf(after, 'Pod').objects, key)
    const owner = pod === undefined ? undefined : controllerRefOf(pod)
    if (owner === undefined) return undefined
    const set = getAt(storeOf(after, 'StatefulSet').objects, `${namespace}/${owner.name}`)
    if (set?.metadata.uid === owner.uid && set.metadata.deletionTimestamp === undefined) return undefined
    return {
      invariant: name,
      message: `${event.object} was adopted for ${owner.name}, which is ${set === undefined ? 'gone' : 'being deleted'}`,
    }
  },
}
