/** What a kubelet has come to within one look at a Pod, and the small steps that all parts of that look share. */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { Container, Pod } from '../../api/generated/types.js'
import { machineOf, processesOf, type Machine, type MsRange, type PodProcesses, type World } from '../../cluster/world.js'
import type { WorldEvent } from '../../cluster/world-events.js'
import type { SimTime } from '../../kernel/sim-time.js'
import type { PlanContext, Waiting } from '../controller.js'
import type { Steps } from '../steps.js'
import { writePodStatus } from './pod-conditions.js'
import { act, tell, type Told } from './pod-events.js'
import { podStatusOf } from './pod-status.js'

/** What one run of the plan has come to. The world is the one in which all its facts so far are true. */
export interface Progress {
  readonly world: World
  readonly pod: Pod
  readonly error: ApiStatus | undefined
  /** The earliest time at which something is due. */
  readonly wakeAt: SimTime | undefined
  readonly waitingFor: readonly Waiting[]
  /** What the kubelet remembers of its tries to mount; null: nothing any more. */
  readonly mounting: Mounting | null
}

/** When it will complain again, how often it did, and when the summary is due. */
export interface Mounting {
  readonly tries: number
  readonly nextAt: SimTime
  readonly summaryAt: SimTime
}

export interface Scene {
  /** The Pod as it was when the plan began: what people have been shown. */
  readonly shown: Pod
  readonly context: PlanContext
  readonly machine: Machine
  readonly now: SimTime
  /** Without the API nothing is written and nothing is told; processes are still looked after. */
  readonly online: boolean
}

export const processesIn = ({ world, pod }: Progress): PodProcesses | undefined => processesOf(world, pod.metadata.uid)
export const namesOf = (pod: Pod): { readonly namespace: string; readonly name: string } => ({
  namespace: pod.metadata.namespace ?? '',
  name: pod.metadata.name,
})

/** Look again then, at the latest. */
export const wakeBy = (progress: Progress, at: SimTime | undefined): Progress =>
  at === undefined || (progress.wakeAt !== undefined && progress.wakeAt <= at) ? progress : { ...progress, wakeAt: at }
export const waitFor = (progress: Progress, waiting: Waiting): Progress => ({ ...progress, waitingFor: [...progress.waitingFor, waiting] })

export function* happen(scene: Scene, progress: Progress, event: WorldEvent): Steps<Progress> {
  return { ...progress, world: yield* act(progress.world, event, scene.now) }
}

export function* say(scene: Scene, { pod }: Progress, told: Told): Steps<void> {
  if (scene.online) yield* tell(pod, told)
}

export function* writeStatus(scene: Scene, progress: Progress, isEnding: boolean): Steps<Progress> {
  if (!scene.online) return progress
  const { pod } = progress
  const status = podStatusOf({ pod, processes: processesIn(progress), machine: scene.machine, now: scene.now, isEnding })
  const answer = yield* writePodStatus(pod, status)
  if (E.isRight(answer)) return { ...progress, pod: answer.right }
  return answer.left.reason === 'NotFound' ? progress : { ...progress, error: answer.left }
}

export const everyContainer = (pod: Pod): readonly { readonly container: Container; readonly isInit: boolean }[] => [
  ...(pod.spec.initContainers ?? []).map((container) => ({ container, isInit: true })),
  ...pod.spec.containers.map((container) => ({ container, isInit: false })),
]

export const drawMs = (scene: Scene, stream: string, key: string, { min, max }: MsRange): number =>
  min + scene.context.choose({ stream: `kubelet/${stream}`, key }, max - min + 1)

export const machineNow = (scene: Scene, { world }: Progress): Machine => machineOf(world, scene.machine.node) ?? scene.machine

export const objectPathOf = (pod: Pod): string => `Pod/${pod.metadata.namespace ?? ''}/${pod.metadata.name}`
