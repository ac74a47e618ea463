/** The kernel kills a container's process for memory (137, OOMKilled): once, or after every start until healed. */
import { actOnWorld, type WorldCommand } from '../cluster/world.js'

export const containerOutOfMemory = ({ podUid, container }: { readonly podUid: string; readonly container: string }): WorldCommand =>
  actOnWorld({ kind: 'ContainerExited', podUid, container, exitCode: 137, reason: 'OOMKilled', unexpected: true })

export const containerOutOfMemoryLoop = ({ pods, container }: { readonly pods: string; readonly container?: string }): WorldCommand =>
  actOnWorld({
    kind: 'BehaviourSet',
    behaviour: { kind: 'Crashing', pods, exitCode: 137, outOfMemory: true, ...(container === undefined ? undefined : { container }) },
  })
export const healContainerOutOfMemoryLoop = (pods: string): WorldCommand =>
  actOnWorld({ kind: 'BehaviourCleared', behaviour: 'Crashing', target: pods })
