import { attachedNodesOf } from '../../cluster/world.js'
import { storeOf } from '../../cluster/state.js'
import { allObjects } from '../../cluster/store.js'
import type { PersistentVolume } from '../../api/generated/types.js'
import { diskOf } from '../../resources/persistent-volume/queries.js'
import type { Invariant } from '../invariant.js'

const name = 'claims/disks-are-on-one-node'

const isShared = ({ spec: { accessModes = [] } }: PersistentVolume): boolean =>
  accessModes.length === 0 || accessModes.includes('ReadWriteMany') || accessModes.includes('ReadOnlyMany')

/** P3, second half. Looks further only when a disk gets a second node, which is rare. */
export const disksAreOnOneNode: Invariant = {
  name,
  promise: 'A disk that only one node may write to is attached to at most one node.',
  expectation: 'always',
  concerns: ['VolumeAttached'],
  check: ({ after, recorded: { event } }) => {
    if (event.kind !== 'VolumeAttached') return undefined
    const nodes = attachedNodesOf(after.world, event.volume)
    if (nodes.length < 2) return undefined
    const volumes = allObjects(storeOf(after, 'PersistentVolume')) as readonly object[] as readonly PersistentVolume[]
    const volume = volumes.find((candidate) => diskOf(candidate) === event.volume || candidate.metadata.name === event.volume)
    if (volume === undefined || isShared(volume)) return undefined
    return {
      invariant: name,
      message: `disk ${event.volume} (${volume.metadata.name}) was attached to ${event.node} while attached to ${nodes.filter((node) => node !== event.node).join(', ')}; expected one node at a time (${(volume.spec.accessModes ?? []).join(', ')})`,
    }
  },
}
