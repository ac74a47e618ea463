/** A machine comes (back) up with a fresh kubelet; whatever ran on it before has ended. */
import { actOnWorld, type WorldCommand } from '../cluster/world.js'

export const nodeRestart = (node: string): WorldCommand => actOnWorld({ kind: 'NodeRestarted', node })
