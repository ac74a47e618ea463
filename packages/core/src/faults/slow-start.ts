/** Processes of the matching Pods run at once but answer only after this time. */
import { actOnWorld, type WorldCommand } from '../cluster/world.js'

export interface SlowStart {
  readonly pods: string
  readonly forMs: number
  readonly container?: string
}

export const slowStart = ({ pods, forMs, ...rest }: SlowStart): WorldCommand =>
  actOnWorld({ kind: 'BehaviourSet', behaviour: { kind: 'WarmUpSlow', pods, forMs, ...rest } })
export const healSlowStart = (pods: string): WorldCommand => actOnWorld({ kind: 'BehaviourCleared', behaviour: 'WarmUpSlow', target: pods })
