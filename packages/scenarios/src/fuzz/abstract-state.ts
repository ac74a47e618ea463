/**
 * What a state looks like from afar: how many Pods of each set are wanted, there, ready, going, of which revision, which claims are bound, which nodes
 * and controllers are up. States that look alike count as one when a search asks whether a history has shown something new.
 */
import { getAt, sizeOf, type Reader, type RunState } from '@statefold/core'

const mixed = (hash: number, value: number): number => {
  const sum = Math.imul(hash ^ value, 0x9e3779b1)
  return sum ^ (sum >>> 15)
}

const phases: Readonly<Record<string, number>> = { Pending: 1, Running: 2, Succeeded: 3, Failed: 4 }

const few = (count: number): number => Math.min(count, 6)

/** 32 bits. Two that differ may have one number: then something new is overlooked, and nothing else. */
export const abstractState = (run: RunState, reader: Reader): number => {
  const { cluster } = run
  let hash = 17
  for (const set of reader.list('StatefulSet', 'default')) {
    const { metadata, spec, status } = set
    const flags =
      (metadata.deletionTimestamp === undefined ? 0 : 1) +
      (status.currentRevision === status.updateRevision ? 0 : 2) +
      ((spec.updateStrategy?.rollingUpdate?.partition ?? 0) > 0 ? 4 : 0) +
      (spec.podManagementPolicy === 'Parallel' ? 8 : 0) +
      (spec.updateStrategy?.type === 'OnDelete' ? 16 : 0)
    hash = mixed(mixed(hash, flags), few(spec.replicas ?? 1) * 8 + few(status.readyReplicas ?? 0))
    for (const pod of reader.ownedBy('Pod', metadata.uid)) {
      const ready = pod.status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true
      const { name, labels } = pod.metadata
      const ordinal = Number(name.slice(name.lastIndexOf('-') + 1)) - (spec.ordinals?.start ?? 0)
      const looks =
        (phases[pod.status.phase ?? ''] ?? 0) +
        (ready ? 8 : 0) +
        (pod.metadata.deletionTimestamp === undefined ? 0 : 16) +
        (labels?.['controller-revision-hash'] === status.updateRevision ? 32 : 0) +
        (pod.spec.nodeName === undefined ? 0 : 64)
      hash = mixed(hash, looks * 8 + few(Math.max(0, ordinal + 1)))
    }
  }
  let [bound, pending, going] = [0, 0, 0]
  for (const { metadata, status } of reader.list('PersistentVolumeClaim', 'default')) {
    if (metadata.deletionTimestamp !== undefined) going += 1
    else if (status.phase === 'Bound') bound += 1
    else pending += 1
  }
  hash = mixed(hash, few(bound) + 8 * few(pending) + 64 * few(going))
  let [up, down, closed] = [0, 0, 0]
  for (const { metadata, spec } of reader.list('Node')) {
    const machine = getAt(cluster.world.machines, metadata.name)
    if (machine?.power === 'on' && machine.network === 'connected' && machine.kubelet === 'running') up += 1
    else down += 1
    if (spec.unschedulable === true || (spec.taints ?? []).length > 0) closed += 1
  }
  hash = mixed(hash, few(up) + 8 * few(down) + 64 * few(closed))
  hash = mixed(hash, few(sizeOf(cluster.stopped)) + 8 * few(sizeOf(cluster.informerLags)) + 64 * few(cluster.world.behaviours.length))
  return hash >>> 0
}
