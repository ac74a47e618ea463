/** A kubelet does nothing any more while the containers of its machine go on and answer. */
import { actOnWorld, type WorldCommand } from '../cluster/world.js'

export const kubeletHang = (node: string): WorldCommand => actOnWorld({ kind: 'KubeletHung', node })
export const kubeletResume = (node: string): WorldCommand => actOnWorld({ kind: 'KubeletResumed', node })
