/** Whether a physical fact can be: what needs a machine or a process is refused where there is none. Facts that can be are taken as they are. */
import * as E from 'fp-ts/lib/Either.js'
import { conflict, notFound, type ApiStatus } from '../api/api-status.js'
import type { ClusterEvent } from './events.js'
import type { WorldEvent } from './world-events.js'
import { containerOf, machineOf, processesOf, type World } from './world.js'

const refusalOf = (event: WorldEvent, world: World): ApiStatus | undefined => {
  switch (event.kind) {
    case 'MachineAdded':
      return machineOf(world, event.node) === undefined ? undefined : conflict('machines', event.node, 'there is such a machine already')
    case 'MachineRemoved':
    case 'NodeCrashed':
    case 'NodeRestarted':
    case 'NodePartitioned':
    case 'NodeReconnected':
    case 'KubeletHung':
    case 'KubeletResumed':
    case 'ImagePulled':
      return machineOf(world, event.node) === undefined ? notFound('machines', event.node) : undefined
    case 'ContainerStarted':
    case 'ContainerExited': {
      const container = containerOf(processesOf(world, event.podUid), event.container)
      if (container === undefined) return notFound('processes', `${event.podUid}/${event.container}`)
      const isOver = event.kind === 'ContainerExited' ? container.state === 'exited' : container.state === 'running'
      return isOver ? conflict('processes', `${event.podUid}/${event.container}`, `it is ${container.state} already`) : undefined
    }
    case 'ImagePullStarted':
    case 'ImagePullFailed':
    case 'ContainerCreated':
    case 'ContainerRefused':
    case 'TerminationStarted':
    case 'ProbeAnswered':
      return processesOf(world, event.podUid) === undefined ? notFound('processes', event.podUid) : undefined
    default:
      return undefined
  }
}

export const decideFact = (event: WorldEvent, world: World): E.Either<ApiStatus, readonly ClusterEvent[]> => {
  const refusal = refusalOf(event, world)
  return refusal === undefined ? E.right([event]) : E.left(refusal)
}
