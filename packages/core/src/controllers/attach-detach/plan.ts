/**
 * Attaches disks to the nodes whose Pods want them, and detaches them from the others. A key is a PersistentVolume with a disk behind it.
 * Follows pkg/controller/volume/attachdetach/reconciler/reconciler.go.
 *
 * Differs from Kubernetes: no VolumeAttachment objects are written; attachments are facts of the world.
 */
import type { Node, PersistentVolume, Pod } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { actOnWorld, attachedNodesOf, disksInUseOn, storageBehaviour, type World } from '../../cluster/world.js'
import { isJsonObject, type Json, type JsonObject } from '../../kernel/json.js'
import type { SimTime } from '../../kernel/sim-time.js'
import { isNodeReady, outOfServiceTaint } from '../../resources/node/queries.js'
import { diskOf } from '../../resources/persistent-volume/queries.js'
import { isTerminal } from '../../resources/pod/queries.js'
import type { Plan, PlanContext, Waiting } from '../controller.js'
import { report } from '../requests.js'
import type { Steps } from '../steps.js'

/** maxWaitForUnmountDuration: after so long a disk is taken from a node that does not answer. */
const forceDetachMs = 360_000
/** How often a disk that waits is looked at again. */
const retryMs = 500
/** The longest pause between two tries of one operation. */
const longestPauseMs = 122_000

/** Tries come at once, then after half a second, one, two … Follows pkg/util/goroutinemap/exponentialbackoff. */
const untilNextTry = (sinceMs: number): number => {
  let at = 0
  for (let pause = retryMs; at <= sinceMs; pause = Math.min(longestPauseMs, pause * 2)) at += pause
  return at - sinceMs
}

/** Times, by node: since when it is to be detached, since when it is being attached. And which Pods were told of a disk in use elsewhere. */
interface Memory {
  readonly detaching: { readonly [node: string]: SimTime }
  readonly attaching: { readonly [node: string]: SimTime }
  readonly told: readonly string[]
}

const timesOf = (json: Json | undefined): { readonly [node: string]: SimTime } => {
  const times: { [node: string]: SimTime } = {}
  if (isJsonObject(json)) for (const [node, time] of Object.entries(json)) if (typeof time === 'number') times[node] = time
  return times
}
const memoryOf = (json: Json | undefined): Memory => {
  const fields: JsonObject = isJsonObject(json) ? json : {}
  const told = fields['told']
  return {
    detaching: timesOf(fields['detaching']),
    attaching: timesOf(fields['attaching']),
    told: Array.isArray(told) ? (told as readonly Json[]).filter((uid) => typeof uid === 'string') : [],
  }
}

/** Pods that have a node and want the volume there. Follows the desired state of the world: finished Pods want nothing. */
const usersOf = (volume: PersistentVolume, reader: Reader): readonly Pod[] => {
  const { namespace = '', name = '', uid } = volume.spec.claimRef ?? {}
  const claim = reader.get('PersistentVolumeClaim', namespace, name)
  if (claim === undefined || claim.metadata.uid !== uid || claim.spec.volumeName !== volume.metadata.name) return []
  return reader.podsWithClaim(namespace, name).filter((pod) => (pod.spec.nodeName ?? '') !== '' && !isTerminal(pod))
}

const isShared = (volume: PersistentVolume): boolean => {
  const modes = volume.spec.accessModes ?? []
  return modes.length === 0 || modes.includes('ReadWriteMany') || modes.includes('ReadOnlyMany')
}

const isOutOfService = (node: Node | undefined): boolean => node?.spec.taints?.some(({ key }) => key === outOfServiceTaint) === true

const plural = (pods: readonly Pod[]): string => pods.map((pod) => pod.metadata.name).join(', ')

/** Follows reportMultiAttachError. */
const multiAttachMessage = (volumeName: string, waiting: Pod, others: readonly Pod[]): string => {
  const near = others.filter((pod) => pod.metadata.namespace === waiting.metadata.namespace)
  const far = others.length - near.length
  const start = `Multi-Attach error for volume "${volumeName}" `
  if (others.length === 0) return `${start}Volume is already exclusively attached to one node and can't be attached to another`
  if (near.length === 0) return `${start}Volume is already used by ${far} pod(s) in different namespaces`
  return `${start}Volume is already used by pod(s) ${plural(near)}${far === 0 ? '' : ` and ${far} pod(s) in different namespaces`}`
}

const namesOf = (volume: PersistentVolume, disk: string): readonly string[] => [volume.metadata.name, disk]

type Verdict = { readonly detach: true } | { readonly detach: false; readonly because: string; readonly againAfterMs: number }

/** May the disk be taken from that node now? */
const judgeDetach = (
  volume: PersistentVolume,
  disk: string,
  nodeName: string,
  since: SimTime,
  { reader, world, now }: PlanContext,
): Verdict => {
  const node = reader.get('Node', '', nodeName)
  const elapsed = now - since
  const forced = (elapsed >= forceDetachMs && (node === undefined || !isNodeReady(node))) || isOutOfService(node)
  const stuck = storageBehaviour(world, 'DetachStuck', namesOf(volume, disk), nodeName)
  if (stuck !== undefined) return { detach: false, because: stuck.message ?? 'the disk cannot be detached', againAfterMs: retryMs }
  if (!forced && disksInUseOn(world, nodeName).includes(disk))
    return { detach: false, because: `still mounted on ${nodeName}`, againAfterMs: retryMs }
  const left = world.settings.latencies.detachMs - elapsed
  return left > 0 && !forced ? { detach: false, because: `being detached from ${nodeName}`, againAfterMs: left } : { detach: true }
}

interface Progress {
  readonly attached: readonly string[]
  readonly detaching: { readonly [node: string]: SimTime }
  readonly waiting: readonly Waiting[]
  readonly againAfterMs: number | undefined
}

function* detachPass(
  volume: PersistentVolume,
  disk: string,
  wanted: ReadonlySet<string>,
  memory: Memory,
  context: PlanContext,
): Steps<Progress> {
  const attached: string[] = []
  const detaching: { [node: string]: SimTime } = {}
  const waiting: Waiting[] = []
  let againAfterMs: number | undefined
  for (const node of attachedNodesOf(context.world, disk)) {
    if (wanted.has(node)) {
      attached.push(node)
      continue
    }
    const since = memory.detaching[node] ?? context.now
    const verdict = judgeDetach(volume, disk, node, since, context)
    if (verdict.detach) {
      yield actOnWorld({ kind: 'VolumeDetached', volume: disk, node })
      continue
    }
    attached.push(node)
    detaching[node] = since
    waiting.push({ kind: 'VolumeAttachedElsewhere', on: volume.metadata.name, because: verdict.because })
    againAfterMs = Math.min(againAfterMs ?? verdict.againAfterMs, verdict.againAfterMs)
  }
  return { attached, detaching, waiting, againAfterMs }
}

function* attachTo(
  volume: PersistentVolume,
  disk: string,
  node: string,
  users: readonly Pod[],
  since: SimTime,
  { world, now }: { readonly world: World; readonly now: SimTime },
): Steps<number> {
  const stuck = storageBehaviour(world, 'AttachStuck', namesOf(volume, disk), node)
  const name = volume.metadata.name
  if (stuck !== undefined) {
    if (stuck.message !== undefined)
      for (const pod of users)
        yield* report(pod, {
          type: 'Warning',
          reason: 'FailedAttachVolume',
          message: `AttachVolume.Attach failed for volume "${name}" : ${stuck.message}`,
        })
    return untilNextTry(now - since)
  }
  const left = since + world.settings.latencies.attachMs - now
  if (left > 0) return left
  yield actOnWorld({ kind: 'VolumeAttached', volume: disk, node })
  for (const pod of users)
    yield* report(pod, { type: 'Normal', reason: 'SuccessfulAttachVolume', message: `AttachVolume.Attach succeeded for volume "${name}" ` })
  return 0
}

export function* planAttachment(context: PlanContext): Plan {
  const { key, reader, now } = context
  const volume = reader.get('PersistentVolume', '', key)
  const disk = volume === undefined ? undefined : diskOf(volume)
  if (volume === undefined || disk === undefined) return { memory: null }
  const memory = memoryOf(context.memory)
  const users = usersOf(volume, reader)
  const wanted = new Set(users.map((pod) => pod.spec.nodeName ?? ''))
  // Detaching comes first, so that a disk that moves is free.
  const { attached, detaching, waiting, againAfterMs } = yield* detachPass(volume, disk, wanted, memory, context)
  const here = new Set(attached)
  const attaching: { [node: string]: SimTime } = {}
  const told: string[] = []
  const waitingFor: Waiting[] = [...waiting]
  let again = againAfterMs
  for (const node of [...wanted].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))) {
    if (here.has(node)) continue
    const theirs = users.filter((pod) => pod.spec.nodeName === node)
    if (here.size > 0 && !isShared(volume)) {
      const others = users.filter((pod) => here.has(pod.spec.nodeName ?? ''))
      for (const pod of theirs) {
        told.push(pod.metadata.uid)
        if (!memory.told.includes(pod.metadata.uid))
          yield* report(pod, { type: 'Warning', reason: 'FailedAttachVolume', message: multiAttachMessage(key, pod, others) })
      }
      waitingFor.push({ kind: 'MultiAttach', on: key, because: `attached to ${[...here].join(', ')}, wanted on ${node}` })
      continue
    }
    const since = memory.attaching[node] ?? now
    const left = yield* attachTo(volume, disk, node, theirs, since, context)
    if (left === 0) {
      here.add(node)
      continue
    }
    attaching[node] = since
    waitingFor.push({ kind: 'VolumeAttaching', on: key, because: `being attached to ${node}` })
    again = Math.min(again ?? left, left)
  }
  const isQuiet = Object.keys(detaching).length === 0 && Object.keys(attaching).length === 0 && told.length === 0
  return {
    memory: isQuiet ? null : { detaching, attaching, told },
    waitingFor,
    ...(again === undefined ? undefined : { requeueAfterMs: again }),
  }
}
