/** Runs a scenario: (scenario, seed) → report. Synchronous; everything that happens is in the simulation's log. */
import * as E from 'fp-ts/lib/Either.js'
import {
  allInvariants,
  bootstrap,
  createSimulation,
  defaultClusterSettings,
  entriesOf,
  fileSystemOf,
  limits,
  makeControllers,
  overriddenChoose,
  seededChoose,
  splitObjectPath,
  type ClusterCommand,
  type ClusterSettings,
  type ClusterSpec,
  type Controller,
  type Invariant,
  type Json,
  type Kinds,
  type Simulation,
  type StorageClassSpec,
  overdueIn,
  unrestIn,
  type FoundViolation,
  type RunState,
} from '@statefold/core'
import { worldCommandsFor } from './conformance/world-changes.js'
import { runKubectl, type LineResult } from './console/cluster-console.js'
import { createSession, type Session } from './console/session.js'
import { splitWords } from './console/split-words.js'
import { quietDefaultMs, settle, unsettledObjects, watchQuiet } from './convergence.js'
import { asOne, checkDns, conditionWords, dnsName, evaluate, type ConditionView } from './evaluate-condition.js'
import { makeSearchSpace, searchStart } from './explore/search-space.js'
import { walkSearch } from './explore/walk.js'
import { faultCommands, healCommands } from './fault-commands.js'
import { formatDuration } from './format/duration.js'
import type { Problem } from './format/problem.js'
import { problemsOfRefusal, type PlacedManifest } from './format/read-manifests.js'
import type { ImageEntry, ScenarioCluster, ScenarioExpectation, ScenarioStep } from './format/scenario-codec.js'
import { watchSecrets } from './hide-secrets.js'
import { importObjects } from './import-objects.js'
import { kubectlParts, runConsoleLine, sessionOf } from './make-console.js'
import { brokenPromisesIn, hotLoopIn, hotLoopProperty, hotLoopWindow, NeverAtRest, type BrokenPromise } from './promises.js'
import { withPrograms } from './run-programs.js'
import type { CommandReport, ExpectationReport, ObjectReport, Outcome, RunReport, StepReport, ViolationReport } from './run-report.js'
import { titleOf, type Scenario } from './scenario.js'
import { watchStoredKinds } from './simulated-kinds.js'
import { stepWords } from './step-words.js'

export interface RunOptions {
  readonly seed?: number
  /** Ends the run at this simulated time at the latest. */
  readonly untilMs?: number
  readonly invariants?: readonly Invariant[]
  /** Other controllers than the product's own. */
  readonly controllers?: (settings: ClusterSettings) => readonly Controller[]
  /** Called before anything has happened: subscribe here. */
  readonly observe?: (simulation: Simulation, settings: ClusterSettings, seed: number) => void
  /** Called when the input has been accepted and the run is under way. */
  readonly accepted?: () => void
  /** The command that repeats the run, for messages. */
  readonly again?: string
}

export interface ScenarioRun {
  readonly report: RunReport
  readonly simulation: Simulation
}

const untilDefaultMs = 600_000

/** More events than this in one run: a hot loop or a scenario for another machine. About 2 GB of log. */
const eventsPerRunMax = 5_000_000

const defaultStorageClasses: readonly StorageClassSpec[] = [
  { name: 'standard', provisioner: 'example.com/nfs', isDefault: true, allowVolumeExpansion: true },
  { name: 'disk', provisioner: 'disk.example.com', volumeBindingMode: 'WaitForFirstConsumer', allowVolumeExpansion: true },
]

const rangeOf = (range: number | { readonly min: number; readonly max: number }): { readonly min: number; readonly max: number } =>
  typeof range === 'number' ? { min: range, max: range } : { min: range.min, max: Math.max(range.min, range.max) }

const behaviourOf = ({ pull, stop, answersAfter, exits, ...rest }: ImageEntry): ClusterSettings['world']['images'][number] => ({
  ...rest,
  ...(pull === undefined ? undefined : { pullMs: pull }),
  ...(stop === undefined ? undefined : { stopMs: stop }),
  ...(answersAfter === undefined ? undefined : { answersAfterMs: answersAfter }),
  ...(exits === undefined ? undefined : { exits: { afterMs: exits.after, exitCode: exits.exitCode } }),
})

export const settingsOf = (cluster: ScenarioCluster = {}): ClusterSettings => {
  const base = defaultClusterSettings
  const { latencies = {} } = cluster
  const given = base.world.latencies
  return {
    ...base,
    tolerationSeconds: cluster.tolerationSeconds ?? base.tolerationSeconds,
    nodeMonitorGraceMs: cluster.nodeMonitorGracePeriod ?? base.nodeMonitorGraceMs,
    featureGates: {
      maxUnavailableStatefulSet: cluster.featureGates?.MaxUnavailableStatefulSet ?? base.featureGates.maxUnavailableStatefulSet,
      staleReadProtection: cluster.featureGates?.StaleControllerConsistencyStatefulSet ?? base.featureGates.staleReadProtection,
    },
    world: {
      ...base.world,
      images: [...(cluster.images ?? []).map(behaviourOf), ...base.world.images],
      imagesMustBePulled: cluster.imagesArePresent !== true,
      latencies: {
        imagePullMs: latencies.imagePull ?? given.imagePullMs,
        sandboxMs: latencies.sandbox ?? given.sandboxMs,
        containerStartMs: latencies.containerStart === undefined ? given.containerStartMs : rangeOf(latencies.containerStart),
        containerStopMs: latencies.containerStop === undefined ? given.containerStopMs : rangeOf(latencies.containerStop),
        podCleanUpMs: latencies.podCleanUp ?? given.podCleanUpMs,
        attachMs: latencies.attach ?? given.attachMs,
        detachMs: latencies.detach ?? given.detachMs,
        provisionMs: latencies.provision ?? given.provisionMs,
      },
    },
  }
}

interface ImportedPart {
  readonly kind?: unknown
  readonly spec?: { readonly nodeName?: unknown }
}

/** What the scenario says, else what the imported objects imply: their own Nodes, or one for each that a Pod names. */
const nodesOf = (cluster: ScenarioCluster, imported: readonly ImportedPart[]): NonNullable<ScenarioCluster['nodes']> => {
  if (cluster.nodes !== undefined) return cluster.nodes
  if (imported.some(({ kind }) => kind === 'Node')) return 0
  const named = imported.flatMap(({ kind, spec }) => (kind === 'Pod' && typeof spec?.nodeName === 'string' ? [spec.nodeName] : []))
  return named.length === 0 ? 3 : [...new Set(named)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map((name) => ({ name }))
}

export const clusterSpecOf = (cluster: ScenarioCluster = {}, imported: readonly ImportedPart[] = []): ClusterSpec => {
  const nodes = nodesOf(cluster, imported)
  return {
    nodes:
      typeof nodes === 'number'
        ? Array.from({ length: nodes }, (_, index) => ({ name: `node-${index + 1}` }))
        : nodes.map(({ name, labels, taints, zone, capacity }) => ({
            name,
            ...(labels === undefined ? undefined : { labels }),
            ...(taints === undefined ? undefined : { taints }),
            ...(zone === undefined ? undefined : { zone }),
            ...(capacity?.cpu === undefined ? undefined : { cpu: capacity.cpu }),
            ...(capacity?.memory === undefined ? undefined : { memory: capacity.memory }),
            ...(capacity?.['ephemeral-storage'] === undefined ? undefined : { ephemeralStorage: capacity['ephemeral-storage'] }),
            ...(capacity?.pods === undefined ? undefined : { pods: capacity.pods }),
          })),
    storageClasses:
      cluster.storageClasses?.map(({ default: isDefault, ...rest }) => ({
        ...rest,
        ...(isDefault === undefined ? undefined : { isDefault }),
      })) ?? (imported.some(({ kind }) => kind === 'StorageClass') ? [] : defaultStorageClasses),
  }
}

const recordedTurns = (simulation: Simulation): number => {
  let [turns, last] = [0, -1]
  for (const { turn } of simulation.log()) {
    if (turn !== last) turns += 1
    last = turn
  }
  return turns
}

/** Ends a run between two turns; what is wrong is in the run's own records. */
class RunStopped extends Error {
  override readonly name = 'RunStopped'
}

interface Guard {
  /** The simulation, with every turn guarded: throws `RunStopped` as soon as the run has to end. */
  readonly simulation: Simulation
  readonly limit: () => string | undefined
  /** What is done again and again without a pause. */
  readonly hotLoop: () => string | undefined
  /** When something last came from outside. */
  readonly lastAskedAt: () => number
}

const replicasOf = (object: Json): number => {
  const { spec } = object as { readonly spec?: { readonly replicas?: unknown; readonly parallelism?: unknown } }
  return Math.max(typeof spec?.replicas === 'number' ? spec.replicas : 0, typeof spec?.parallelism === 'number' ? spec.parallelism : 0)
}

const guarded = (simulation: Simulation, mayLoop: boolean, mustStop: () => boolean): Guard => {
  let limit: string | undefined
  let hotLoop: string | undefined
  let lastAskedAt = simulation.now()
  let lastLookedSeq = simulation.state().seq
  simulation.changes$.subscribe(({ type, object }) => {
    if (type === 'DELETED' || limit !== undefined) return
    const replicas = replicasOf(object as unknown as Json)
    if (replicas > limits.replicasMax)
      limit = `${object.kind} ${object.metadata.name} asks for ${replicas} replicas; this simulator runs at most ${limits.replicasMax} (limits.replicasMax)`
  })
  const check = (): boolean => {
    if (limit === undefined && simulation.state().seq > eventsPerRunMax)
      limit = `the run has more than ${eventsPerRunMax} events (eventsPerRunMax)`
    const { seq } = simulation.state()
    if (!mayLoop && hotLoop === undefined && seq - lastLookedSeq >= hotLoopWindow) {
      lastLookedSeq = seq
      hotLoop = hotLoopIn(simulation.log().slice(-hotLoopWindow))
    }
    return limit !== undefined || hotLoop !== undefined || mustStop()
  }
  const stopIfDue = (): void => {
    if (check()) throw new RunStopped()
  }
  return {
    limit: () => limit,
    hotLoop: () => hotLoop,
    lastAskedAt: () => lastAskedAt,
    simulation: {
      ...simulation,
      submit: (command, actor) => {
        const result = simulation.submit(command, actor)
        lastAskedAt = simulation.now()
        lastLookedSeq = simulation.state().seq
        stopIfDue()
        return result
      },
      step: (until) => {
        const done = simulation.step(until)
        stopIfDue()
        return done
      },
      take: (item, interference) => {
        simulation.take(item, interference)
        stopIfDue()
      },
      runUntil: (time, stop) => {
        simulation.runUntil(time, () => check() || stop?.() === true)
        stopIfDue()
      },
    },
  }
}

/** What repeats at the end of the log, when something does: a hot loop has a cycle. */
const cycleWords = (simulation: Simulation): string => {
  const unrest = unrestIn(simulation.log().slice(-repeatsLookedFor))
  return unrest === undefined || unrest.cycle.length === 0
    ? ''
    : `; what repeats (${unrest.repeats} times at the end): ${unrest.cycle.join(' → ')}`
}
const repeatsLookedFor = 1_000

interface Monitor {
  readonly expectation: ScenarioExpectation
  readonly kind: 'always' | 'never' | 'sometimes'
  readonly condition: ReturnType<typeof asOne>
  broken: { readonly at: number; readonly seq: number; readonly found: string } | undefined
  seen: { readonly at: number; readonly seq: number } | undefined
}

const monitorsOf = (expectations: readonly ScenarioExpectation[]): readonly Monitor[] =>
  expectations.flatMap((expectation): readonly Monitor[] => {
    for (const kind of ['always', 'never', 'sometimes'] as const) {
      const conditions = expectation[kind]
      if (conditions !== undefined) return [{ expectation, kind, condition: asOne(conditions), broken: undefined, seen: undefined }]
    }
    return []
  })

const subjectOf = (event: { readonly kind: string }): string => {
  const { object, command, node, controller } = event as {
    readonly object?: unknown
    readonly command?: unknown
    readonly node?: unknown
    readonly controller?: unknown
  }
  if (typeof object === 'string') return ` ${splitObjectPath(object).name}`
  const first = [node, controller].find((value) => typeof value === 'string')
  if (typeof first === 'string') return ` ${first}`
  if (typeof command === 'object' && command !== null && 'kind' in command) return ` ${String(command.kind)}`
  return ''
}

const causesOf = (simulation: Simulation, seq: number): readonly string[] => {
  const log = simulation.log()
  const first = log[0]?.seq ?? 0
  const chain: string[] = []
  for (let current = log[seq - first]; current !== undefined && chain.length < 6;) {
    chain.unshift(`${current.seq} ${current.event.kind}${subjectOf(current.event)}`)
    current = current.causedBy === null ? undefined : log[current.causedBy - first]
  }
  return chain
}

const workloadWords = (simulation: Simulation): readonly ObjectReport[] => {
  const reader = simulation.reader()
  const place = ({
    kind,
    metadata,
  }: {
    readonly kind: string
    readonly metadata: { readonly name: string; readonly namespace?: string }
  }): string => `${kind} ${metadata.namespace === undefined || metadata.namespace === '' ? '' : `${metadata.namespace}/`}${metadata.name}`
  const found: ObjectReport[] = []
  for (const set of reader.list('StatefulSet')) {
    const { status, spec } = set
    const revision =
      status.updateRevision === undefined || status.currentRevision === status.updateRevision
        ? ''
        : `, ${status.updatedReplicas ?? 0} of the new revision`
    found.push({ object: place(set), words: `${status.readyReplicas ?? 0}/${spec.replicas ?? 1} ready${revision}` })
  }
  for (const deployment of reader.list('Deployment'))
    found.push({ object: place(deployment), words: `${deployment.status.readyReplicas ?? 0}/${deployment.spec.replicas ?? 1} ready` })
  for (const daemons of reader.list('DaemonSet'))
    found.push({ object: place(daemons), words: `${daemons.status.numberReady ?? 0}/${daemons.status.desiredNumberScheduled ?? 0} ready` })
  for (const job of reader.list('Job'))
    found.push({ object: place(job), words: `${job.status.succeeded ?? 0}/${job.spec.completions ?? 1} completed` })
  const count = (
    kind: 'Pod' | 'PersistentVolumeClaim',
    isGood: (object: Kinds['Pod'] | Kinds['PersistentVolumeClaim']) => boolean,
    words: string,
  ): void => {
    const all = reader.list(kind)
    if (all.length > 0)
      found.push({ object: kind === 'Pod' ? 'Pods' : 'Claims', words: `${all.filter(isGood).length}/${all.length} ${words}` })
  }
  count(
    'Pod',
    (pod) =>
      'conditions' in pod.status &&
      (pod as Kinds['Pod']).status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true,
    'ready',
  )
  count('PersistentVolumeClaim', (claim) => claim.status.phase === 'Bound', 'bound')
  const services = reader
    .list('Service')
    .filter(({ metadata }) => metadata.name !== 'kubernetes' && !(metadata.namespace ?? '').startsWith('kube-'))
  for (const service of services)
    found.push({ object: place(service), words: service.spec.clusterIP === 'None' ? 'headless' : (service.spec.type ?? 'ClusterIP') })
  return found
}

type StepResult = E.Either<string, undefined>
const done: StepResult = E.right(undefined)
const failed = (message: string): StepResult => E.left(message)

/** Texts in a fault may speak of a Pod's node: `{node of web-0}`. */
const filledTexts = <T extends object>(fault: T, filledIn: (text: string) => string): T =>
  // Only texts are replaced by texts.
  Object.fromEntries(
    Object.entries(fault).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'string'
        ? filledIn(value)
        : typeof value === 'object' && value !== null && !Array.isArray(value)
          ? filledTexts(value, filledIn)
          : value,
    ]),
  ) as T

/** What the API server says of manifests that are applied later: tried without effect on a copy, so that bad input is found before the run. */
const problemsOfLaterManifests = (simulation: Simulation, scenario: Scenario): readonly Problem[] => {
  const problems: Problem[] = []
  for (const [index, manifests] of scenario.applied) {
    if (scenario.written.steps?.[index]?.refused !== undefined) continue
    for (const manifest of manifests) {
      const copy = simulation.fork({ keepLog: false, invariants: [] })
      const parts = kubectlParts(copy, scenario.files)
      const { exit, stderr } = runKubectl(parts, ['create', '--dry-run=server', '-f', '-'], manifest.text)
      if (exit !== 0 && !/AlreadyExists|NotFound/.test(stderr)) problems.push(...problemsOfRefusal(manifest, stderr))
    }
  }
  return problems
}

/** What the cluster owes at the end, each with its cause as one sentence where there is one. */
const owedWords = (state: RunState): RunReport['owed'] => {
  const seen = new Set<string>()
  return overdueIn(state, Number.POSITIVE_INFINITY).flatMap(({ of, message, cause }) => {
    if (seen.has(cause ?? message)) return []
    seen.add(cause ?? message)
    return [{ of, message, ...(cause === undefined ? undefined : { cause }) }]
  })
}

export const runScenario = (scenario: Scenario, options: RunOptions = {}): E.Either<readonly Problem[], ScenarioRun> => {
  const { written } = scenario
  const seed = options.seed ?? written.seed ?? 1
  const settings = settingsOf(written.cluster)
  const excepted = new Set(written.invariants?.except ?? [])
  const invariants = (options.invariants ?? allInvariants).filter(({ name }) => !excepted.has(name))
  const seeded = seededChoose(seed)
  const drawn = written.choices === undefined ? seeded : overriddenChoose(written.choices, seeded)
  const search = written.search === undefined ? undefined : makeSearchSpace(scenario)
  const real = withPrograms(
    createSimulation({
      seed,
      settings,
      controllers: (options.controllers ?? makeControllers)(settings),
      invariants,
      choose: search === undefined ? drawn : search.choose(drawn),
    }),
  )
  options.observe?.(real, settings, seed)
  const quiet = watchQuiet(real)
  const storedKinds = watchStoredKinds(real)
  const withoutSecrets = watchSecrets(real)
  bootstrap(
    real,
    clusterSpecOf(
      written.cluster,
      scenario.imported.map(({ object }) => object),
    ),
  )
  const importProblems = importObjects(real, scenario.imported)
  if (importProblems.length > 0) return E.left(importProblems)
  // What is imported was made elsewhere: invariants judge what happens here.
  const judgedFrom = real.state().seq
  const violated = (): ReturnType<Simulation['violations']> => real.violations().filter(({ seq }) => seq >= judgedFrom)

  let judging = false
  const monitors = monitorsOf(written.expect ?? [])
  const guard = guarded(
    real,
    excepted.has(hotLoopProperty),
    () => judging && ((real.violations().length > 0 && violated().length > 0) || monitors.some(({ broken }) => broken !== undefined)),
  )
  const { simulation } = guard
  const parts = kubectlParts(simulation, scenario.files)

  // -------------------------------------------------------------- the manifests
  const apply = (manifest: PlacedManifest): LineResult => runKubectl(parts, ['apply', '-f', '-'], manifest.text)
  let stoppedEarly = false
  try {
    const problems = scenario.manifests.flatMap((manifest) => {
      const { exit, stderr } = apply(manifest)
      return exit === 0 ? [] : problemsOfRefusal(manifest, stderr)
    })
    if (problems.length > 0) return E.left(problems)
    const later = problemsOfLaterManifests(real, scenario)
    if (later.length > 0) return E.left(later)
  } catch (error) {
    if (!(error instanceof RunStopped)) throw error
    stoppedEarly = true
  }
  options.accepted?.()

  // -------------------------------------------------------------- what is looked at after every turn
  const consoleCopy = (line: string): LineResult => runConsoleLine(real.fork({ keepLog: false, invariants: [] }), scenario.files, line)
  const view: ConditionView = { simulation: real, runOnCopy: consoleCopy }
  const look = (): void => {
    for (const monitor of monitors) {
      if (monitor.broken !== undefined || (monitor.kind === 'sometimes' && monitor.seen !== undefined)) continue
      if (real.now() < (monitor.expectation.from ?? 0)) continue
      const { holds, found } = evaluate(monitor.condition, view)
      const place = { at: real.now(), seq: Math.max(0, real.state().seq - 1) }
      if (monitor.kind === 'sometimes') monitor.seen = holds ? place : undefined
      else if (holds !== (monitor.kind === 'always')) monitor.broken = { ...place, found }
    }
  }
  if (monitors.length > 0) {
    let revision = -1
    real.turns$.subscribe(() => {
      const now = real.state().cluster.revision
      if (now === revision) return
      revision = now
      look()
    })
    look()
  }
  judging = true

  // -------------------------------------------------------------- the steps
  const untilMs = options.untilMs ?? written.until
  const steps: StepReport[] = []
  const holdsNow = (condition: ReturnType<typeof asOne>): boolean => evaluate(condition, view).holds
  /** As soon as the condition holds, or at the deadline. */
  const waitFor = (condition: ReturnType<typeof asOne>, deadline: number): boolean => {
    if (holdsNow(condition)) return true
    let revision = real.state().cluster.revision
    let held = false
    while (!held && real.now() < deadline) {
      simulation.runUntil(deadline, () => {
        const now = real.state().cluster.revision
        if (now === revision) return false
        revision = now
        held = holdsNow(condition)
        return held
      })
    }
    return held || holdsNow(condition)
  }
  const nodeOfPod = (pod: string): string => real.reader().get('Pod', 'default', pod)?.spec.nodeName ?? ''
  const filledIn = (line: string): string => line.replace(/\{node of ([^}]+)\}/g, (_, pod: string) => nodeOfPod(pod))
  const kubectl = (args: readonly string[], stdin = ''): LineResult => runKubectl(parts, args, stdin)
  const judged = (step: ScenarioStep, { exit, stdout, stderr }: LineResult): StepResult => {
    const printed = `${stdout}${stderr}`.trimEnd()
    if (step.refused !== undefined)
      return exit !== 0 && printed.includes(step.refused)
        ? done
        : failed(
            `expected a refusal with ${JSON.stringify(step.refused)}, found ${exit === 0 ? 'that it was accepted' : JSON.stringify(printed)}`,
          )
    const wanted = step.exit ?? 0
    if (exit !== wanted) return failed(`expected exit code ${wanted}, found ${exit}: ${printed}`)
    if (step.output !== undefined && step.output.trimEnd() !== printed)
      return failed(`expected the output ${JSON.stringify(step.output.trimEnd())}, found ${JSON.stringify(printed)}`)
    if (step.contains !== undefined && !printed.includes(step.contains))
      return failed(`expected ${JSON.stringify(step.contains)} in the output, found ${JSON.stringify(printed)}`)
    return done
  }
  const submitAll = (commands: E.Either<string, readonly ClusterCommand[]>): StepResult => {
    if (E.isLeft(commands)) return failed(commands.left)
    for (const command of commands.right) {
      const result = simulation.submit(command)
      if (E.isLeft(result)) return failed(result.left.message)
    }
    return done
  }
  const setImages = (images: NonNullable<ScenarioStep['setImage']>): LineResult => {
    let last: LineResult = { exit: 0, stdout: '', stderr: '' }
    for (const [workload, image] of Object.entries(images)) {
      const pairs =
        typeof image === 'string' ? [`*=${image}`] : Object.entries(image).map(([container, reference]) => `${container}=${reference}`)
      last = kubectl(['set', 'image', workload, ...pairs])
      if (last.exit !== 0) return last
    }
    return last
  }
  const writeFile = ({ pod: named, path, content, container, namespace }: NonNullable<ScenarioStep['writeFile']>): StepResult => {
    const reader = simulation.reader()
    const pod = reader.get('Pod', namespace ?? 'default', named.replace(/^pods?\//, ''))
    if (pod === undefined) return failed(`there is no Pod ${JSON.stringify(named)}`)
    const { world } = simulation.state().cluster
    const files = fileSystemOf(world, reader, pod.metadata.uid, container ?? pod.spec.containers[0]?.name ?? '', pod)
    if (files === undefined) return failed(`no container of Pod ${named} runs`)
    const fact = files.write(path, content)
    return typeof fact === 'string' ? failed(`${path}: ${fact}`) : submitAll(E.right([{ kind: 'ActOnWorld', event: fact }]))
  }
  // One console for the whole scenario: its folder, variables and open shells last from step to step.
  let session: Session | undefined
  let commands: readonly CommandReport[] | undefined
  const runTranscript = (text: string, index: number): StepResult => {
    session ??= createSession({ simulation, files: scenario.files })
    const result = session.runTranscript(text)
    commands = result.commands.map(({ at, command, exit, shown }) => ({ at, command, exit, shown }))
    if (result.passed) return done
    const { line } = scenario.placeOf(['steps', String(index), 'console'])
    // A block begins on the line after its `|`.
    const isBlock = /[|>][-+0-9]*\s*(?:#.*)?$/.test(scenario.source.split('\n')[line - 1] ?? '')
    return failed(
      result.mismatches
        .map((mismatch) => {
          const place = `${scenario.file}:${line + mismatch.line - (isBlock ? 0 : 1)}`
          const found = mismatch.found === '' ? 'nothing' : JSON.stringify(mismatch.found)
          return `${place}: $ ${mismatch.command}: expected ${mismatch.expected === '' ? 'success' : JSON.stringify(mismatch.expected)}, found ${found}`
        })
        .join('\n  '),
    )
  }
  const runAction = (step: ScenarioStep, index: number): StepResult => {
    if (step.apply !== undefined) {
      for (const manifest of scenario.applied.get(index) ?? []) {
        const result = judged(step, apply(manifest))
        if (E.isLeft(result)) return result
      }
      return done
    }
    if (step.delete !== undefined) {
      const deletion = typeof step.delete === 'string' ? { object: step.delete } : step.delete
      const flags = [
        `--wait=${'wait' in deletion && deletion.wait === true ? 'true' : 'false'}`,
        ...('namespace' in deletion && deletion.namespace !== undefined ? ['-n', deletion.namespace] : []),
        ...('force' in deletion && deletion.force === true ? ['--force'] : []),
        ...('gracePeriodSeconds' in deletion && deletion.gracePeriodSeconds !== undefined
          ? [`--grace-period=${deletion.gracePeriodSeconds}`]
          : []),
        ...('cascade' in deletion && deletion.cascade !== undefined ? [`--cascade=${deletion.cascade}`] : []),
      ]
      return judged(step, kubectl(['delete', ...deletion.object.split(' '), ...flags]))
    }
    if (step.scale !== undefined) {
      for (const [workload, replicas] of Object.entries(step.scale)) {
        const result = judged(step, kubectl(['scale', workload, `--replicas=${replicas}`]))
        if (E.isLeft(result)) return result
      }
      return done
    }
    if (step.setImage !== undefined) return judged(step, setImages(step.setImage))
    if (step.patch !== undefined) {
      const { object, patch, type = 'strategic', namespace } = step.patch
      const where = namespace === undefined ? [] : ['-n', namespace]
      return judged(step, kubectl(['patch', ...object.split(' '), ...where, `--type=${type}`, '-p', JSON.stringify(patch)]))
    }
    if (step.cordon !== undefined) return judged(step, kubectl(['cordon', filledIn(step.cordon)]))
    if (step.uncordon !== undefined) return judged(step, kubectl(['uncordon', filledIn(step.uncordon)]))
    if (step.drain !== undefined) {
      const drain = typeof step.drain === 'string' ? { node: step.drain } : step.drain
      const flags = [
        '--ignore-daemonsets',
        '--delete-emptydir-data',
        ...('force' in drain && drain.force === true ? ['--force'] : []),
        ...('timeout' in drain && drain.timeout !== undefined ? [`--timeout=${Math.ceil(drain.timeout / 1_000)}s`] : []),
      ]
      return judged(step, kubectl(['drain', filledIn(drain.node), ...flags]))
    }
    if (step.fault !== undefined) return submitAll(faultCommands(filledTexts(step.fault, filledIn), simulation.reader()))
    if (step.heal !== undefined) return submitAll(healCommands(filledTexts(step.heal, filledIn), simulation.reader()))
    if (step.kubectl !== undefined) {
      const line = filledIn(step.kubectl.replace(/^kubectl\s+/, ''))
      if (step.input === undefined) return judged(step, sessionOf(simulation, scenario.files).run(`kubectl ${line}`))
      const words = splitWords(line)
      return E.isLeft(words) ? failed(words.left) : judged(step, kubectl(words.right, step.input))
    }
    if (step.console !== undefined) return runTranscript(step.console, index)
    if (step.settle !== undefined) {
      const quietMs = step.settle === true ? quietDefaultMs : step.settle
      const deadline = simulation.now() + untilDefaultMs
      return settle(simulation, quiet, { quietMs, deadline, whole: false })
        ? done
        : failed(`expected ${formatDuration(quietMs)} without a write, found none within ${formatDuration(untilDefaultMs)}`)
    }
    if (step.sleep !== undefined) {
      simulation.runUntil(simulation.now() + step.sleep)
      return done
    }
    if (step.world !== undefined) {
      const node = step.world.node === undefined ? undefined : filledIn(step.world.node.replace(/^of (.+)$/, '{node of $1}'))
      return submitAll(E.right(worldCommandsFor(step.world, node, simulation.reader())))
    }
    if (step.dns !== undefined) {
      const { answers, rcode, contains } = step
      const wanted = {
        ...(answers === undefined ? undefined : { answers }),
        ...(rcode === undefined ? undefined : { rcode }),
        ...(contains === undefined ? undefined : { contains }),
      }
      const { holds, found } = checkDns(simulation.reader(), { name: dnsName(step.dns.name), type: step.dns.type }, wanted)
      return holds ? done : failed(`expected ${conditionWords({ dns: step.dns, ...wanted })}, found ${found}`)
    }
    if (step.writeFile !== undefined) return writeFile(step.writeFile)
    if (step.check !== undefined) {
      const condition = asOne(step.check)
      const { holds, found } = evaluate(condition, view)
      return holds ? done : failed(`expected ${conditionWords(condition)}, found: ${found}`)
    }
    return done
  }

  let reason: string | undefined
  let neverAtRest: string | undefined
  let verdict: Outcome | undefined
  const fail = (outcome: Outcome, words: string): void => {
    verdict ??= outcome
    reason ??= words
  }
  /** With a scope to search, the steps after the first settle step happen as the recorded choices say. */
  const searchFrom = search === undefined ? undefined : searchStart(written.steps ?? [])
  const walk = (): void => {
    if (search === undefined || searchFrom === undefined || verdict !== undefined) return
    let next = searchFrom
    const report = (index: number, outcome: StepReport['outcome']): void => {
      const step = written.steps?.[index]
      if (step !== undefined)
        steps.push({ index, words: stepWords(step), startedAt: real.now(), seq: real.state().seq, endedAt: real.now(), outcome })
    }
    walkSearch(simulation, search, written.choices ?? {}, (move) => {
      if (move.kind !== 'step') return
      report(next, 'done')
      next += 1
    })
  }
  const runSteps = (): void => {
    let ended = false
    for (const [index, step] of (written.steps ?? []).entries()) {
      if (index === searchFrom) break
      const words = stepWords(step)
      const named = step.name === undefined ? undefined : { name: step.name }
      let seq = real.state().seq
      const finish = (startedAt: number, outcome: StepReport['outcome'], message?: string): void => {
        steps.push({
          index,
          words,
          ...named,
          startedAt,
          seq,
          endedAt: real.now(),
          outcome,
          ...(message === undefined ? undefined : { message }),
          ...(commands === undefined ? undefined : { commands }),
        })
      }
      const begins = Math.max(real.now() + (step.after ?? 0), step.at ?? 0)
      if (verdict !== undefined || ended || (untilMs !== undefined && begins > untilMs)) {
        // A step that is due after the end of the run is left out, and so is all that follows it.
        ended = true
        finish(real.now(), 'not reached')
        continue
      }
      if (step.at !== undefined) simulation.runUntil(step.at)
      if (step.after !== undefined) simulation.runUntil(real.now() + step.after)
      if (step.when !== undefined) {
        const condition = asOne(step.when)
        const within = step.within ?? untilDefaultMs
        const deadline = real.now() + within
        if (!waitFor(condition, Math.min(deadline, untilMs ?? deadline))) {
          if (untilMs !== undefined && untilMs < deadline) {
            ended = true
            finish(real.now(), 'not reached')
            continue
          }
          const message = `expected within ${formatDuration(within)}: ${conditionWords(condition)}; found: ${evaluate(condition, view).found}`
          finish(real.now(), 'failed', message)
          fail('notConverged', `step ${index + 1} (${words}): ${message}`)
          continue
        }
      }
      const startedAt = real.now()
      seq = real.state().seq
      commands = undefined
      const result = runAction(step, index)
      if (E.isRight(result)) {
        finish(startedAt, 'done')
        continue
      }
      finish(startedAt, 'failed', result.left)
      fail('violated', `step ${index + 1} (${words}): ${result.left}`)
    }
  }

  // -------------------------------------------------------------- the expectations
  const expectations: ExpectationReport[] = []
  const because = (expectation: ScenarioExpectation): { readonly because?: string } =>
    expectation.because === undefined ? {} : { because: expectation.because }
  const judgeEventually = (): void => {
    const start = real.now()
    for (const expectation of written.expect ?? []) {
      if (expectation.eventually === undefined) continue
      const condition = asOne(expectation.eventually)
      const words = conditionWords(condition)
      if (verdict !== undefined) {
        expectations.push({ kind: 'eventually', words, outcome: 'not judged', ...because(expectation) })
        continue
      }
      const within = expectation.within ?? untilDefaultMs
      const deadline = Math.min(start + within, untilMs ?? Number.MAX_SAFE_INTEGER)
      if (waitFor(condition, Math.max(deadline, real.now()))) {
        expectations.push({ kind: 'eventually', words, outcome: 'held', at: real.now(), ...because(expectation) })
        continue
      }
      const { found } = evaluate(condition, view)
      expectations.push({ kind: 'eventually', words, outcome: 'failed', at: real.now(), found, ...because(expectation) })
      const allowed = Math.max(0, Math.min(within, deadline - start))
      fail('notConverged', `expected within ${formatDuration(allowed)}: ${words}; found: ${found}`)
    }
  }
  const judgePlain = (): void => {
    const deadline = untilMs ?? untilDefaultMs
    if (!settle(simulation, quiet, { quietMs: quietDefaultMs, deadline, whole: true }))
      fail('notConverged', `not at rest after ${formatDuration(deadline)}${cycleWords(real)}`)
  }
  try {
    if (!stoppedEarly) {
      runSteps()
      walk()
      const isBare = (written.steps ?? []).length === 0 && (written.expect ?? []).every(({ eventually }) => eventually === undefined)
      if (scenario.isPlain || isBare) judgePlain()
      judgeEventually()
      const left = steps.find(({ outcome }) => outcome === 'not reached')
      if (left !== undefined && untilMs !== undefined)
        fail('unknown', `the run ended at ${formatDuration(untilMs)}, before step ${left.index + 1} (${left.words})`)
    }
  } catch (error) {
    if (error instanceof NeverAtRest) neverAtRest = error.message
    else if (!(error instanceof RunStopped)) throw error
  }

  // -------------------------------------------------------------- the report
  for (const monitor of monitors) {
    const { kind, expectation, condition, broken, seen } = monitor
    const words = conditionWords(condition)
    if (kind === 'sometimes') {
      expectations.push(
        seen === undefined
          ? { kind, words, outcome: 'failed', found: 'it never held', ...because(expectation) }
          : { kind, words, outcome: 'held', at: seen.at, seq: seen.seq, ...because(expectation) },
      )
      if (seen === undefined) fail('violated', `expected at least once: ${words}; it never held`)
      continue
    }
    if (broken === undefined) {
      expectations.push({ kind, words, outcome: 'held', ...because(expectation) })
      continue
    }
    expectations.push({ kind, words, outcome: 'failed', at: broken.at, seq: broken.seq, found: broken.found, ...because(expectation) })
    fail('violated', `expected ${kind}: ${words}; found: ${broken.found}`)
  }
  // What should have come true by now and has not, with nobody to say why, is a broken promise like any other; so is what never ends.
  const loops = guard.hotLoop() ?? neverAtRest
  const promised: readonly BrokenPromise[] =
    loops !== undefined
      ? [{ property: hotLoopProperty, message: loops }]
      : search !== undefined || options.invariants?.length === 0
        ? []
        : brokenPromisesIn(real.state(), real.now() - guard.lastAskedAt(), excepted)
  const broken = promised.map(({ property, message }): FoundViolation => ({
    invariant: property,
    message,
    seq: Math.max(0, real.state().seq - 1),
    turn: Math.max(0, real.state().turn - 1),
    at: real.now(),
  }))
  const violations = [...violated(), ...broken].map(({ invariant, message, hint, seq, turn, at }): ViolationReport => ({
    invariant,
    message,
    seq,
    turn,
    at,
    causes: causesOf(real, seq),
    ...(hint === undefined ? undefined : { hint }),
  }))
  const limit = guard.limit()
  const outcome: Outcome = violations.length > 0 ? 'violated' : limit !== undefined ? 'unknown' : (verdict ?? 'passed')
  const why = violations[0] === undefined ? (limit ?? reason) : `${violations[0].invariant} was violated`
  const state = real.state()
  const report: RunReport = {
    outcome,
    title: titleOf(scenario),
    ...(written.lesson === undefined ? undefined : { lesson: written.lesson }),
    file: scenario.file,
    seed,
    at: real.now(),
    events: state.seq,
    // As a log counts them: those that recorded something.
    turns: recordedTurns(real),
    steps,
    expectations,
    violations,
    invariants: invariants.filter(({ expectation }) => expectation === 'always').map(({ name }) => name),
    objects: workloadWords(real),
    owed: outcome === 'passed' ? [] : owedWords(real.state()),
    unsettled: unsettledObjects(real.reader()),
    waiting: entriesOf(state.cluster.waiting).flatMap(([place, list]) => {
      const space = place.indexOf(' ')
      return list.map((waiting) => ({ controller: place.slice(0, space), key: place.slice(space + 1), because: waiting.because }))
    }),
    storedKinds: storedKinds(),
    ...(limit === undefined ? undefined : { limit }),
    ...(outcome === 'passed' || why === undefined ? undefined : { reason: why }),
    again: options.again ?? `statefold run ${scenario.file} --seed ${seed}`,
  }
  return E.right({ report: withoutSecrets(report), simulation: real })
}
