import type { Invariant } from '../invariant.js'

const name = 'api/causes-come-first'

/** A11, on the events that tell a story; the whole log is judged by the temporal check of the log's order. */
export const causesComeFirst: Invariant = {
  name,
  promise: 'Every event names who did it and, if it has a cause, an earlier event.',
  expectation: 'always',
  concerns: [
    'PodCreated',
    'PodDeleted',
    'PodDeletionRequested',
    'PodScheduled',
    'ClaimCreated',
    'StatefulSetStatusChanged',
    'RevisionCreated',
  ],
  check: ({ recorded: { seq, actor, causedBy, event } }) => {
    if (actor !== '' && (causedBy === null || causedBy < seq)) return undefined
    return {
      invariant: name,
      message:
        actor === ''
          ? `event ${seq} (${event.kind}) does not say who did it; expected an actor`
          : `event ${seq} (${event.kind}) names event ${causedBy ?? ''} as its cause; expected an earlier one`,
    }
  },
}
