/** Wiring of the ReplicaSet controller. */
import type { Pod } from '../../api/generated/types.js'
import { selectorMatches, type Labels } from '../../api/label-selector.js'
import type { Controller } from '../controller.js'
import { ownKey } from '../own-key.js'
import { wakesOfOwned } from '../owned-to-owners.js'
import { planReplicas, type Replicated } from '../replicas.js'

const selects = (workload: Replicated, labels: Labels | undefined): boolean =>
  workload.kind === 'ReplicaSet' && selectorMatches(workload.spec.selector, labels)

export const replicaSetController: Controller = {
  name: 'replicaset-controller',
  watches: {
    ReplicaSet: ownKey,
    Pod: wakesOfOwned<Pod>({
      kind: 'ReplicaSet',
      adopters: (pod, reader) => reader.list('ReplicaSet', pod.metadata.namespace ?? '').filter((set) => selects(set, pod.metadata.labels)),
    }),
  },
  plan: planReplicas({ kind: 'ReplicaSet', selects, countsTerminating: true }),
}
