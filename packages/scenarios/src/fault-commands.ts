/** The faults that scenarios name, as commands to the simulated cluster. */
import * as E from 'fp-ts/lib/Either.js'
import type { ClusterCommand, Reader, WorldEvent } from '@statefold/core'
import type { Fault, Heal } from './format/scenario-codec.js'

type Behaviour = Extract<WorldEvent, { readonly kind: 'BehaviourSet' }>['behaviour']

const act = (event: WorldEvent): ClusterCommand => ({ kind: 'ActOnWorld', event })
const set = (behaviour: Behaviour): ClusterCommand => act({ kind: 'BehaviourSet', behaviour })
const clear = (behaviour: Behaviour['kind'], target: string): ClusterCommand => act({ kind: 'BehaviourCleared', behaviour, target })

type Commands = E.Either<string, readonly ClusterCommand[]>
const one = (command: ClusterCommand): Commands => E.right([command])

const knownNode = (reader: Reader, node: string, event: WorldEvent): Commands =>
  reader.get('Node', '', node) === undefined ? E.left(`there is no node ${JSON.stringify(node)}`) : one(act(event))

const crashOf = (reader: Reader, crash: NonNullable<Fault['containerCrash']>): Commands => {
  const pod = reader.get('Pod', crash.namespace ?? 'default', crash.pod.replace(/^pods?\//, ''))
  if (pod === undefined) return E.left(`there is no Pod ${JSON.stringify(crash.pod)}`)
  const container = crash.container ?? pod.spec.containers[0]?.name ?? ''
  const exitCode = crash.exitCode ?? 1
  return one(
    act({
      kind: 'ContainerExited',
      podUid: pod.metadata.uid,
      container,
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      unexpected: true,
    }),
  )
}

export const faultCommands = (fault: Fault, reader: Reader): Commands => {
  const {
    nodeCrash,
    nodePartition,
    kubeletHang,
    containerCrash,
    containerCrashLoop,
    outOfMemory,
    probeFailure,
    slowStart,
    imagePullFailure,
    provisionerFailure,
    provisionerDelay,
    stuckAttach,
    stuckDetach,
    controllerCrash,
    informerLag,
    api,
  } = fault
  if (nodeCrash !== undefined) return knownNode(reader, nodeCrash, { kind: 'NodeCrashed', node: nodeCrash })
  if (nodePartition !== undefined) return knownNode(reader, nodePartition, { kind: 'NodePartitioned', node: nodePartition })
  if (kubeletHang !== undefined) return knownNode(reader, kubeletHang, { kind: 'KubeletHung', node: kubeletHang })
  if (containerCrash !== undefined) return crashOf(reader, containerCrash)
  if (containerCrashLoop !== undefined) return one(set({ kind: 'Crashing', exitCode: 1, ...containerCrashLoop }))
  if (outOfMemory !== undefined) return one(set({ kind: 'Crashing', exitCode: 137, outOfMemory: true, ...outOfMemory }))
  if (probeFailure !== undefined) return one(set({ kind: 'ProbeFailing', ...probeFailure }))
  if (slowStart !== undefined) {
    const { for: forMs, ...rest } = slowStart
    return one(set({ kind: 'WarmUpSlow', forMs, ...rest }))
  }
  if (imagePullFailure !== undefined) return one(set({ kind: 'ImageUnpullable', ...imagePullFailure }))
  if (provisionerFailure !== undefined) return one(set({ kind: 'ProvisionerFailing', ...provisionerFailure }))
  if (provisionerDelay !== undefined)
    return one(set({ kind: 'ProvisionerDelayed', provisioners: provisionerDelay.provisioners, byMs: provisionerDelay.by }))
  if (stuckAttach !== undefined) return one(set({ kind: 'AttachStuck', ...stuckAttach }))
  if (stuckDetach !== undefined) return one(set({ kind: 'DetachStuck', ...stuckDetach }))
  if (controllerCrash !== undefined) return one({ kind: 'CrashController', controller: controllerCrash })
  if (informerLag !== undefined)
    return one({ kind: 'SetInformerLag', controller: informerLag.controller, objectKind: informerLag.kind, lagMs: informerLag.by })
  if (api !== undefined) {
    const { answer, times = 1, ...rest } = api
    return one({ kind: 'SetApiFault', fault: answer, times, ...rest })
  }
  return E.left('no fault is named')
}

export const healCommands = (heal: Heal, reader: Reader): Commands => {
  const { nodeCrash, nodePartition, kubeletHang, controllerCrash, informerLag } = heal
  if (nodeCrash !== undefined) return knownNode(reader, nodeCrash, { kind: 'NodeRestarted', node: nodeCrash })
  if (nodePartition !== undefined) return knownNode(reader, nodePartition, { kind: 'NodeReconnected', node: nodePartition })
  if (kubeletHang !== undefined) return knownNode(reader, kubeletHang, { kind: 'KubeletResumed', node: kubeletHang })
  if (controllerCrash !== undefined) return one({ kind: 'RestartController', controller: controllerCrash })
  if (informerLag !== undefined)
    return one({ kind: 'SetInformerLag', controller: informerLag.controller, objectKind: informerLag.kind, lagMs: 0 })
  const behaviours: readonly (readonly [Behaviour['kind'], string | undefined])[] = [
    ['Crashing', heal.containerCrashLoop ?? heal.outOfMemory],
    ['ProbeFailing', heal.probeFailure],
    ['WarmUpSlow', heal.slowStart],
    ['ImageUnpullable', heal.imagePullFailure],
    ['ProvisionerFailing', heal.provisionerFailure],
    ['ProvisionerDelayed', heal.provisionerDelay],
    ['AttachStuck', heal.stuckAttach],
    ['DetachStuck', heal.stuckDetach],
  ]
  const found = behaviours.find(([, target]) => target !== undefined)
  return found?.[1] === undefined ? E.left('no fault is named') : one(clear(found[0], found[1]))
}
