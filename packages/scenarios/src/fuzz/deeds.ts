/**
 * What a deed means now: a step of a scenario on what there is, or nothing if there is nothing to act on. A fault that lasts is healed by the next
 * deed of its kind on the same thing.
 */
import { apiFaults, entriesOf, getAt, type JsonObject, type Reader, type RunState, type StatefulSet } from '@statefold/core'
import type { Fault, Heal, ScenarioStep } from '../format/scenario-codec.js'
import type { Deed, DeedKind } from '../format/history-codec.js'

export interface Scene {
  readonly run: RunState
  readonly reader: Reader
  /** The sets that can be made, as they are written. */
  readonly sets: readonly JsonObject[]
}

type Maker = (scene: Scene, deed: Deed) => ScenarioStep | undefined

const images = ['nginx:1.27', 'nginx:1.28', 'nginx:1.29', 'nginx:no-such-tag'] as const
const faultable = [
  'statefulset-controller',
  'statefulset-controller',
  'statefulset-controller',
  'kubelet',
  'persistentvolume-controller',
  'default-scheduler',
  'garbage-collector-controller',
  'endpointslice-controller',
] as const
const watched = ['Pod', 'Pod', 'StatefulSet', 'PersistentVolumeClaim', 'ControllerRevision'] as const
const lags = [20, 200, 500, 2_000, 5_000] as const

/** Counted round. */
const pick = <T>(items: readonly T[], position: number): T | undefined => (items.length === 0 ? undefined : items[position % items.length])

const namespace = 'default'

const theSet = ({ reader }: Scene, { which }: Deed): StatefulSet | undefined => pick(reader.list('StatefulSet', namespace), which)
const named = ({ metadata }: StatefulSet): string => `statefulset/${metadata.name}`
const thePod = ({ reader }: Scene, { which }: Deed): string | undefined => pick(reader.list('Pod', namespace), which)?.metadata.name
const theNode = ({ reader }: Scene, { which }: Deed): string | undefined => pick(reader.list('Node'), which)?.metadata.name

const ofSet =
  (make: (set: StatefulSet, deed: Deed) => ScenarioStep | undefined): Maker =>
  (scene, deed) => {
    const set = theSet(scene, deed)
    return set === undefined || set.metadata.deletionTimestamp !== undefined ? undefined : make(set, deed)
  }

const ofPod =
  (make: (pod: string, scene: Scene, deed: Deed) => ScenarioStep | undefined): Maker =>
  (scene, deed) => {
    const pod = thePod(scene, deed)
    return pod === undefined ? undefined : make(pod, scene, deed)
  }

const patched = (set: StatefulSet, spec: JsonObject): ScenarioStep => ({ patch: { object: named(set), type: 'merge', patch: { spec } } })

type Behaviour = RunState['cluster']['world']['behaviours'][number]['behaviour']

const standing = ({ run }: Scene, kind: Behaviour['kind']): Behaviour | undefined =>
  run.cluster.world.behaviours.find(({ behaviour, exempt }) => behaviour.kind === kind && exempt !== true)?.behaviour

const targetOf = (behaviour: Behaviour): string => {
  if ('pods' in behaviour) return behaviour.pods
  if ('images' in behaviour) return behaviour.images
  if ('provisioners' in behaviour) return behaviour.provisioners
  return 'volumes' in behaviour ? behaviour.volumes : ''
}

/** Heals what stands of that kind, or makes it. */
const toggled =
  (kind: Behaviour['kind'], heal: (target: string) => Heal, make: (scene: Scene, deed: Deed) => Fault | undefined): Maker =>
  (scene, deed) => {
    const known = standing(scene, kind)
    if (known !== undefined) return { heal: heal(targetOf(known)) }
    const fault = make(scene, deed)
    return fault === undefined ? undefined : { fault }
  }

const onPods =
  (make: (pods: string) => Fault) =>
  (scene: Scene, deed: Deed): Fault | undefined => {
    const pod = thePod(scene, deed)
    return pod === undefined ? undefined : make(pod)
  }

const makers: Readonly<Record<DeedKind, Maker>> = {
  scale: ofSet((set, { how }) => ({ scale: { [named(set)]: how % 6 } })),
  'set-image': ofSet((set, { how }) => ({ setImage: { [named(set)]: pick(images, how) ?? images[0] } })),
  annotate: ofSet((set, { how }) => patched(set, { template: { metadata: { annotations: { version: String(how % 4) } } } })),
  'set-partition': ofSet((set, { how }) =>
    set.spec.updateStrategy?.type === 'OnDelete' ? undefined : patched(set, { updateStrategy: { rollingUpdate: { partition: how % 5 } } }),
  ),
  'set-strategy': ofSet((set) =>
    patched(set, {
      // With the type alone Kubernetes counts the Pods at the old revision, and may make and delete one for ever.
      updateStrategy:
        set.spec.updateStrategy?.type === 'OnDelete'
          ? { type: 'RollingUpdate', rollingUpdate: { partition: 0 } }
          : { type: 'OnDelete', rollingUpdate: null },
    }),
  ),
  'delete-pod': ofPod((pod) => ({ delete: `pod/${pod}` })),
  'force-delete-pod': ofPod((pod) => ({ delete: { object: `pod/${pod}`, force: true } })),
  'relabel-pod': ofPod((pod, { reader }) => {
    const labels = reader.get('Pod', namespace, pod)?.metadata.labels
    const app = pod.slice(0, pod.lastIndexOf('-'))
    return {
      patch: { object: `pod/${pod}`, type: 'merge', patch: { metadata: { labels: { app: labels?.['app'] === app ? 'other' : app } } } },
    }
  }),
  'delete-claim': ({ reader }, { which }) => {
    const claim = pick(reader.list('PersistentVolumeClaim', namespace), which)
    return claim === undefined ? undefined : { delete: `pvc/${claim.metadata.name}` }
  },
  'delete-set': ofSet((set, { how }) => ({
    delete: { object: named(set), cascade: pick(['background', 'foreground', 'orphan'] as const, how) ?? 'background' },
  })),
  'create-set': ({ reader, sets }, { which }) => {
    const missing = sets.filter((written) => {
      const { name } = written['metadata'] as { readonly name: string }
      return reader.get('StatefulSet', namespace, name) === undefined
    })
    const set = pick(missing, which)
    // What was read from JSON has no undefined fields.
    return set === undefined ? undefined : { apply: [set as { readonly [name: string]: NonNullable<JsonObject[string]> }] }
  },
  'set-retention': ofSet((set, { how }) =>
    patched(set, {
      persistentVolumeClaimRetentionPolicy: {
        whenDeleted: how % 2 === 0 ? 'Retain' : 'Delete',
        whenScaled: how % 4 < 2 ? 'Retain' : 'Delete',
      },
    }),
  ),
  'set-budget': ({ reader }, { which, how }) => {
    const budget = pick(reader.list('PodDisruptionBudget', namespace), which)
    return budget === undefined
      ? undefined
      : {
          patch: {
            object: `poddisruptionbudget/${budget.metadata.name}`,
            type: 'merge',
            patch: {
              spec: how % 2 === 0 ? { minAvailable: how % 4, maxUnavailable: null } : { maxUnavailable: how % 3, minAvailable: null },
            },
          },
        }
  },
  cordon: (scene, deed) => {
    const node = theNode(scene, deed)
    if (node === undefined) return undefined
    return scene.reader.get('Node', '', node)?.spec.unschedulable === true ? { uncordon: node } : { cordon: node }
  },
  drain: (scene, deed) => {
    const node = theNode(scene, deed)
    return node === undefined ? undefined : { drain: node }
  },
  'node-power': (scene, deed) => {
    const node = theNode(scene, deed)
    const machine = node === undefined ? undefined : getAt(scene.run.cluster.world.machines, node)
    if (node === undefined || machine === undefined) return undefined
    return machine.power === 'off' ? { heal: { nodeCrash: node } } : { fault: { nodeCrash: node } }
  },
  'node-network': (scene, deed) => {
    const node = theNode(scene, deed)
    const machine = node === undefined ? undefined : getAt(scene.run.cluster.world.machines, node)
    if (node === undefined || machine === undefined) return undefined
    return machine.network === 'partitioned' ? { heal: { nodePartition: node } } : { fault: { nodePartition: node } }
  },
  kubelet: (scene, deed) => {
    const node = theNode(scene, deed)
    const machine = node === undefined ? undefined : getAt(scene.run.cluster.world.machines, node)
    if (node === undefined || machine === undefined) return undefined
    return machine.kubelet === 'hung' ? { heal: { kubeletHang: node } } : { fault: { kubeletHang: node } }
  },
  'crash-container': ({ reader }, { which }) => {
    const running = reader.list('Pod', namespace).filter(({ status }) => status.phase === 'Running')
    const pod = pick(running, which)
    return pod === undefined ? undefined : { fault: { containerCrash: { pod: pod.metadata.name } } }
  },
  'crash-loop': toggled(
    'Crashing',
    (containerCrashLoop) => ({ containerCrashLoop }),
    onPods((pods) => ({ containerCrashLoop: { pods } })),
  ),
  'fail-probe': toggled(
    'ProbeFailing',
    (probeFailure) => ({ probeFailure }),
    onPods((pods) => ({ probeFailure: { pods, probe: 'readiness' } })),
  ),
  'slow-start': toggled(
    'WarmUpSlow',
    (slowStart) => ({ slowStart }),
    onPods((pods) => ({ slowStart: { pods, for: 5_000 } })),
  ),
  'break-image': toggled(
    'ImageUnpullable',
    (imagePullFailure) => ({ imagePullFailure }),
    (_, { how }) => ({ imagePullFailure: { images: pick(images, how) ?? images[0] } }),
  ),
  'break-provisioner': toggled(
    'ProvisionerFailing',
    (provisionerFailure) => ({ provisionerFailure }),
    () => ({ provisionerFailure: { provisioners: '*' } }),
  ),
  'delay-provisioner': toggled(
    'ProvisionerDelayed',
    (provisionerDelay) => ({ provisionerDelay }),
    (_, { how }) => ({ provisionerDelay: { provisioners: '*', by: 1_000 * (1 + (how % 8)) } }),
  ),
  'stick-attach': toggled(
    'AttachStuck',
    (stuckAttach) => ({ stuckAttach }),
    () => ({ stuckAttach: { volumes: '*' } }),
  ),
  'stick-detach': toggled(
    'DetachStuck',
    (stuckDetach) => ({ stuckDetach }),
    () => ({ stuckDetach: { volumes: '*' } }),
  ),
  controller: ({ run }, { which }) => {
    const controller = pick(faultable, which) ?? faultable[0]
    return getAt(run.cluster.stopped, controller) === true
      ? { heal: { controllerCrash: controller } }
      : { fault: { controllerCrash: controller } }
  },
  lag: ({ run }, { which, how }) => {
    const controller = pick(faultable, which) ?? faultable[0]
    const kind = pick(watched, how) ?? watched[0]
    return (getAt(run.cluster.informerLags, `${controller} ${kind}`) ?? 0) > 0
      ? { heal: { informerLag: { controller, kind } } }
      : { fault: { informerLag: { controller, kind, by: pick(lags, which) ?? lags[0] } } }
  },
  answer: (_, { which, how }) => ({
    fault: {
      api: { answer: pick(apiFaults, how) ?? 'conflict', times: 1 + (which % 3), controller: pick(faultable, which) ?? faultable[0] },
    },
  }),
}

/** Nothing: there is nothing that the deed could act on. */
export const stepOfDeed = (scene: Scene, deed: Deed): ScenarioStep | undefined => makers[deed.do](scene, deed)

const healOf: Readonly<Record<string, (target: string) => Heal>> = {
  Crashing: (containerCrashLoop) => ({ containerCrashLoop }),
  ProbeFailing: (probeFailure) => ({ probeFailure }),
  WarmUpSlow: (slowStart) => ({ slowStart }),
  ImageUnpullable: (imagePullFailure) => ({ imagePullFailure }),
  ProvisionerFailing: (provisionerFailure) => ({ provisionerFailure }),
  ProvisionerDelayed: (provisionerDelay) => ({ provisionerDelay }),
  AttachStuck: (stuckAttach) => ({ stuckAttach }),
  DetachStuck: (stuckDetach) => ({ stuckDetach }),
}

/** What ends every fault that stands: machines run and are connected, caches are fresh, controllers are up, Pods do as they should. */
export const healingSteps = (run: RunState, reader: Reader): readonly ScenarioStep[] => {
  const { cluster } = run
  const steps: ScenarioStep[] = []
  for (const [node, machine] of entriesOf(cluster.world.machines)) {
    if (machine.network === 'partitioned') steps.push({ heal: { nodePartition: node } })
    if (machine.kubelet === 'hung') steps.push({ heal: { kubeletHang: node } })
    if (machine.power === 'off') steps.push({ heal: { nodeCrash: node } })
  }
  for (const { metadata, spec } of reader.list('Node')) if (spec.unschedulable === true) steps.push({ uncordon: metadata.name })
  for (const [controller] of entriesOf(cluster.stopped)) steps.push({ heal: { controllerCrash: controller } })
  for (const [informer] of entriesOf(cluster.informerLags)) {
    const [controller = '', kind = ''] = informer.split(' ')
    steps.push({ heal: { informerLag: { controller, kind } } })
  }
  for (const { behaviour } of cluster.world.behaviours) {
    const heal = healOf[behaviour.kind]
    if (heal !== undefined) steps.push({ heal: heal(targetOf(behaviour)) })
  }
  return steps
}
