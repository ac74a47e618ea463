/**
 * What can have happened in the physical world: machines, processes, files, disks. Facts with past-participle names, small, and closed.
 * The codec comes first and the type is derived from it, since facts cross the boundary of the log. Who draws (start times, exit times)
 * writes the outcome into the fact: `reduceWorld` never draws.
 */
import * as t from 'io-ts'

/** A fact with all its fields required. */
const fact = <K extends string, P extends t.Props>(kind: K, fields: P): t.ReadonlyC<t.TypeC<{ kind: t.LiteralC<K> } & P>> =>
  t.readonly(t.type({ kind: t.literal(kind), ...fields }))

/** A fact with optional fields. Absent means absent: encoders never write `undefined`. */
const factWith = <K extends string, P extends t.Props, O extends t.Props>(
  kind: K,
  fields: P,
  optional: O,
): t.IntersectionC<[t.ReadonlyC<t.TypeC<{ kind: t.LiteralC<K> } & P>>, t.ReadonlyC<t.PartialC<O>>]> =>
  t.intersection([fact(kind, fields), t.readonly(t.partial(optional))])

const texts = t.readonly(t.record(t.string, t.string))

/**
 * Something that holds until it is cleared. `pods`, `images`, `volumes` and `provisioners` are patterns with `*` and `?`; a Pod pattern
 * with a slash is namespace/name. `container` narrows it to one container.
 */
export const Behaviour = t.union([
  /** Containers stay in ContainerCreating. */
  factWith('StartHeld', { pods: t.string }, {}),
  /** The start of each container takes this much longer. */
  factWith('StartDelayed', { pods: t.string, byMs: t.number }, { container: t.string }),
  /** The process runs but does not answer probes (or anybody) before this time after its start. */
  factWith('WarmUpSlow', { pods: t.string, forMs: t.number }, { container: t.string }),
  /** Probes of that sort fail; without `probe`: readiness. */
  factWith(
    'ProbeFailing',
    { pods: t.string },
    { container: t.string, probe: t.union([t.literal('readiness'), t.literal('liveness'), t.literal('startup')]), output: t.string },
  ),
  /** The process ends as soon as it has started, and one that runs ends now. */
  factWith('Crashing', { pods: t.string }, { container: t.string, exitCode: t.number, outOfMemory: t.boolean }),
  /** The process ends by itself with that code; under the profile `recorded` only where restartPolicy is not Always. */
  factWith('Exiting', { pods: t.string, exitCode: t.number }, { container: t.string, afterMs: t.number }),
  /** The program is not at its end yet, and nobody knows when it will be. */
  factWith('ExitHeld', { pods: t.string }, { container: t.string }),
  /** Processes that were told to stop do not end, not even when killed (as in an uninterruptible wait for a dead file server). */
  factWith('StopHeld', { pods: t.string }, {}),
  /** Processes need this long after SIGTERM; longer than the grace period means SIGKILL. */
  factWith('StopDelayed', { pods: t.string, byMs: t.number }, { container: t.string }),
  /** The kubelet evicts the Pod for memory, once. */
  factWith('EvictionDue', { pods: t.string }, {}),
  factWith('ImageUnpullable', { images: t.string }, { message: t.string }),
  factWith('ImagePullDelayed', { images: t.string, byMs: t.number }, {}),
  /** `provisioners` matches the provisioner's name or the StorageClass's. */
  factWith('ProvisionerFailing', { provisioners: t.string }, { message: t.string }),
  factWith('ProvisionerDelayed', { provisioners: t.string, byMs: t.number }, {}),
  /** `volumes` matches the PersistentVolume's name or the volume handle. */
  factWith('AttachStuck', { volumes: t.string }, { node: t.string, message: t.string }),
  factWith('DetachStuck', { volumes: t.string }, { node: t.string, message: t.string }),
])
export type Behaviour = t.TypeOf<typeof Behaviour>
export type BehaviourKind = Behaviour['kind']

/** A volume of a Pod as it is mounted on the machine: its name in the Pod and the asset behind it. */
export const MountedVolume = t.intersection([
  t.readonly(t.type({ name: t.string, asset: t.string })),
  t.readonly(t.partial({ readOnly: t.boolean })),
])
export type MountedVolume = t.TypeOf<typeof MountedVolume>

/** Where a container sees a volume. */
export const MountPoint = t.intersection([
  t.readonly(t.type({ path: t.string, volume: t.string })),
  t.readonly(t.partial({ subPath: t.string, readOnly: t.boolean })),
])
export type MountPoint = t.TypeOf<typeof MountPoint>

/** When and how a container that was told to stop will end, unless something comes between. */
export const PlannedExit = t.readonly(t.type({ container: t.string, exitsAt: t.number, exitCode: t.number }))
export type PlannedExit = t.TypeOf<typeof PlannedExit>

/** How a process ended, in a cluster whose objects were imported. */
const EndOfProcess = t.intersection([
  t.readonly(t.type({ finishedAt: t.number, exitCode: t.number, reason: t.string, attempt: t.number })),
  t.readonly(t.partial({ startedAt: t.number, message: t.string })),
])

const probe = t.union([t.literal('readiness'), t.literal('liveness'), t.literal('startup')])
export type ProbeSort = t.TypeOf<typeof probe>

const ofNode = { node: t.string }
const ofContainer = { podUid: t.string, container: t.string }

export const WorldEvent = t.union([
  /** A machine was installed; its kubelet runs and will register a Node object. */
  factWith('MachineAdded', { node: t.string, address: t.string }, { labels: texts, capacity: texts }),
  fact('MachineRemoved', ofNode),
  /** Power lost: all processes of the machine are gone; files on its disks stay. */
  fact('NodeCrashed', ofNode),
  /** Power back, kubelet running again. Also a reboot of a machine that ran. */
  fact('NodeRestarted', ofNode),
  /** Cut off from the control plane and the other machines; its processes go on. */
  fact('NodePartitioned', ofNode),
  fact('NodeReconnected', ofNode),
  /** The kubelet does nothing any more; containers go on and answer. */
  fact('KubeletHung', ofNode),
  fact('KubeletResumed', ofNode),

  /** The kubelet waits until the Pod's volumes are attached and can be mounted. */
  fact('VolumesAwaited', { podUid: t.string, namespace: t.string, name: t.string, node: t.string }),
  /** The Pod's sandbox (network namespace) with its address. Usable from `readyAt` on. A second one replaces a lost one. */
  factWith(
    'SandboxCreated',
    { podUid: t.string, namespace: t.string, name: t.string, node: t.string, address: t.string, readyAt: t.number },
    { restartPolicy: t.string, volumes: t.readonlyArray(MountedVolume), hostNetwork: t.boolean },
  ),
  /** All that was left of the Pod on the machine is cleaned away: sandbox, containers, writable layers, emptyDirs. */
  fact('SandboxRemoved', { podUid: t.string }),
  fact('ImagePullStarted', { ...ofContainer, image: t.string, endsAt: t.number }),
  fact('ImagePulled', { node: t.string, image: t.string }),
  factWith('ImagePullFailed', { ...ofContainer, image: t.string, message: t.string }, {}),
  /** The next process of that container is being created and will run from `startsAt` on. */
  factWith('ContainerCreated', { ...ofContainer, image: t.string, startsAt: t.number }, { mounts: t.readonlyArray(MountPoint) }),
  fact('ContainerStarted', ofContainer),
  /**
   * What the status of an imported Pod tells of a container: it has been running since `startedAt`, or has ended as `finished`; how the one
   * before ended, the delay of its back-off, whether its probes succeed.
   */
  factWith(
    'ContainerFound',
    { ...ofContainer, image: t.string, attempt: t.number },
    {
      startedAt: t.number,
      finished: EndOfProcess,
      lastFinished: EndOfProcess,
      backOffMs: t.number,
      isReady: t.boolean,
      mounts: t.readonlyArray(MountPoint),
    },
  ),
  /** `unexpected`: it came from outside, the kubelet has yet to notice. */
  factWith('ContainerExited', { ...ofContainer, exitCode: t.number, reason: t.string }, { message: t.string, unexpected: t.boolean }),
  /** The container could not be created (`CreateContainerConfigError`, …). */
  fact('ContainerRefused', { ...ofContainer, reason: t.string, message: t.string }),
  /** SIGTERM was sent (after preStop hooks); at `killAt` SIGKILL follows. */
  fact('TerminationStarted', { podUid: t.string, killAt: t.number, exits: t.readonlyArray(PlannedExit) }),
  /** A probe's answer, when it changes what is known: the outcome, how often in a row, and what the kubelet believes since (the thresholds count). */
  fact('ProbeAnswered', { ...ofContainer, probe, succeeded: t.boolean, inARow: t.number, verdict: t.boolean }),

  /** Bytes came into being that outlive containers: `nfs:server/path`, `disk:handle`, `host:node/path`, `local:node/path`, `empty:uid/volume`, `log:uid/container/attempt`. */
  factWith('AssetCreated', { asset: t.string }, { capacityBytes: t.number }),
  /** A disk's file system, or a share, has become larger. */
  fact('AssetGrown', { asset: t.string, capacityBytes: t.number }),
  fact('AssetDeleted', { asset: t.string }),
  fact('FileWritten', { asset: t.string, path: t.string, content: t.string }),
  fact('DirectoryCreated', { asset: t.string, path: t.string }),
  /** Also hides a file of the image layer when `asset` is a container's layer. A directory goes with all it holds. */
  fact('FileRemoved', { asset: t.string, path: t.string }),
  fact('VolumeAttached', { volume: t.string, node: t.string }),
  fact('VolumeDetached', { volume: t.string, node: t.string }),

  t.readonly(t.type({ kind: t.literal('BehaviourSet'), behaviour: Behaviour })),
  /** `target` is the pattern it was set with (`pods`, `images`, `volumes` or `provisioners`); a name inside a wider pattern is exempted from it. */
  fact('BehaviourCleared', { behaviour: t.string, target: t.string }),
])
export type WorldEvent = t.TypeOf<typeof WorldEvent>
