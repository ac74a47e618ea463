/** Volumes and the sandbox: what must be there before any container. */
import { isJsonObject, type Json } from '../../kernel/json.js'
import type { Steps } from '../steps.js'
import { reportDisksInUse } from './disks-in-use.js'
import { nextPodAddress } from './pod-addresses.js'
import { volumesOf, type VolumeTrouble } from './pod-volumes.js'
import { processesIn, wakeBy, waitFor, happen, namesOf, say, type Progress, type Scene, type Mounting } from './progress.js'

const mountSummaryMs = 123_000
const mountRetryMs = 500
const mountRetryMaxMs = 122_000

export function* ensureSandbox(scene: Scene, begin: Progress): Steps<Progress> {
  const { now, machine, context } = scene
  const processes = processesIn(begin)
  if (processes?.sandbox !== undefined && processes.sandbox.alive) return begin
  // Processes that were lost with their sandbox are not begun again where nothing may be restarted.
  if (processes?.sandbox !== undefined && begin.pod.spec.restartPolicy === 'Never' && processes.containers.length > 0) return begin
  // A kubelet that is cut off cannot read claims, but what it had begun goes on with what is mounted.
  if (!scene.online && processes === undefined) return begin
  const { pod, world } = begin
  const { mounted, trouble, facts } = volumesOf(context.reader, world, pod, machine.node)
  let progress = begin
  if (trouble.length > 0) {
    if (processes === undefined)
      progress = yield* happen(scene, progress, { kind: 'VolumesAwaited', podUid: pod.metadata.uid, ...namesOf(pod), node: machine.node })
    for (const { kind, on, volume } of trouble)
      progress = waitFor(progress, { kind, on, because: `volume ${volume} cannot be mounted yet` })
    return yield* tellMountTrouble(scene, progress, trouble)
  }
  for (const fact of facts) progress = yield* happen(scene, progress, fact)
  if (processes?.sandbox !== undefined)
    yield* say(scene, progress, { reason: 'SandboxChanged', message: 'Pod sandbox changed, it will be killed and re-created.' })
  const { restartPolicy } = pod.spec
  const isHost = pod.spec.hostNetwork === true
  progress = yield* happen(scene, progress, {
    kind: 'SandboxCreated',
    podUid: pod.metadata.uid,
    ...namesOf(pod),
    node: machine.node,
    address: isHost ? machine.address : nextPodAddress(progress.world, machine.node),
    readyAt: now + world.settings.latencies.sandboxMs,
    ...(restartPolicy === undefined ? undefined : { restartPolicy }),
    ...(mounted.length === 0 ? undefined : { volumes: mounted }),
    ...(isHost ? { hostNetwork: true } : undefined),
  })
  if (mounted.some(({ asset }) => asset.startsWith('disk:')))
    yield* reportDisksInUse(context.reader, progress.world, machine.node, scene.online)
  return progress
}

/** Says at once what is wrong and repeats it with doubling delays; every two minutes and three seconds there is a summary. */
// Follows the back-off of operations in pkg/util/goroutinemap/exponentialbackoff and podAttachAndMountTimeout in pkg/kubelet/volumemanager.
function* tellMountTrouble(scene: Scene, begin: Progress, trouble: readonly VolumeTrouble[]): Steps<Progress> {
  const { now, context } = scene
  let mounting = mountingOf(context.memory) ?? { tries: 0, nextAt: now, summaryAt: now + mountSummaryMs }
  const told = trouble.filter(({ message }) => message !== undefined)
  if (now >= mounting.nextAt) {
    for (const { message = '' } of told) yield* say(scene, begin, { type: 'Warning', reason: 'FailedMount', message })
    const delay = Math.min(mountRetryMaxMs, mountRetryMs * 2 ** Math.min(mounting.tries, 8))
    mounting = { ...mounting, tries: mounting.tries + 1, nextAt: now + delay }
  }
  if (now >= mounting.summaryAt) {
    const names = trouble.map(({ volume }) => volume).join(' ')
    yield* say(scene, begin, {
      type: 'Warning',
      reason: 'FailedMount',
      message: `Unable to attach or mount volumes: unmounted volumes=[${names}], unattached volumes=[], failed to process volumes=[]: context deadline exceeded`,
    })
    mounting = { ...mounting, summaryAt: now + mountSummaryMs }
  }
  return wakeBy({ ...begin, mounting }, Math.min(mounting.nextAt, mounting.summaryAt))
}

const mountingOf = (memory: Json | undefined): Mounting | undefined => {
  if (!isJsonObject(memory)) return undefined
  const { tries, nextAt, summaryAt } = memory as { readonly [key: string]: Json }
  return typeof tries === 'number' && typeof nextAt === 'number' && typeof summaryAt === 'number' ? { tries, nextAt, summaryAt } : undefined
}
