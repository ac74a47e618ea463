/** kubectl logs. Follows kubectl/pkg/cmd/logs/logs.go and kubectl/pkg/polymorphichelpers/logsforobject.go. */
import { simTimeOf, timestampOf, type KubernetesObject } from '@statefold/core'
import { selectorFlag, type Call, type Command, type Running } from './command.js'
import { fail, failUsage, failWith, statusProblem } from './errors.js'
import { duration, numberFlag, switchFlag, text } from './flags.js'
import { jsonOf, listAt, textAt } from './json-object.js'
import { containerOf, isFinishedPod, podsOf } from './pod-choice.js'
import { listObjects } from './reading.js'
import { resourceTypeOrFail } from './resource-arguments.js'

interface Stream {
  readonly pod: KubernetesObject
  readonly container: string
}

const usage = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command"

const allContainers = (pod: KubernetesObject): readonly string[] =>
  (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((field) =>
    listAt(jsonOf(pod), 'spec', field).map((container) => textAt(container, 'name')),
  )

const streamsOf = (call: Call): readonly Stream[] => {
  const { flags, words, output } = call
  const selector = flags.text('selector')
  const [word, inline = ''] = words
  if (word === undefined && selector === '') return failUsage(call.path, usage)
  if (word !== undefined && selector !== '') return failUsage(call.path, 'only a selector (-l) or a POD name is allowed')
  if (words.length > 2) return failUsage(call.path, usage)
  const asked = flags.text('container')
  if (asked !== '' && inline !== '') return fail('only one of -c or an inline [CONTAINER] arg is allowed')
  if (flags.on('all-containers') && asked !== '') return fail(`--all-containers=true should not be specified with container name ${asked}`)
  const streams = (pod: KubernetesObject): readonly Stream[] =>
    flags.on('all-containers')
      ? allContainers(pod).map((container) => ({ pod, container }))
      : [{ pod, container: containerOf(call, pod, asked === '' ? inline : asked) }]
  if (word === undefined) {
    const pods = listObjects(call, resourceTypeOrFail('pods'), { namespace: call.namespace, labels: selector })
    if (pods.length === 0) output.stderr(`No resources found in ${call.namespace} namespace.\n`)
    return pods.flatMap(streams)
  }
  const pods = podsOf(call, word, 'logs')
  const [first] = pods
  if (first === undefined) return []
  if (flags.on('all-pods')) return pods.flatMap(streams)
  if (pods.length > 1) output.stderr(`Found ${pods.length} pods, using pod/${first.metadata.name}\n`)
  return streams(first)
}

type Line = { readonly at: number; readonly text: string }

const linesOf = (call: Call, stream: Stream): readonly Line[] => {
  const answer = call.cluster.logsOf(
    stream.pod.metadata.namespace ?? '',
    stream.pod.metadata.name,
    stream.container,
    call.flags.on('previous'),
  )
  return typeof answer === 'string' ? failWith(statusProblem({ reason: 'BadRequest', code: 400, message: answer })) : answer
}

const nanoTimestamp = (at: number): string => {
  const fraction = String(((at % 1_000) + 1_000) % 1_000).padStart(3, '0')
  return `${timestampOf(at).slice(0, -1)}.${fraction}000000Z`
}

const print = (call: Call, stream: Stream, lines: readonly Line[], prefixed: boolean): void => {
  const prefix = prefixed ? `[pod/${stream.pod.metadata.name}/${stream.container}] ` : ''
  for (const { at, text: line } of lines)
    call.output.stdout(`${prefix}${call.flags.on('timestamps') ? `${nanoTimestamp(at)} ` : ''}${line}\n`)
}

const chosen = (call: Call, lines: readonly Line[]): readonly Line[] => {
  const { flags } = call
  const since = flags.duration('since')
  const sinceTime = simTimeOf(flags.text('since-time'))
  const from = since > 0 ? call.cluster.now() - since : sinceTime
  const recent = from === undefined ? lines : lines.filter(({ at }) => at >= from)
  const tail = flags.given('tail') ? flags.number('tail') : flags.text('selector') === '' ? -1 : 10
  return tail < 0 ? recent : tail === 0 ? [] : recent.slice(-tail)
}

function* run(call: Call): Running {
  const { flags, cluster } = call
  if (flags.duration('since') > 0 && flags.text('since-time') !== '')
    return fail('at most one of `sinceTime` or `sinceSeconds` may be specified')
  if (flags.given('tail') && flags.number('tail') < -1) return fail('--tail must be greater than or equal to -1')
  const streams = streamsOf(call)
  const prefixed = flags.on('prefix') || flags.on('all-pods')
  const follow = flags.on('follow')
  if (follow && streams.length > flags.number('max-log-requests')) {
    return fail(
      `you are attempting to follow ${streams.length} log streams, but maximum allowed concurrency is ${flags.number('max-log-requests')}, use --max-log-requests to increase the limit`,
    )
  }
  const seen = new Map<Stream, number>()
  for (const stream of streams) {
    const lines = linesOf(call, stream)
    print(call, stream, chosen(call, lines), prefixed)
    seen.set(stream, lines.length)
  }
  if (!follow) return 0
  const alive = (stream: Stream): boolean => {
    const { namespace = '', name, uid } = stream.pod.metadata
    const current = cluster.reader().getAny('Pod', namespace, name)
    return current !== undefined && current.metadata.uid === uid && !isFinishedPod(current)
  }
  let open = streams.filter(alive)
  while (open.length > 0) {
    yield { kind: 'wait-for-change', atMost: undefined }
    for (const stream of open) {
      const answer = cluster.logsOf(stream.pod.metadata.namespace ?? '', stream.pod.metadata.name, stream.container, false)
      if (typeof answer === 'string') continue
      print(call, stream, answer.slice(seen.get(stream) ?? 0), prefixed)
      seen.set(stream, answer.length)
    }
    open = open.filter(alive)
  }
  return 0
}

export const logsCommand: Command = {
  name: 'logs',
  flags: [
    selectorFlag,
    text('container', 'c'),
    switchFlag('follow', 'f'),
    switchFlag('previous', 'p'),
    numberFlag('tail', '-1'),
    switchFlag('timestamps'),
    switchFlag('all-containers'),
    switchFlag('all-pods'),
    switchFlag('prefix'),
    switchFlag('ignore-errors'),
    duration('since', '0s'),
    text('since-time'),
    numberFlag('limit-bytes', '0'),
    numberFlag('max-log-requests', '5'),
    text('pod-running-timeout', undefined, '20s'),
  ],
  run,
}
