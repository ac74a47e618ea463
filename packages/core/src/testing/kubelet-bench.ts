/** For tests: one Pod on one machine, with only the kubelet about; what people see of it, one line a change. */
import * as E from 'fp-ts/lib/Either.js'
import type { Event, Pod, PodSpec } from '../api/generated/types.js'
import type { ApiCommand } from '../cluster/api-commands.js'
import type { KubeletProfile } from '../cluster/world.js'
import type { Behaviour, WorldEvent } from '../cluster/world-events.js'
import { recordedClusterSettings } from '../simulation/default-controllers.js'
import { createSimulation } from '../simulation/create-simulation.js'
import type { Simulation } from '../simulation/simulation.js'
import { makeKubelet } from '../controllers/kubelet/controller.js'
import { kubeletSettings } from '../controllers/kubelet/standard-images.js'

export interface Bench {
  readonly simulation: Simulation
  /** Lines since the last call. */
  readonly seen: () => readonly string[]
  readonly until: (seconds: number) => readonly string[]
  readonly world: (event: WorldEvent) => void
  readonly set: (behaviour: Behaviour) => void
  readonly clear: (behaviour: Behaviour['kind'], target?: string) => void
  readonly send: (command: ApiCommand) => void
  readonly remove: (gracePeriodSeconds?: number) => void
  readonly pod: () => Pod
}

const stateOf = ({ name, state, ready, restartCount }: NonNullable<Pod['status']['containerStatuses']>[number]): string => {
  const what =
    state?.running !== undefined
      ? 'running'
      : (state?.waiting?.reason ?? `${state?.terminated?.reason ?? ''}:${state?.terminated?.exitCode ?? ''}`)
  return `${name}=${what}${ready ? '+' : ''}${restartCount > 0 ? `#${restartCount}` : ''}`
}

const lineOfPod = (type: string, { metadata, status }: Pod): string =>
  [
    type === 'DELETED' ? 'gone' : (status.phase ?? ''),
    ...(metadata.deletionTimestamp === undefined ? [] : ['terminating']),
    ...(type === 'DELETED' ? [] : [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(stateOf)),
  ].join(' ')

const lineOfEvent = ({ reason = '', message = '', count = 1 }: Event): string => `  ${reason}: ${message}${count > 1 ? ` x${count}` : ''}`

/** The seed is fixed and all latencies are round, so that lines can be compared. */
export const bench = (profile: KubeletProfile, spec: PodSpec, before: readonly ApiCommand[] = []): Bench => {
  const world = {
    ...kubeletSettings,
    latencies: { ...kubeletSettings.latencies, containerStartMs: { min: 500, max: 500 }, containerStopMs: { min: 200, max: 200 } },
  }
  const settings = profile === 'kubelet' ? { ...recordedClusterSettings, world } : recordedClusterSettings
  const simulation = createSimulation({ seed: 1, settings, controllers: [makeKubelet(profile)] })
  const lines: string[] = []
  simulation.changes$.subscribe(({ type, object }) => {
    const at = (simulation.now() / 1_000).toFixed(1)
    // The kind says which type it is.
    if (object.kind === 'Pod') lines.push(`${at} ${lineOfPod(type, object as Pod)}`)
    if (object.kind === 'Event') lines.push(`${at} ${lineOfEvent(object as unknown as Event)}`)
  })
  const send = (command: ApiCommand): ReturnType<Simulation['submit']> => {
    const answer = simulation.submit(command)
    if (E.isLeft(answer)) throw new Error(answer.left.message)
    return answer
  }
  simulation.submit({ kind: 'ActOnWorld', event: { kind: 'MachineAdded', node: 'node-1', address: '192.0.2.1' } })
  for (const name of ['default', 'kube-node-lease'])
    send({ kind: 'CreateObject', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } })
  for (const command of before) send(command)
  simulation.runUntil(999)
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-0', namespace: 'default' }, spec }
  const created = send({ kind: 'CreateObject', object })
  if (E.isRight(created))
    send({ kind: 'BindPod', namespace: 'default', name: 'web-0', uid: created.right.metadata.uid, nodeName: 'node-1' })
  let told = 0
  const seen = (): readonly string[] => {
    const fresh = lines.slice(told)
    told = lines.length
    return fresh
  }
  seen()
  const act = (event: WorldEvent): void => {
    simulation.submit({ kind: 'ActOnWorld', event })
  }
  return {
    simulation,
    seen,
    until: (seconds) => {
      simulation.runUntil(seconds * 1_000)
      return seen()
    },
    world: act,
    set: (behaviour) => act({ kind: 'BehaviourSet', behaviour }),
    clear: (behaviour, target = 'web-0') => act({ kind: 'BehaviourCleared', behaviour, target }),
    send: (command) => {
      send(command)
    },
    remove: (gracePeriodSeconds) => {
      send({
        kind: 'DeleteObject',
        target: { kind: 'Pod', namespace: 'default', name: 'web-0' },
        options: gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds },
      })
    },
    pod: () => {
      const pod = simulation.reader().get('Pod', 'default', 'web-0')
      if (pod === undefined) throw new Error('web-0 is gone')
      return pod
    },
  }
}
