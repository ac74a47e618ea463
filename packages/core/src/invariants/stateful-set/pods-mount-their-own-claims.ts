import { ordinalOf } from '../../resources/pod/queries.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf, isByStatefulSetController, nameInSet, setOf } from '../observed-change.js'

const name = 'stateful-set/pods-mount-their-own-claims'

/** S7 */
export const podsMountTheirOwnClaims: Invariant = {
  name,
  promise: 'Pod number i mounts the claim TEMPLATE-SET-i of every claim template, and so the same bytes whenever it is made again.',
  expectation: 'always',
  concerns: ['PodCreated'],
  check: (observation) => {
    if (observation.view === undefined || !isByStatefulSetController(observation)) return undefined
    const pod = asPod(changeOf(observation)?.after)
    const set = pod === undefined ? undefined : setOf(pod, observation.view)
    if (pod === undefined || set === undefined) return undefined
    for (const template of set.spec.volumeClaimTemplates ?? []) {
      const volumeName = template.metadata?.name ?? ''
      const wanted = `${volumeName}-${set.metadata.name}-${ordinalOf(pod)}`
      const found = pod.spec.volumes?.find((volume) => volume.name === volumeName)?.persistentVolumeClaim?.claimName
      if (found === wanted) continue
      return {
        invariant: name,
        message: `${nameInSet(pod.metadata.name, set)} was created with the claim ${JSON.stringify(found ?? null)} in its volume ${volumeName}; expected ${wanted}`,
      }
    }
    return undefined
  },
}
