/** A machine is cut off from the control plane and from other machines; its processes go on, and can still write to network storage. */
import { actOnWorld, type WorldCommand } from '../cluster/world.js'

export const nodePartition = (node: string): WorldCommand => actOnWorld({ kind: 'NodePartitioned', node })
export const nodeReconnect = (node: string): WorldCommand => actOnWorld({ kind: 'NodeReconnected', node })
