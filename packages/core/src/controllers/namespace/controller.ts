/** Wiring of the namespace controller: a namespace that is being deleted is looked at some seconds later. */
import type { Controller } from '../controller.js'
import { planNamespace } from './plan.js'

/** Time for other API servers to hear of the deletion. Follows namespaceDeletionGracePeriod in pkg/controller/namespace/namespace_controller.go. */
const deletionGraceMs = 5_000

export const namespaceController: Controller = {
  name: 'namespace-controller',
  watches: {
    Namespace: ({ type, object: { metadata } }) =>
      type !== 'DELETED' && metadata.deletionTimestamp !== undefined ? [{ key: metadata.name, afterMs: deletionGraceMs }] : [],
  },
  plan: planNamespace,
}
