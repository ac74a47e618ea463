/** A machine loses power: its processes are gone at once, its disks keep their bytes, its kubelet is silent. */
import { actOnWorld, type WorldCommand } from '../cluster/world.js'

export const nodeCrash = (node: string): WorldCommand => actOnWorld({ kind: 'NodeCrashed', node })
