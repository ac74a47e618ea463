/** Disks that match (by volume name or handle) cannot be attached, on one node or on any. */
import { actOnWorld, type WorldCommand } from '../cluster/world.js'

export interface StuckAttach {
  readonly volumes: string
  readonly node?: string
  readonly message?: string
}

export const stuckAttach = (stuck: StuckAttach): WorldCommand =>
  actOnWorld({ kind: 'BehaviourSet', behaviour: { kind: 'AttachStuck', ...stuck } })
export const healStuckAttach = (volumes: string): WorldCommand =>
  actOnWorld({ kind: 'BehaviourCleared', behaviour: 'AttachStuck', target: volumes })
