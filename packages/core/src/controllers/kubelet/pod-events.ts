/** What kubelets tell people: core/v1 Events of component `kubelet` on their host. */
import type { Pod } from '../../api/generated/types.js'
import type { ClusterCommand } from '../../cluster/commands.js'
import type { World } from '../../cluster/world.js'
import { reduceWorld } from '../../cluster/reduce-world.js'
import type { WorldEvent } from '../../cluster/world-events.js'
import { rememberedText } from '../../kernel/remembered-text.js'
import type { SimTime } from '../../kernel/sim-time.js'
import type { Steps } from '../steps.js'

export interface Told {
  readonly type?: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  /** The container it is about. */
  readonly container?: string
  readonly isInit?: boolean
}

type Telling = Extract<ClusterCommand, { readonly kind: 'RecordEvent' }>

// One text for all Pods of a template: each of their Events keeps it.
const fieldPathOf = rememberedText((container) => `spec.containers{${container}}`)
const initFieldPathOf = rememberedText((container) => `spec.initContainers{${container}}`)

/** The command that tells of it. */
export const telling = (pod: Pod, { type = 'Normal', reason, message, container, isInit = false }: Told): Telling => {
  const { nodeName } = pod.spec
  const command: { -readonly [Field in keyof Telling]: Telling[Field] } = {
    kind: 'RecordEvent',
    about: pod,
    type,
    reason,
    message,
    component: 'kubelet',
  }
  if (nodeName !== undefined) command.host = nodeName
  if (container !== undefined) command.fieldPath = isInit ? initFieldPathOf(container) : fieldPathOf(container)
  return command
}

export function* tell(pod: Pod, told: Told): Steps<void> {
  yield telling(pod, told)
}

/** Makes a fact so, and gives the world in which it is. */
export function* act(world: World, event: WorldEvent, now: SimTime): Steps<World> {
  yield { kind: 'ActOnWorld', event }
  return reduceWorld(world, event, now)
}
