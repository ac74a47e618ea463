/** A container's process ends with an error: once (`containerCrash`), or as soon as it has started, until healed (`containerCrashLoop`). */
import { actOnWorld, type WorldCommand } from '../cluster/world.js'

export interface ContainerCrash {
  readonly podUid: string
  readonly container: string
  readonly exitCode?: number
}

export const containerCrash = ({ podUid, container, exitCode = 1 }: ContainerCrash): WorldCommand =>
  actOnWorld({ kind: 'ContainerExited', podUid, container, exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', unexpected: true })

export interface ContainerCrashLoop {
  /** A pattern of Pod names. */
  readonly pods: string
  readonly container?: string
  readonly exitCode?: number
}

export const containerCrashLoop = ({ pods, container, exitCode = 1 }: ContainerCrashLoop): WorldCommand =>
  actOnWorld({
    kind: 'BehaviourSet',
    behaviour: { kind: 'Crashing', pods, exitCode, ...(container === undefined ? undefined : { container }) },
  })
export const healContainerCrashLoop = (pods: string): WorldCommand =>
  actOnWorld({ kind: 'BehaviourCleared', behaviour: 'Crashing', target: pods })
