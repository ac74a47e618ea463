/** Disks that match (by volume name or handle) cannot be detached, on one node or on any. */
import { actOnWorld, type WorldCommand } from '../cluster/world.js'

export interface StuckDetach {
  readonly volumes: string
  readonly node?: string
  readonly message?: string
}

export const stuckDetach = (stuck: StuckDetach): WorldCommand =>
  actOnWorld({ kind: 'BehaviourSet', behaviour: { kind: 'DetachStuck', ...stuck } })
export const healStuckDetach = (volumes: string): WorldCommand =>
  actOnWorld({ kind: 'BehaviourCleared', behaviour: 'DetachStuck', target: volumes })
