/** A step of a search as commands to the API server, at once and without a client's waiting: what `kubectl` would send in the end. */
import * as E from 'fp-ts/lib/Either.js'
import {
  resourceOfName,
  type ClusterCommand,
  type Json,
  type Kinds,
  type ObjectRef,
  type Reader,
  type Simulation,
  type UnstoredObject,
} from '@statefold/core'
import { faultCommands, healCommands } from '../fault-commands.js'
import type { PlacedManifest } from '../format/read-manifests.js'
import type { ScenarioStep } from '../format/scenario-codec.js'

type Commands = E.Either<string, readonly ClusterCommand[]>

const namespaced = (kind: string, name: string, namespace = 'default'): ObjectRef => ({
  kind,
  namespace: resourceOfName(kind.toLowerCase())?.namespaced === false ? '' : namespace,
  name,
})

const refOf = (written: string, namespace?: string): E.Either<string, ObjectRef> => {
  const [resource = '', name] = written.split(/[\s/]+/)
  const kind = resourceOfName(resource)?.kind
  return kind === undefined || name === undefined
    ? E.left(`expected kind/name, found ${JSON.stringify(written)}`)
    : E.right(namespaced(kind, name, namespace))
}

type TemplateHolder = Kinds['StatefulSet'] | Kinds['Deployment'] | Kinds['DaemonSet'] | Kinds['ReplicaSet']

const withPatch = (target: E.Either<string, ObjectRef>, patchType: 'strategic' | 'merge' | 'json', patch: Json): Commands =>
  E.isLeft(target) ? target : E.right([{ kind: 'PatchObject', target: target.right, patchType, patch }])

const imagePatch = (reader: Reader, workload: string, image: string | Readonly<Record<string, string>>): Commands => {
  const target = refOf(workload)
  if (E.isLeft(target)) return target
  const { kind, namespace, name } = target.right
  // Of the kinds that can be named here, those with a Pod template have it in one place.
  const holder = reader.getAny(kind, namespace, name) as TemplateHolder | undefined
  if (holder === undefined) return E.left(`there is no ${workload}`)
  const containers = holder.spec.template?.spec?.containers ?? []
  const changes = containers.flatMap((container) => {
    const reference = typeof image === 'string' ? image : image[container.name]
    return reference === undefined ? [] : [{ name: container.name, image: reference }]
  })
  return withPatch(target, 'strategic', { spec: { template: { spec: { containers: changes } } } })
}

const deletionOf = (deletion: Exclude<ScenarioStep['delete'], undefined>): Commands => {
  const options = typeof deletion === 'string' ? { object: deletion } : deletion
  const target = refOf(options.object, 'namespace' in options ? options.namespace : undefined)
  if (E.isLeft(target)) return target
  const force = 'force' in options && options.force === true
  const grace = 'gracePeriodSeconds' in options ? options.gracePeriodSeconds : force ? 0 : undefined
  const cascade = 'cascade' in options ? options.cascade : undefined
  const propagationPolicy = cascade === 'foreground' ? 'Foreground' : cascade === 'orphan' ? 'Orphan' : 'Background'
  return E.right([
    {
      kind: 'DeleteObject',
      target: target.right,
      options: { propagationPolicy, ...(grace === undefined ? undefined : { gracePeriodSeconds: grace }) },
    },
  ])
}

const inOrder = (all: readonly Commands[]): Commands => {
  const commands: ClusterCommand[] = []
  for (const one of all) {
    if (E.isLeft(one)) return one
    commands.push(...one.right)
  }
  return E.right(commands)
}

const podsNode = /\{node of ([^}]+)\}/g

/** `{node of web-0}` becomes the name of the node. */
const filledIn = (text: string, reader: Reader): string =>
  text.replace(podsNode, (_, pod: string) => reader.get('Pod', 'default', pod)?.spec.nodeName ?? '')

const namesNode = (value: unknown): boolean =>
  typeof value === 'string'
    ? value.includes('{node of ')
    : typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).some(namesNode)

const allFilledIn = <T>(value: T, reader: Reader): T =>
  typeof value !== 'object' || value === null || !namesNode(value)
    ? value
    : // Only texts are replaced by texts.
      (Object.fromEntries(
        Object.entries(value).map(([name, item]: [string, unknown]) => [
          name,
          typeof item === 'string' ? filledIn(item, reader) : Array.isArray(item) ? item : allFilledIn(item, reader),
        ]),
      ) as T)

const applyOf = (manifest: PlacedManifest, reader: Reader): ClusterCommand => {
  // A manifest was checked to have these when it was read; what else it has is the API server's to judge.
  const object = manifest.object as unknown as UnstoredObject
  const namespaced = { ...object, metadata: { ...object.metadata, namespace: object.metadata?.namespace ?? 'default' } }
  const target: ObjectRef = { kind: object.kind, namespace: namespaced.metadata.namespace, name: object.metadata?.name ?? '' }
  return reader.getAny(target.kind, target.namespace, target.name) === undefined
    ? { kind: 'CreateObject', object: namespaced }
    : { kind: 'PatchObject', target, patchType: 'strategic', patch: manifest.object }
}

/** The steps that can be done at any moment of a search; the others are refused with what to write instead. */
export const commandsOfStep = (step: ScenarioStep, manifests: readonly PlacedManifest[], reader: Reader): Commands => {
  if (step.scale !== undefined)
    return inOrder(Object.entries(step.scale).map(([workload, replicas]) => withPatch(refOf(workload), 'merge', { spec: { replicas } })))
  if (step.setImage !== undefined)
    return inOrder(Object.entries(step.setImage).map(([workload, image]) => imagePatch(reader, workload, image)))
  if (step.delete !== undefined) return deletionOf(step.delete)
  if (step.patch !== undefined)
    return withPatch(refOf(step.patch.object, step.patch.namespace), step.patch.type ?? 'strategic', step.patch.patch)
  if (step.fault !== undefined) return faultCommands(allFilledIn(step.fault, reader), reader)
  if (step.heal !== undefined) return healCommands(allFilledIn(step.heal, reader), reader)
  if (step.cordon !== undefined)
    return withPatch(E.right({ kind: 'Node', namespace: '', name: filledIn(step.cordon, reader) }), 'merge', {
      spec: { unschedulable: true },
    })
  if (step.uncordon !== undefined)
    return withPatch(E.right({ kind: 'Node', namespace: '', name: filledIn(step.uncordon, reader) }), 'merge', {
      spec: { unschedulable: null },
    })
  if (step.drain !== undefined) {
    const node = filledIn(typeof step.drain === 'string' ? step.drain : step.drain.node, reader)
    const evictions = reader
      .podsOnNode(node)
      .map(({ metadata }): ClusterCommand => ({ kind: 'EvictPod', namespace: metadata.namespace ?? '', name: metadata.name, options: {} }))
    return E.right([
      {
        kind: 'PatchObject',
        target: { kind: 'Node', namespace: '', name: node },
        patchType: 'merge',
        patch: { spec: { unschedulable: true } },
      },
      ...evictions,
    ])
  }
  if (step.apply !== undefined) return E.right(manifests.map((manifest) => applyOf(manifest, reader)))
  return E.left(
    'a search can do scale, setImage, delete, patch, apply, cordon, uncordon, drain (each Pod asked once), fault and heal; put what else there is before the first settle step',
  )
}

/** Does the step. What the API server refuses is done too: it is in the log. */
export const performStep = (
  simulation: Simulation,
  step: ScenarioStep,
  manifests: readonly PlacedManifest[],
): E.Either<string, undefined> => {
  const commands = commandsOfStep(step, manifests, simulation.reader())
  if (E.isLeft(commands)) return commands
  for (const command of commands.right) simulation.submit(command)
  return E.right(undefined)
}
