/** Images that match cannot be pulled; nodes that have them already are not affected. */
import { actOnWorld, type WorldCommand } from '../cluster/world.js'

export const imagePullFailure = ({ images, message }: { readonly images: string; readonly message?: string }): WorldCommand =>
  actOnWorld({ kind: 'BehaviourSet', behaviour: { kind: 'ImageUnpullable', images, ...(message === undefined ? undefined : { message }) } })
export const healImagePullFailure = (images: string): WorldCommand =>
  actOnWorld({ kind: 'BehaviourCleared', behaviour: 'ImageUnpullable', target: images })
