/**
 * A console on a simulation: runs command lines and lets simulated time pass while they wait. The console submits commands between turns,
 * as any outside actor does; it keeps nothing that the cluster needs.
 */
import type { ApiCommand, ApiResult, Simulation, SimTime, WatchNotification } from '@statefold/core'
import { warningsOfRequest } from '@statefold/core'
import { kubectl } from './kubectl/kubectl.js'
import type {
  ConsoleContext,
  ConsoleWait,
  CopiedFiles,
  ExecRequest,
  ExecResult,
  FileEditor,
  KubectlCluster,
  WatchEvent,
} from './kubectl/kubectl-cluster.js'

/** The files that a console may read: those of its folder. */
export interface ConsoleFiles {
  /** undefined: there is no such file. */
  readonly readFile: (path: string) => string | undefined
  /** The names in a folder; undefined: there is no such folder. */
  readonly listFiles: (path: string) => readonly string[] | undefined
}

export const noFiles: ConsoleFiles = { readFile: () => undefined, listFiles: () => undefined }

export interface ConsoleTiming {
  /** From the start of a line to its first request. */
  readonly startMs: number
  /** After each write, before the next request. */
  readonly requestMs: number
}

export const kubectlTiming: ConsoleTiming = { startMs: 40, requestMs: 6 }

export interface LineResult {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

export interface ConsoleParts {
  readonly simulation: Simulation
  readonly files: ConsoleFiles
  readonly timing: ConsoleTiming
  readonly exec: (request: ExecRequest) => Generator<ConsoleWait, ExecResult, void>
  readonly logsOf: KubectlCluster['logsOf']
  readonly ownFiles?: CopiedFiles
  readonly context?: ConsoleContext
  readonly editor?: FileEditor
  readonly containerFiles?: KubectlCluster['containerFiles']
}

/** Waits of a line are bounded: nobody waits longer than this for a change. */
const patienceMs = 24 * 3_600_000

/** Lets time pass until the wait is over. False: nothing will ever change again, so waiting on is in vain. */
export const passTime = (simulation: Simulation, wait: ConsoleWait): boolean => {
  if (wait.kind === 'sleep') {
    simulation.runUntil(simulation.now() + wait.ms)
    return true
  }
  if (wait.kind === 'read-line') return false
  const until: SimTime = wait.atMost ?? simulation.now() + patienceMs
  const revision = simulation.state().cluster.revision
  simulation.runUntil(until, () => simulation.state().cluster.revision !== revision)
  return simulation.state().cluster.revision !== revision || wait.atMost !== undefined
}

export const kubectlClusterOf = ({
  simulation,
  files,
  timing,
  exec,
  logsOf,
  ownFiles,
  context,
  editor,
  containerFiles,
}: ConsoleParts): KubectlCluster => {
  let warnings: readonly string[] = []
  const request = (command: ApiCommand): ApiResult => {
    const before = warningsFrom(command)
    const result = simulation.submit(command)
    // A refused request is warned of nothing: the strategies speak when the object is sound.
    warnings = result._tag === 'Left' ? [] : before
    simulation.runUntil(simulation.now() + timing.requestMs)
    return result
  }
  const warningsFrom = (command: ApiCommand): readonly string[] => {
    const stored = (kind: string, namespace = '', name = '') => simulation.reader().getAny(kind, namespace, name)
    if (command.kind === 'ReplaceObject') {
      const { kind, metadata } = command.object
      return warningsOfRequest(command, stored(kind, metadata?.namespace, metadata?.name))
    }
    if (command.kind === 'PatchObject') {
      const { kind, namespace, name } = command.target
      return warningsOfRequest(command, stored(kind, namespace, name))
    }
    return warningsOfRequest(command, undefined)
  }
  return {
    now: simulation.now,
    request,
    reader: simulation.reader,
    warnings: () => warnings,
    watch: (kind, namespace) => watchOf(simulation, kind, namespace),
    logsOf,
    exec,
    readFile: files.readFile,
    listFiles: files.listFiles,
    ...(ownFiles === undefined ? undefined : { ownFiles }),
    ...(context === undefined ? undefined : { context }),
    ...(editor === undefined ? undefined : { editor }),
    ...(containerFiles === undefined ? undefined : { containerFiles }),
    revision: () => String(simulation.state().cluster.revision),
    serverVersion: 'v1.36.3',
  }
}

const watchOf = (simulation: Simulation, kind: string, namespace: string | undefined): (() => readonly WatchEvent[]) => {
  let heard: WatchEvent[] = []
  simulation.changes$.subscribe((notification: WatchNotification) => {
    const { type, object } = notification
    if (object.kind === kind && (namespace === undefined || object.metadata.namespace === namespace)) heard.push({ type, object })
  })
  return () => {
    const news = heard
    heard = []
    return news
  }
}

/** Runs one kubectl line to its end. */
export const runKubectl = (parts: ConsoleParts, args: readonly string[], stdin: string): LineResult => {
  const { simulation, timing } = parts
  simulation.runUntil(simulation.now() + timing.startMs)
  let stdout = ''
  let stderr = ''
  const line = kubectl(args, stdin, kubectlClusterOf(parts), {
    stdout: (text) => {
      stdout += text
    },
    stderr: (text) => {
      stderr += text
    },
  })
  for (let step = line.next(); ; step = line.next()) {
    if (step.done === true) return { exit: step.value, stdout, stderr }
    if (!passTime(simulation, step.value))
      return { exit: 1, stdout, stderr: `${stderr}error: nothing will change any more; the command would wait for ever\n` }
  }
}
