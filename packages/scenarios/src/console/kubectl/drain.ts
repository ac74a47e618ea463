/** kubectl cordon, uncordon and drain. Follows kubectl/pkg/cmd/drain/drain.go and kubectl/pkg/drain. */
import * as E from 'fp-ts/lib/Either.js'
import { simTimeOf, type DeleteOptions, type JsonObject, type KubernetesObject } from '@statefold/core'
import { dryRunOf, patchItem, type DryRun } from './changing.js'
import { ask, dryRunFlag, selectorFlag, timeoutFlag, type Call, type Command, type Running } from './command.js'
import { CommandFailure, fail, failUsage, textProblem, type Problem } from './errors.js'
import { numberFlag, switchFlag, text } from './flags.js'
import { goDurationText } from './go-duration.js'
import type { ConsoleWait } from './kubectl-cluster.js'
import { at, jsonOf, listAt, textAt } from './json-object.js'
import { changePrinterOf, nameLine } from './printers/object-printer.js'
import { liveItems, type Item } from './resource-arguments.js'
import { parseLabelSelector } from './selectors.js'

const usage: Readonly<Record<string, string>> = { cordon: 'cordon NODE', uncordon: 'uncordon NODE', drain: 'drain NODE' }

const nodesOf = (call: Call, verb: string): readonly Item[] => {
  const { flags, words } = call
  const selector = flags.text('selector')
  if (words.length === 0 && selector === '') failUsage(call.path, `USAGE: ${usage[verb] ?? verb} [flags]`)
  if (words.length > 0 && selector !== '') failUsage(call.path, 'error: cannot specify both a node name and a --selector option')
  const asked =
    selector !== ''
      ? ['nodes']
      : words.some((word) => word.includes('/'))
        ? words.map((word) => (word.includes('/') ? word : `node/${word}`))
        : ['nodes', ...words]
  const { items, problems } = liveItems(call, asked, selector === '' ? {} : { labels: selector })
  if (problems.length > 0) throw new CommandFailure(problems)
  const other = items.find(({ type }) => type.kind !== 'Node')
  if (other !== undefined) fail(`error: expected resource of type node, got ${JSON.stringify(other.type.plural)}`)
  return items
}

const cordonAll = (call: Call, nodes: readonly Item[], desired: boolean, dryRun: DryRun): void => {
  for (const node of nodes) {
    const object = jsonOf(node.object)
    if ((at(object, 'spec', 'unschedulable') === true) === desired) {
      changePrinterOf(call, desired ? 'already cordoned' : 'already uncordoned', dryRun)(object)
      continue
    }
    if (dryRun !== 'client') {
      const answer = patchItem(call, node, { spec: { unschedulable: desired ? true : null } }, { dryRun })
      if (E.isLeft(answer)) {
        call.output.stderr(
          `error: unable to ${desired ? 'cordon' : 'uncordon'} node ${JSON.stringify(node.name)}: ${answer.left.message}\n`,
        )
        continue
      }
    }
    changePrinterOf(call, desired ? 'cordoned' : 'uncordoned', dryRun)(object)
  }
}

interface Verdict {
  readonly remove: boolean
  readonly warning?: string
  readonly refusal?: string
}

const okay: Verdict = { remove: true }

const isFinished = (pod: JsonObject): boolean => ['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase'))

/** The filters of makeFilters in kubectl/pkg/drain/filters.go, in their order. */
const filtersOf = (call: Call): readonly ((pod: KubernetesObject) => Verdict)[] => {
  const { flags, cluster } = call
  const force = flags.on('force')
  const skipAfter = flags.number('skip-wait-for-delete-timeout')
  const controllerOf = (pod: KubernetesObject) => pod.metadata.ownerReferences?.find((owner) => owner.controller === true)
  return [
    (pod) => {
      const deadline = pod.metadata.deletionTimestamp
      return skipAfter > 0 && deadline !== undefined && cluster.now() - (simTimeOf(deadline) ?? 0) > skipAfter * 1_000
        ? { remove: false }
        : okay
    },
    (pod) => {
      const controller = controllerOf(pod)
      if (controller?.kind !== 'DaemonSet' || controller.apiVersion !== 'apps/v1' || isFinished(jsonOf(pod))) return okay
      if (cluster.reader().getAny('DaemonSet', pod.metadata.namespace ?? '', controller.name) === undefined) {
        const message = `daemonsets.apps ${JSON.stringify(controller.name)} not found`
        return force ? { remove: true, warning: message } : { remove: false, refusal: message }
      }
      return flags.on('ignore-daemonsets')
        ? { remove: false, warning: 'ignoring DaemonSet-managed Pods' }
        : { remove: false, refusal: 'DaemonSet-managed Pods (use --ignore-daemonsets to ignore)' }
    },
    (pod) => (pod.metadata.annotations?.['kubernetes.io/config.mirror'] === undefined ? okay : { remove: false }),
    (pod) => {
      const local = listAt(jsonOf(pod), 'spec', 'volumes').some((volume) => at(volume, 'emptyDir') !== undefined)
      if (!local || isFinished(jsonOf(pod))) return okay
      return flags.on('delete-emptydir-data') || flags.on('delete-local-data')
        ? { remove: true, warning: 'deleting Pods with local storage' }
        : { remove: false, refusal: 'Pods with local storage (use --delete-emptydir-data to override)' }
    },
    (pod) => {
      if (isFinished(jsonOf(pod)) || controllerOf(pod) !== undefined) return okay
      const message = 'Pods that declare no controller'
      return force ? { remove: true, warning: `deleting ${message}` } : { remove: false, refusal: `${message} (use --force to override)` }
    },
  ]
}

interface PodList {
  readonly pods: readonly KubernetesObject[]
  readonly warnings: string
  readonly refusals: readonly string[]
}

const grouped = (entries: readonly (readonly [message: string, pod: string])[]): readonly string[] => {
  const byMessage = new Map<string, string[]>()
  for (const [message, pod] of entries) byMessage.set(message, [...(byMessage.get(message) ?? []), pod])
  return [...byMessage].map(([message, pods]) => `${message}: ${pods.join(', ')}`)
}

const podsToRemove = (call: Call, node: string): PodList => {
  const selector = parseLabelSelector(call.flags.text('pod-selector'))
  if (E.isLeft(selector)) return fail(selector.left)
  const filters = filtersOf(call)
  const warnings: [string, string][] = []
  const refusals: [string, string][] = []
  const pods: KubernetesObject[] = []
  for (const pod of call.cluster.reader().podsOnNode(node)) {
    if (!selector.right(pod.metadata.labels ?? {})) continue
    let verdict = okay
    for (const filter of filters) {
      verdict = filter(pod)
      if (!verdict.remove) break
    }
    const key = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`
    if (verdict.warning !== undefined) warnings.push([verdict.warning, key])
    if (verdict.refusal !== undefined) refusals.push([verdict.refusal, key])
    if (verdict.remove) pods.push(pod)
  }
  return { pods, warnings: grouped(warnings).join('; '), refusals: grouped(refusals).map((refusal) => `cannot delete ${refusal}`) }
}

/** How often a refused eviction is tried again, and how often kubectl looks whether a Pod is gone. */
const retryMs = 5_000
const pollMs = 1_000

interface Eviction {
  readonly pod: KubernetesObject
  readonly uid: string
  /** When this one acts next. */
  readonly dueAt: number
  readonly phase: 'evict' | 'await' | 'done'
}

const gone = (call: Call, pod: KubernetesObject, uid: string): boolean =>
  call.cluster.reader().getAny('Pod', pod.metadata.namespace ?? '', pod.metadata.name)?.metadata.uid !== uid

const deleteOptionsOf = (call: Call): DeleteOptions => {
  const period = call.flags.number('grace-period')
  return period >= 0 ? { gracePeriodSeconds: period } : {}
}

/** Nobody can press control-C on virtual time: a drain that gets nowhere is interrupted after an hour. */
const patienceMs = 3_600_000
const interrupt = (): never => {
  throw new CommandFailure([{ kind: 'exit', code: 130, text: 'interrupted: nothing could be evicted for an hour' }])
}

/** All evictions run side by side; each is tried again every five seconds while a budget forbids it. Follows evictPods and waitForDelete. */
function* evictAll(
  call: Call,
  pods: readonly KubernetesObject[],
  deadline: number | undefined,
  dryRun: DryRun,
): Generator<ConsoleWait, readonly Problem[], void> {
  const { cluster, output, flags } = call
  const problems: Problem[] = []
  // A goroutine each: the one that was started last runs first.
  const inTurn = [...pods.slice(-1), ...pods.slice(0, -1)]
  let evictions: readonly Eviction[] = inTurn.map((pod) => ({ pod, uid: pod.metadata.uid, dueAt: cluster.now(), phase: 'evict' }))
  const step = (eviction: Eviction): Eviction => {
    const { pod } = eviction
    const [namespace, name] = [pod.metadata.namespace ?? '', pod.metadata.name]
    const done: Eviction = { ...eviction, phase: 'done' }
    const late = deadline !== undefined && cluster.now() >= deadline
    if (eviction.phase === 'await') {
      if (gone(call, pod, eviction.uid)) {
        output.stdout(nameLine(jsonOf(pod), 'evicted'))
        return done
      }
      if (late) {
        problems.push(
          textProblem(
            `error when waiting for pod ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace)} to terminate: context deadline exceeded`,
          ),
        )
        return done
      }
      return { ...eviction, dueAt: cluster.now() + pollMs }
    }
    output.stdout(`evicting pod ${namespace}/${name}${dryRun === 'server' ? ' (server dry run)' : ''}\n`)
    if (late) {
      problems.push(
        textProblem(
          `error when evicting pods/${JSON.stringify(name)} -n ${JSON.stringify(namespace)}: global timeout reached: ${goDurationText(flags.duration('timeout'))}`,
        ),
      )
      return done
    }
    if (dryRun === 'server') return done
    const answer = ask(call, { kind: 'EvictPod', namespace, name, options: deleteOptionsOf(call) })
    if (E.isLeft(answer)) {
      if (answer.left.reason === 'NotFound') return done
      const words = `error when evicting pods/${JSON.stringify(name)} -n ${JSON.stringify(namespace)}`
      if (answer.left.reason === 'TooManyRequests') {
        output.stderr(`${words} (will retry after 5s): ${answer.left.message}\n`)
        return { ...eviction, dueAt: cluster.now() + retryMs }
      }
      problems.push(textProblem(`${words}: ${answer.left.message}`))
      return done
    }
    const fresh = cluster.reader().getAny('Pod', namespace, name)
    return step({ pod: fresh ?? pod, uid: eviction.uid, dueAt: cluster.now(), phase: 'await' })
  }
  let left = evictions.length
  let progressAt = cluster.now()
  for (;;) {
    evictions = evictions
      .map((eviction) => (eviction.phase !== 'done' && eviction.dueAt <= cluster.now() ? step(eviction) : eviction))
      .filter(({ phase }) => phase !== 'done')
    if (evictions.length === 0) return problems
    if (evictions.length < left) progressAt = cluster.now()
    left = evictions.length
    if (cluster.now() - progressAt >= patienceMs) return interrupt()
    const next = Math.min(...evictions.map(({ dueAt }) => dueAt))
    yield { kind: 'sleep', ms: Math.max(1, next - cluster.now()) }
  }
}

/** --disable-eviction. Follows deletePods. */
function* deletePods(
  call: Call,
  pods: readonly KubernetesObject[],
  deadline: number | undefined,
): Generator<ConsoleWait, readonly Problem[], void> {
  const { cluster, output } = call
  for (const pod of pods) {
    const answer = ask(call, {
      kind: 'DeleteObject',
      target: { kind: 'Pod', namespace: pod.metadata.namespace ?? '', name: pod.metadata.name },
      options: deleteOptionsOf(call),
    })
    if (E.isLeft(answer) && answer.left.reason !== 'NotFound') return [textProblem(answer.left.message)]
  }
  let pending = pods
  for (;;) {
    pending = pending.filter((pod) => {
      if (!gone(call, pod, pod.metadata.uid)) return true
      output.stdout(nameLine(jsonOf(pod), 'deleted'))
      return false
    })
    if (pending.length === 0) return []
    if (deadline !== undefined && cluster.now() >= deadline) return [textProblem('context deadline exceeded')]
    yield { kind: 'sleep', ms: pollMs }
  }
}

const wordsOf = (problems: readonly Problem[]): string => {
  const texts = problems.map((problem) => (problem.kind === 'status' ? problem.status.message : problem.text))
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`
}

function* drainNode(call: Call, node: Item, dryRun: DryRun): Generator<ConsoleWait, readonly Problem[], void> {
  const { output, flags, cluster } = call
  const { pods, warnings, refusals } = podsToRemove(call, node.name)
  if (refusals.length > 0) return refusals.map(textProblem)
  if (warnings !== '') output.stderr(`Warning: ${warnings}\n`)
  if (dryRun === 'client') {
    for (const pod of pods) output.stdout(`evicting pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name} (dry run)\n`)
    return []
  }
  const deadline = flags.duration('timeout') === 0 ? undefined : cluster.now() + flags.duration('timeout')
  const problems = flags.on('disable-eviction') ? yield* deletePods(call, pods, deadline) : yield* evictAll(call, pods, deadline, dryRun)
  if (problems.length === 0) return []
  const pending = podsToRemove(call, node.name).pods
  if (pending.length > 0) {
    output.stderr(`There are pending pods in node ${JSON.stringify(node.name)} when an error occurred: ${wordsOf(problems)}\n`)
    for (const pod of pending) output.stderr(`pod/${pod.metadata.name}\n`)
  }
  return problems
}

function* drain(call: Call): Running {
  const dryRun = dryRunOf(call)
  const nodes = nodesOf(call, 'drain')
  cordonAll(call, nodes, true, dryRun)
  const fatal: Problem[] = []
  const remaining: string[] = []
  for (const node of nodes) {
    const problems = yield* drainNode(call, node, dryRun)
    if (problems.length === 0) {
      changePrinterOf(call, 'drained', dryRun)(jsonOf(node.object))
      continue
    }
    call.output.stderr(
      `error: unable to drain node ${JSON.stringify(node.name)} due to error: ${wordsOf(problems)}, continuing command...\n`,
    )
    // An aggregate of errors is printed line by line, without `error: `.
    fatal.push(...problems.map((problem): Problem => (problem.kind === 'text' ? { kind: 'exit', code: 1, text: problem.text } : problem)))
    remaining.push(node.name)
  }
  if (remaining.length > 0) call.output.stderr(`There are pending nodes to be drained:\n${remaining.map((name) => ` ${name}\n`).join('')}`)
  if (fatal.length > 0) throw new CommandFailure(fatal)
  return 0
}

const cordonRun = (verb: 'cordon' | 'uncordon') =>
  // oxlint-disable-next-line require-yield
  function* (call: Call): Running {
    cordonAll(call, nodesOf(call, verb), verb === 'cordon', dryRunOf(call))
    return 0
  }

export const cordonCommand: Command = { name: 'cordon', flags: [selectorFlag, dryRunFlag], run: cordonRun('cordon') }
export const uncordonCommand: Command = { name: 'uncordon', flags: [selectorFlag, dryRunFlag], run: cordonRun('uncordon') }
export const drainCommand: Command = {
  name: 'drain',
  flags: [
    selectorFlag,
    dryRunFlag,
    timeoutFlag,
    switchFlag('ignore-daemonsets'),
    switchFlag('delete-emptydir-data'),
    switchFlag('delete-local-data'),
    switchFlag('force'),
    switchFlag('disable-eviction'),
    numberFlag('grace-period', '-1'),
    numberFlag('skip-wait-for-delete-timeout', '0'),
    numberFlag('chunk-size', '500'),
    text('pod-selector'),
  ],
  run: drain,
}
