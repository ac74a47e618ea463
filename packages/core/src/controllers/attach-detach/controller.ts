/** Wiring of attaching and detaching: Pods that come to nodes and leave, and claims that find their volume. Only volumes with a disk behind them. */
import type { Pod } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { outOfServiceTaint } from '../../resources/node/queries.js'
import { diskOf } from '../../resources/persistent-volume/queries.js'
import { claimNamesOf, isTerminal } from '../../resources/pod/queries.js'
import type { Controller, Wake } from '../controller.js'
import { planAttachment } from './plan.js'

const wakeVolume = (reader: Reader, volumeName: string | undefined): readonly Wake[] => {
  const volume = volumeName === undefined ? undefined : reader.get('PersistentVolume', '', volumeName)
  return volume === undefined || diskOf(volume) === undefined ? [] : [{ key: volume.metadata.name }]
}

const disksOfPod = (pod: Pod, reader: Reader): readonly Wake[] =>
  claimNamesOf(pod).flatMap((name) =>
    wakeVolume(reader, reader.get('PersistentVolumeClaim', pod.metadata.namespace ?? '', name)?.spec.volumeName),
  )

const wantsDisks = (pod: Pod): boolean => (pod.spec.nodeName ?? '') !== '' && !isTerminal(pod)

export const attachDetachController: Controller = {
  name: 'attachdetach-controller',
  watches: {
    Pod: ({ type, object, old }, reader) => {
      if (object.spec.volumes === undefined) return []
      const wanted = old !== undefined && wantsDisks(old)
      const wants = type !== 'DELETED' && wantsDisks(object)
      return wanted === wants ? [] : disksOfPod(object, reader)
    },
    PersistentVolumeClaim: ({ type, object }, reader) => (type === 'DELETED' ? [] : wakeVolume(reader, object.spec.volumeName)),
    Node: ({ object, old }, reader) => {
      const isOut = object.spec.taints?.some(({ key }) => key === outOfServiceTaint) === true
      if (!isOut || old?.spec.taints === object.spec.taints) return []
      return reader.list('PersistentVolume').flatMap((volume) => wakeVolume(reader, volume.metadata.name))
    },
  },
  plan: planAttachment,
}
