/** What somebody or something could do to a cluster next: a step of a scenario, drawn from what there is. */
import type { Choose, Reader, RunState, StatefulSet } from '@statefold/core'
import { getAt } from '@statefold/core'
import type { ScenarioStep } from '../format/scenario-codec.js'

/** Draws by count: the same seed gives the same history. */
export interface Draw {
  /** Below `options`. */
  readonly below: (options: number) => number
  readonly of: <T>(items: readonly T[]) => T | undefined
}

export const drawFrom = (choose: Choose): Draw => {
  let count = 0
  const below = (options: number): number => {
    count += 1
    return choose({ stream: 'fuzz', key: String(count) }, options)
  }
  return { below, of: (items) => (items.length === 0 ? undefined : items[below(items.length)]) }
}

const images = ['nginx:1.27', 'nginx:1.28', 'nginx:1.29', 'nginx:no-such-tag'] as const
const faultable = [
  'statefulset-controller',
  'persistentvolume-controller',
  'default-scheduler',
  'garbage-collector-controller',
  'endpointslice-controller',
] as const
const watched = ['Pod', 'StatefulSet', 'PersistentVolumeClaim'] as const
const answers = ['conflict', 'lost-answer', 'lost-request', 'too-many-requests', 'internal-error'] as const

interface Scene {
  readonly draw: Draw
  readonly run: RunState
  readonly reader: Reader
}

type Maker = (scene: Scene) => ScenarioStep | undefined

const aSet = ({ draw, reader }: Scene): StatefulSet | undefined =>
  draw.of(reader.list('StatefulSet').filter(({ metadata }) => metadata.deletionTimestamp === undefined))
const named = (set: StatefulSet): string => `statefulset/${set.metadata.name}`
const aPod = ({ draw, reader }: Scene): string | undefined => draw.of(reader.list('Pod', 'default'))?.metadata.name
const aNode = ({ draw, reader }: Scene): string | undefined => draw.of(reader.list('Node'))?.metadata.name

const makers: readonly Maker[] = [
  (scene) => {
    const set = aSet(scene)
    return set === undefined ? undefined : { scale: { [named(set)]: scene.draw.below(5) } }
  },
  (scene) => {
    const set = aSet(scene)
    return set === undefined ? undefined : { setImage: { [named(set)]: scene.draw.of(images) ?? images[0] } }
  },
  (scene) => {
    const set = aSet(scene)
    return set === undefined
      ? undefined
      : {
          patch: {
            object: named(set),
            type: 'merge',
            patch: { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: scene.draw.below(4) } } } },
          },
        }
  },
  (scene) => {
    const pod = aPod(scene)
    return pod === undefined ? undefined : { delete: `pod/${pod}` }
  },
  (scene) => {
    const pod = aPod(scene)
    return pod === undefined ? undefined : { delete: { object: `pod/${pod}`, force: true } }
  },
  (scene) => {
    const pod = aPod(scene)
    const running = pod === undefined ? undefined : scene.reader.get('Pod', 'default', pod)
    return running?.status.phase === 'Running' ? { fault: { containerCrash: { pod: running.metadata.name } } } : undefined
  },
  ({ draw, run }) => {
    const controller = draw.of(faultable) ?? faultable[0]
    return getAt(run.cluster.stopped, controller) === true
      ? { heal: { controllerCrash: controller } }
      : { fault: { controllerCrash: controller } }
  },
  ({ draw, run }) => {
    const kind = draw.of(watched) ?? watched[0]
    const lag = getAt(run.cluster.informerLags, `statefulset-controller ${kind}`) ?? 0
    return lag > 0
      ? { heal: { informerLag: { controller: 'statefulset-controller', kind } } }
      : { fault: { informerLag: { controller: 'statefulset-controller', kind, by: 200 + 400 * draw.below(10) } } }
  },
  ({ draw }) => ({
    fault: { api: { answer: draw.of(answers) ?? answers[0], times: 1 + draw.below(3), controller: draw.of(faultable) ?? faultable[0] } },
  }),
  (scene) => {
    const node = aNode(scene)
    if (node === undefined) return undefined
    return scene.reader.get('Node', '', node)?.spec.unschedulable === true ? { uncordon: node } : { cordon: node }
  },
  (scene) => {
    const node = aNode(scene)
    const machine = node === undefined ? undefined : getAt(scene.run.cluster.world.machines, node)
    if (node === undefined || machine === undefined) return undefined
    if (machine.power === 'off') return { heal: { nodeCrash: node } }
    if (machine.network === 'partitioned') return { heal: { nodePartition: node } }
    return scene.draw.below(2) === 0 ? { fault: { nodeCrash: node } } : { fault: { nodePartition: node } }
  },
  (scene) => {
    const claim = scene.draw.of(scene.reader.list('PersistentVolumeClaim', 'default'))
    return claim === undefined || scene.draw.below(3) > 0 ? undefined : { delete: `pvc/${claim.metadata.name}` }
  },
]

const gaps = [0, 10, 100, 500, 1_000, 2_000, 5_000, 20_000] as const

/** Swarm: some kinds of steps are left out of a whole history, so that the others meet more often. */
export const swarmOf = (draw: Draw): readonly number[] => {
  const kept = makers.map((_, index) => index).filter(() => draw.below(3) > 0)
  return kept.length === 0 ? [0] : kept
}

export const nextStep = (draw: Draw, swarm: readonly number[], run: RunState, reader: Reader): ScenarioStep => {
  const after = draw.of(gaps) ?? 0
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const step = makers[draw.of(swarm) ?? 0]?.({ draw, run, reader })
    if (step !== undefined) return { ...step, after }
  }
  return { sleep: 1_000, after }
}

/** Forced deletions and lost nodes are meant to break this one: two processes with one name. */
export const isMeantToBreak = (invariant: string, steps: readonly ScenarioStep[]): boolean =>
  invariant === 'stateful-set/at-most-one-pod-per-ordinal' &&
  steps.some(
    (step) =>
      (typeof step.delete === 'object' && 'force' in step.delete && step.delete.force === true) ||
      step.fault?.nodePartition !== undefined ||
      step.fault?.nodeCrash !== undefined,
  )
