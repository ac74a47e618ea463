/** Wiring of the ReplicationController controller: the ReplicaSets' plan with a plain map as selector. */
import type { Pod } from '../../api/generated/types.js'
import type { Labels } from '../../api/label-selector.js'
import type { Controller } from '../controller.js'
import { ownKey } from '../own-key.js'
import { wakesOfOwned } from '../owned-to-owners.js'
import { planReplicas, type Replicated } from '../replicas.js'

const selects = (workload: Replicated, labels: Labels = {}): boolean =>
  workload.kind === 'ReplicationController' &&
  workload.spec.selector !== undefined &&
  Object.entries(workload.spec.selector).every(([key, value]) => labels[key] === value)

export const replicationController: Controller = {
  name: 'replication-controller',
  watches: {
    ReplicationController: ownKey,
    Pod: wakesOfOwned<Pod>({
      kind: 'ReplicationController',
      adopters: (pod, reader) =>
        reader.list('ReplicationController', pod.metadata.namespace ?? '').filter((workload) => selects(workload, pod.metadata.labels)),
    }),
  },
  plan: planReplicas({ kind: 'ReplicationController', selects, countsTerminating: false }),
}
