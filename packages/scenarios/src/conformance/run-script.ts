/**
 * Runs one conformance script on a simulated cluster set up as the recorded one was, and writes down what the recorder of the real cluster
 * would: the same steps with the same waits, the same kinds of writes.
 */
import * as E from 'fp-ts/lib/Either.js'
import {
  bootstrap,
  createSimulation,
  makeControllers,
  recordedClusterSettings,
  seededChoose,
  type Choose,
  type ClusterSettings,
  type Simulation,
  type StorageClassSpec,
} from '@statefold/core'
import { kubectlClusterOf, noFiles, passTime, type ConsoleParts, type LineResult } from '../console/cluster-console.js'
import { kubectl } from '../console/kubectl/kubectl.js'
import type { ConsoleWait } from '../console/kubectl/kubectl-cluster.js'
import { askDns } from './ask-dns.js'
import type { ConformanceScript, ScriptStep, WorldChange } from './decode-script.js'
import { splitLine } from './split-line.js'
import { tracedKinds, type Trace, type TraceStep, type TraceWrite } from './trace.js'
import { worldCommandsFor } from './world-changes.js'

const storageClasses: readonly StorageClassSpec[] = [
  { name: 'keep', provisioner: 'example.com/nfs', reclaimPolicy: 'Retain' },
  { name: 'standard', provisioner: 'example.com/nfs', isDefault: true, allowVolumeExpansion: true },
  { name: 'wait', provisioner: 'example.com/nfs', volumeBindingMode: 'WaitForFirstConsumer' },
]

/** The cluster has come to rest before the first step. */
const restMs = 1_900
const settleMaxMs = 90_000
const settleDefaultMs = 2_000
/** The recorder looks whether it is quiet this often. */
const settlePollMs = 20
/** The recorder ends a kubectl that runs longer; its exit status is then -1. */
const kubectlMaxMs = 120_000
const dnsMs = 5
/** The recorder lists all Pods after a change of the world. */
const worldMs = 5

export interface ScriptRun {
  readonly trace: Trace
  readonly simulation: Simulation
}

export interface ScriptRunOptions {
  /** Decides all that is chance in the run. */
  readonly seed: number
  /** Keep the events, to tell who wrote what (default false). */
  readonly keepLog?: boolean
}

const settingsFor = ({ fastFailures }: ConformanceScript): ClusterSettings =>
  fastFailures
    ? { ...recordedClusterSettings, tolerationSeconds: 3, nodeMonitorPeriodMs: 500, nodeMonitorGraceMs: 4_000 }
    : recordedClusterSettings

export const runScript = (name: string, script: ConformanceScript, { seed, keepLog = false }: ScriptRunOptions): ScriptRun => {
  const settings = settingsFor(script)
  const draw = seededChoose(seed)
  // Which of several like nodes comes first is a race of the scheduler's workers there; most often they look at the nodes in order.
  const choose: Choose = (address, choices) => (address.stream === 'kube-scheduler/tie' ? 0 : draw(address, choices))
  const simulation = createSimulation({ seed, choose, settings, controllers: makeControllers(settings), invariants: [], keepLog })
  const writes: TraceWrite[] = []
  const steps: TraceStep[] = []
  let step = -1
  let lastWriteAt = 0
  simulation.changes$.subscribe(({ type, object }) => {
    if (!tracedKinds.has(object.kind) || (object.metadata.namespace ?? '').startsWith('kube-')) return
    lastWriteAt = simulation.now()
    writes.push({ rv: Number(object.metadata.resourceVersion), ms: simulation.now(), step, type, object })
  })
  const zones = ['a', 'b', 'c']
  bootstrap(simulation, {
    nodes: Array.from({ length: Math.max(0, script.nodes) }, (_, index) => ({
      name: `node-${index + 1}`,
      labels: { 'beta.kubernetes.io/arch': 'amd64', 'beta.kubernetes.io/os': 'linux' },
      ...(script.zones ? { zone: zones[index % 3] ?? 'a' } : undefined),
    })),
    storageClasses,
    dns: false,
  })
  simulation.runUntil(restMs)

  const parts: ConsoleParts = {
    simulation,
    files: noFiles,
    timing: { startMs: 40, requestMs: 6 },
    *exec() {
      yield* []
      return { exit: 1, stdout: '', stderr: 'error: exec is not part of conformance scripts\n' }
    },
    logsOf: () => [],
  }
  /** What `{last node}` means: the node that `{node of …}` last named. */
  let lastNamed = ''
  /** What `node: last` means: the node that was last silenced. */
  let lastSilenced = ''

  const settle = (quietMs: number): boolean => {
    const start = simulation.now()
    const end = start + settleMaxMs
    const quiet = quietMs === 0 ? settleDefaultMs : quietMs
    lastWriteAt = start
    while (simulation.now() < end) {
      if (simulation.now() - lastWriteAt >= quiet) return true
      const looks = Math.ceil((lastWriteAt + quiet - start) / settlePollMs)
      simulation.runUntil(Math.min(start + looks * settlePollMs, end))
    }
    return false
  }

  const nodeOfPod = (pod: string): string => simulation.reader().get('Pod', 'default', pod)?.spec.nodeName ?? ''
  const addressOfPod = (pod: string): string => simulation.reader().get('Pod', 'default', pod)?.status.podIP ?? ''
  /** `{node of web-0}` and `{ip of web-0}` in a line from left to right, then `{last node}`. */
  const filledIn = (line: string): string =>
    line
      .replace(/\{node of ([^}]*)\}/g, (_, pod: string) => {
        lastNamed = nodeOfPod(pod)
        return lastNamed
      })
      .replace(/\{ip of ([^}]*)\}/g, (_, pod: string) => `${addressOfPod(pod).split('.').reverse().join('.')}.in-addr.arpa`)
      .replaceAll('{last node}', () => lastNamed)

  const nodeMeant = (written: string): string =>
    written.startsWith('of ') ? nodeOfPod(written.slice('of '.length)) : written === 'last' ? lastSilenced : written

  const changeWorld = (change: WorldChange): void => {
    const node = change.node === undefined ? undefined : nodeMeant(change.node)
    if (node !== undefined && change.up === false) lastSilenced = node
    for (const command of worldCommandsFor(change, node, simulation.reader())) simulation.submit(command)
  }

  const runStep = (index: number, what: ScriptStep): TraceStep => {
    if ('kubectl' in what) {
      const words = splitLine(filledIn(what.kubectl))
      return E.isLeft(words)
        ? { index, kubectl: what.kubectl, exit: 1, stdout: '', stderr: `error: ${words.left}\n` }
        : { index, kubectl: what.kubectl, ...runKubectlFor(parts, words.right, what.input, kubectlMaxMs) }
    }
    if ('settle' in what) return { index, settled: settle(what.settle) }
    if ('sleep' in what) {
      simulation.runUntil(simulation.now() + what.sleep)
      return { index }
    }
    if ('dns' in what) {
      simulation.runUntil(simulation.now() + dnsMs)
      return { index, dns: what.dns, ...askDns(simulation.reader(), { ...what.dns, name: filledIn(what.dns.name) }) }
    }
    changeWorld(what.world)
    simulation.runUntil(simulation.now() + worldMs)
    return { index }
  }

  for (const [index, what] of script.steps.entries()) {
    step = index
    steps.push(runStep(index, what))
  }
  return { trace: { format: 'statefold-trace/1', kubernetes: 'v1.36.3', script: name, steps, writes }, simulation }
}

/** One kubectl line, ended after the given time. */
const runKubectlFor = (parts: ConsoleParts, args: readonly string[], stdin: string, maxMs: number): LineResult => {
  const { simulation, timing } = parts
  const end = simulation.now() + maxMs
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
    const wait = boundedWait(step.value, simulation.now(), end)
    if (simulation.now() >= end || !passTime(simulation, wait)) return { exit: -1, stdout, stderr }
  }
}

const boundedWait = (wait: ConsoleWait, now: number, end: number): ConsoleWait => {
  if (wait.kind === 'sleep') return { kind: 'sleep', ms: Math.min(wait.ms, end - now) }
  return wait.kind === 'wait-for-change' ? { kind: 'wait-for-change', atMost: Math.min(wait.atMost ?? end, end) } : wait
}
