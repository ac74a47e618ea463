import { parentAndOrdinalOf } from '../../resources/pod/queries.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf, isByStatefulSetController, nameInSet, setOf, storedSetOf } from '../observed-change.js'

const name = 'stateful-set/identity-is-consistent'

/** S3 and S5 */
export const identityIsConsistent: Invariant = {
  name,
  promise: 'A Pod that a StatefulSet makes says the same name in its name, labels, host name and subdomain, and is controlled by that set.',
  expectation: 'always',
  concerns: ['PodCreated'],
  check: (observation) => {
    if (!isByStatefulSetController(observation)) return undefined
    const pod = asPod(changeOf(observation)?.after)
    if (pod === undefined) return undefined
    const { name: podName, labels } = pod.metadata
    const set = observation.view === undefined ? storedSetOf(pod, observation.before) : setOf(pod, observation.view)
    if (set === undefined)
      return {
        invariant: name,
        message: `the StatefulSet controller made ${podName}, which is not controlled by a StatefulSet that exists in its view; expected its owner's uid`,
      }
    const { parent, ordinal } = parentAndOrdinalOf(podName)
    const expected: readonly (readonly [string, string | undefined, string | undefined])[] = [
      ['the name', podName, `${set.metadata.name}-${ordinal}`],
      ['the parent in the name', parent, set.metadata.name],
      ['the label statefulset.kubernetes.io/pod-name', labels?.['statefulset.kubernetes.io/pod-name'], podName],
      ['the label apps.kubernetes.io/pod-index', labels?.['apps.kubernetes.io/pod-index'], String(ordinal)],
      ['spec.hostname', pod.spec.hostname, podName],
      ['spec.subdomain', pod.spec.subdomain ?? '', set.spec.serviceName ?? ''],
    ]
    const wrong = expected.find(([, found, wanted]) => found !== wanted)
    if (wrong === undefined) return undefined
    return {
      invariant: name,
      message: `${nameInSet(podName, set)} was made with ${wrong[0]} ${JSON.stringify(wrong[1] ?? null)}; expected ${JSON.stringify(wrong[2])}`,
    }
  },
}
