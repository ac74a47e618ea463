/** With fresh enough protection a controller never creates what it has created itself: the name is not taken by its own Pod. */
import { getAt, splitObjectPath, storeOf, type Invariant } from '@statefold/core'

const name = 'mutants/own-writes-are-read'

export const ownWritesAreRead: Invariant = {
  name,
  promise: 'Without a crash the StatefulSet controller does not create a Pod that it has created already.',
  expectation: 'always',
  concerns: ['CommandRejected'],
  check: ({ recorded: { event, actor }, after }) => {
    if (event.kind !== 'CommandRejected' || event.reason !== 'AlreadyExists' || actor !== 'statefulset-controller') return undefined
    const { kind, key } = splitObjectPath(event.on)
    const pod = kind === 'Pod' ? getAt(storeOf(after, 'Pod').objects, key) : undefined
    return pod?.metadata.ownerReferences === undefined
      ? undefined
      : { invariant: name, message: `${event.on} was created once more by the controller that had created it` }
  },
}
