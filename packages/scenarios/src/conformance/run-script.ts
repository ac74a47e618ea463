/** Runs one conformance script on a simulated cluster set up as the recorded one was. */
import * as E from 'fp-ts/lib/Either.js'
import {
  bootstrap,
  createSimulation,
  makeControllers,
  recordedClusterSettings,
  type ClusterSettings,
  type Simulation,
  type StorageClassSpec,
} from '@statefold/core'
import { answerDns } from '@statefold/core'
import { runKubectl, noFiles, type ConsoleParts } from '../console/cluster-console.js'
import { splitWords } from '../console/split-words.js'
import type { ConformanceScript, ScriptStep, WorldChange } from './decode-script.js'
import { tracedKinds, type Trace, type TraceStep, type TraceWrite } from './trace.js'
import { worldCommandsFor } from './world-changes.js'

const storageClasses: readonly StorageClassSpec[] = [
  { name: 'keep', provisioner: 'example.com/nfs', reclaimPolicy: 'Retain' },
  { name: 'standard', provisioner: 'example.com/nfs', isDefault: true, allowVolumeExpansion: true },
  { name: 'wait', provisioner: 'example.com/nfs', volumeBindingMode: 'WaitForFirstConsumer' },
]

const settleMaxMs = 90_000
const settleDefaultMs = 2_000

export interface ScriptRun {
  readonly trace: Trace
  readonly simulation: Simulation
}

export const settingsFor = (script: ConformanceScript): ClusterSettings =>
  script.cluster?.fastFailures === true
    ? { ...recordedClusterSettings, tolerationSeconds: 3, nodeMonitorPeriodMs: 500, nodeMonitorGraceMs: 4_000 }
    : recordedClusterSettings

/** `seed` decides all that is chance in the run. */
export const runScript = (name: string, script: ConformanceScript, seed: number): ScriptRun => {
  const settings = settingsFor(script)
  const simulation = createSimulation({ seed, settings, controllers: makeControllers(settings), invariants: [], keepLog: false })
  const writes: TraceWrite[] = []
  const steps: TraceStep[] = []
  let step = -1
  let lastWriteAt = 0
  simulation.changes$.subscribe(({ type, object }) => {
    lastWriteAt = simulation.now()
    if (!tracedKinds.has(object.kind) || (object.metadata.namespace ?? '').startsWith('kube-')) return
    writes.push({ rv: Number(object.metadata.resourceVersion), ms: simulation.now(), step, type, object })
  })
  const zones = ['a', 'b', 'c']
  bootstrap(simulation, {
    nodes: Array.from({ length: script.cluster?.nodes ?? 3 }, (_, index) => ({
      name: `node-${index + 1}`,
      labels: { 'beta.kubernetes.io/arch': 'amd64', 'beta.kubernetes.io/os': 'linux' },
      ...(script.cluster?.zones === true ? { zone: zones[index % 3] ?? 'a' } : undefined),
    })),
    storageClasses,
    dns: false,
  })
  simulation.runUntil(1_300)

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
  let lastNode = ''

  const settle = (quietMs: number): boolean => {
    const began = simulation.now()
    const quiet = quietMs === 0 ? settleDefaultMs : quietMs
    lastWriteAt = began
    while (simulation.now() < began + settleMaxMs) {
      const until = Math.min(lastWriteAt + quiet, began + settleMaxMs)
      if (simulation.now() >= until) return true
      simulation.runUntil(until)
      if (lastWriteAt + quiet <= simulation.now()) return true
    }
    return false
  }

  const nodeOfPod = (pod: string): string => simulation.reader().get('Pod', 'default', pod)?.spec.nodeName ?? ''
  /** `{node of web-0}`, `{last node}` and `{ip of web-0}` in a line. */
  const filledIn = (line: string): string =>
    line
      .replace(/\{node of ([^}]+)\}/g, (_, pod: string) => {
        lastNode = nodeOfPod(pod)
        return lastNode
      })
      .replace(/\{last node\}/g, () => lastNode)
      .replace(
        /\{ip of ([^}]+)\}/g,
        (_, pod: string) =>
          `${(simulation.reader().get('Pod', 'default', pod)?.status.podIP ?? '').split('.').reverse().join('.')}.in-addr.arpa`,
      )

  const changeWorld = (change: WorldChange): void => {
    const node =
      change.node === undefined
        ? undefined
        : change.node === 'last'
          ? lastNode
          : change.node.startsWith('of ')
            ? nodeOfPod(change.node.slice(3))
            : change.node
    if (node !== undefined && change.up === false) lastNode = node
    for (const command of worldCommandsFor(change, node)) simulation.submit(command)
  }

  const runStep = (index: number, what: ScriptStep): TraceStep => {
    if ('kubectl' in what) {
      const words = splitWords(filledIn(what.kubectl))
      if (E.isLeft(words)) return { index, kubectl: what.kubectl, exit: 1, stdout: '', stderr: `error: ${words.left}\n` }
      return { index, kubectl: what.kubectl, ...runKubectl(parts, words.right, what.input ?? '') }
    }
    if ('settle' in what) return { index, settled: settle(what.settle) }
    if ('sleep' in what) {
      simulation.runUntil(simulation.now() + what.sleep)
      return { index }
    }
    if ('dns' in what) {
      simulation.runUntil(simulation.now() + 5)
      const answer = answerDns(simulation.reader(), { name: filledIn(what.dns.name), type: what.dns.type })
      return { index, dns: what.dns, answers: answer.answers, rcode: answer.rcode === 'SERVFAIL' ? 'RCodeServerFailure' : answer.rcode }
    }
    changeWorld(what.world)
    return { index }
  }

  for (const [index, what] of script.steps.entries()) {
    step = index
    steps.push(runStep(index, what))
  }
  return { trace: { format: 'statefold-trace/1', kubernetes: 'v1.36.3', script: name, steps, writes }, simulation }
}
