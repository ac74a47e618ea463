/** What a kubelet removes in the end is the Pod that it has ended, not another one that has the name by now. */
import { getAt, splitObjectPath, storeOf, type Invariant } from '@statefold/core'

const name = 'mutants/ends-only-its-own'

export const endsOnlyItsOwn: Invariant = {
  name,
  promise: 'A kubelet removes the object of the very Pod that it knows under that name.',
  expectation: 'always',
  concerns: ['PodDeleted'],
  check: ({ recorded: { event, actor }, before, view }) => {
    if (event.kind !== 'PodDeleted' || actor !== 'kubelet' || view === undefined) return undefined
    const { key, namespace, name: podName } = splitObjectPath(event.object)
    const stored = getAt(storeOf(before, 'Pod').objects, key)
    const known = view.get('Pod', namespace, podName)
    return stored === undefined || known === undefined || known.metadata.uid === stored.metadata.uid
      ? undefined
      : {
          invariant: name,
          message: `the kubelet ended ${event.object} (${known.metadata.uid}) and removed another Pod of that name (${stored.metadata.uid})`,
        }
  },
}
