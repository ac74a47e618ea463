/** What a kubelet says about the disks it has mounted. */
import { disksInUseOn, type World } from '../../cluster/world.js'
import type { Reader } from '../../cluster/reader.js'
import { diskOf, uniqueVolumeName } from '../../resources/persistent-volume/queries.js'
import type { Steps } from '../steps.js'

/** Tells the attach/detach controller which disks are mounted: it does not detach those. */
// Follows volumesInUse in pkg/kubelet/nodestatus/setters.go.
export function* reportDisksInUse(reader: Reader, world: World, nodeName: string, online: boolean): Steps<void> {
  const node = reader.get('Node', '', nodeName)
  if (!online || node === undefined) return
  const handles = new Set(disksInUseOn(world, nodeName))
  const names = reader.list('PersistentVolume').flatMap((volume) => {
    const disk = diskOf(volume)
    return disk !== undefined && handles.has(disk) ? [uniqueVolumeName(volume)] : []
  })
  const before = node.status.volumesInUse ?? []
  if (names.length === before.length && names.every((name) => before.includes(name))) return
  yield {
    kind: 'PatchObject',
    target: { kind: 'Node', namespace: '', name: nodeName },
    patchType: 'merge',
    patch: { status: { volumesInUse: names } },
    subresource: 'status',
  }
}
