/** Wiring of the Deployment controller. */
import type { Deployment, Kinds, Pod, ReplicaSet } from '../../api/generated/types.js'
import { selectorMatches } from '../../api/label-selector.js'
import { controllerRefOf, keyOf } from '../../api/object.js'
import type { Reader } from '../../cluster/reader.js'
import type { Controller, Wake, WatchNotification } from '../controller.js'
import { wakesOfOwned } from '../owned-to-owners.js'
import { ownKey } from '../own-key.js'
import { planDeployment } from './plan.js'

// Follows getDeploymentsForReplicaSet in pkg/controller/deployment/deployment_controller.go.
const adopters = (set: ReplicaSet, reader: Reader): readonly Deployment[] =>
  reader.list('Deployment', set.metadata.namespace ?? '').filter(({ spec }) => selectorMatches(spec.selector, set.metadata.labels))

const ownerOf = <K extends 'ReplicaSet' | 'Deployment'>(kind: K, owned: Pod | ReplicaSet, reader: Reader): Kinds[K] | undefined => {
  const reference = controllerRefOf(owned)
  if (reference?.kind !== kind) return undefined
  const owner = reader.get(kind, owned.metadata.namespace ?? '', reference.name)
  return owner?.metadata.uid === reference.uid ? owner : undefined
}

// Follows deletePod in pkg/controller/deployment/deployment_controller.go: one that is recreated goes on when its last Pod is gone.
const recreatedBy = ({ type, object: pod }: WatchNotification<Pod>, reader: Reader): readonly Wake[] => {
  const set = type === 'DELETED' ? ownerOf('ReplicaSet', pod, reader) : undefined
  const deployment = set === undefined ? undefined : ownerOf('Deployment', set, reader)
  if (deployment?.spec.strategy?.type !== 'Recreate') return []
  const hasPods = reader
    .ownedBy('ReplicaSet', deployment.metadata.uid)
    .some(({ metadata }) => reader.ownedBy('Pod', metadata.uid).length > 0)
  return hasPods ? [] : [{ key: keyOf(deployment.metadata.namespace ?? '', deployment.metadata.name) }]
}

export const deploymentController: Controller = {
  name: 'deployment-controller',
  watches: { Deployment: ownKey, ReplicaSet: wakesOfOwned<ReplicaSet>({ kind: 'Deployment', adopters }), Pod: recreatedBy },
  plan: planDeployment,
}
