/** A probe of the matching Pods fails from now on, until healed. */
import { actOnWorld, type WorldCommand } from '../cluster/world.js'
import type { ProbeSort } from '../cluster/world-events.js'

export interface ProbeFailure {
  readonly pods: string
  readonly probe?: ProbeSort
  readonly container?: string
  /** What the probe reports: `HTTP probe failed with statuscode: 500`. */
  readonly output?: string
}

export const probeFailure = ({ pods, ...rest }: ProbeFailure): WorldCommand =>
  actOnWorld({ kind: 'BehaviourSet', behaviour: { kind: 'ProbeFailing', pods, ...rest } })
export const healProbeFailure = (pods: string): WorldCommand =>
  actOnWorld({ kind: 'BehaviourCleared', behaviour: 'ProbeFailing', target: pods })
