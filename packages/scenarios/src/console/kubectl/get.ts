/** kubectl get. Follows kubectl/pkg/cmd/get/get.go. */
import { ageOf, formatLabelSelector, tableOf, type Json, type KubernetesObject, type Table } from '@statefold/core'
import { fieldSelectorFlag, fileFlags, outputFlags, selectorFlag, type Call, type Command, type Running } from './command.js'
import { CommandFailure, fail, failUsage, failWith, statusProblem, type Problem } from './errors.js'
import { commaList, numberFlag, switchFlag, text } from './flags.js'
import { at, jsonOf, numberAt, objectAt, textsAt } from './json-object.js'
import type { WatchEvent } from './kubectl-cluster.js'
import { objectPrinterOf, type ObjectPrinter } from './printers/object-printer.js'
import { alignTabs, tableOptions } from './printers/tab-writer.js'
import { tableLines, type TableOptions } from './printers/table-printer.js'
import { getRaw } from './raw.js'
import { listObjects, notFoundProblem, readObject } from './reading.js'
import { namesSeveralTypes, requestsOf, type Request } from './resource-arguments.js'
import type { ResourceType } from './resource-types.js'
import { parseFieldSelector, parseLabelSelector } from './selectors.js'
import { sortedBy } from './sorting.js'
import { openWatch } from './watching.js'
import * as E from 'fp-ts/lib/Either.js'

export const resourceHelp = 'Use "kubectl api-resources" for a complete list of supported resources.'

/** The objects of one request: a list, or one object. */
interface Answer {
  readonly type: ResourceType
  readonly isList: boolean
  readonly objects: readonly KubernetesObject[]
}

const optionsOf = (call: Call, type: ResourceType, severalTypes: boolean): TableOptions => ({
  wide: call.flags.text('output') === 'wide',
  headers: !call.flags.on('no-headers'),
  namespaces: call.flags.on('all-namespaces') && type.namespaced,
  kinds: severalTypes || call.flags.on('show-kind'),
  labelColumns: call.flags.list('label-columns'),
  allLabels: call.flags.on('show-labels'),
})

// Stored objects are JSON; the printers want to see them so.
const asJson = (object: KubernetesObject): Json => object as unknown as Json

/** The Scale of an object. Follows scaleFromStatefulSet in pkg/registry/apps/statefulset/storage/storage.go and its neighbours. */
const scaleOf = (object: KubernetesObject): KubernetesObject => {
  const json = jsonOf(object)
  const { creationTimestamp, name, namespace, resourceVersion, uid } = object.metadata
  const selector = at(json, 'spec', 'selector')
  const isPlain = object.kind === 'ReplicationController'
  const text =
    selector === undefined
      ? ''
      : formatLabelSelector(isPlain ? { matchLabels: textsAt(json, 'spec', 'selector') } : objectAt(json, 'spec', 'selector'))
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { creationTimestamp, name, ...(namespace === undefined ? {} : { namespace }), resourceVersion, uid },
    spec: { replicas: numberAt(json, 'spec', 'replicas') },
    status: { replicas: numberAt(json, 'status', 'replicas'), ...(text === '' ? {} : { selector: text }) },
  } as KubernetesObject
}

const subresourceOf = (call: Call, type: ResourceType, object: KubernetesObject): KubernetesObject => {
  const asked = call.flags.text('subresource')
  if (asked === '') return object
  if (!type.subresources.some(({ name, verbs }) => name === asked && verbs.includes('get')))
    return failWith(statusProblem({ reason: 'NotFound', code: 404, message: 'the server could not find the requested resource' }))
  return asked === 'scale' ? scaleOf(object) : object
}

const scaleColumns = ['Name', 'Desired', 'Available', 'Age'].map((name) => ({
  name,
  type: 'string',
  format: name === 'Name' ? 'name' : '',
  priority: 0,
  description: '',
}))

const tableFor = (call: Call, type: ResourceType, objects: readonly KubernetesObject[]): Table => {
  if (call.flags.text('subresource') !== 'scale') return tableOf(type.kind, objects, call.cluster.now())
  const cellsOf = (object: KubernetesObject): readonly (string | number)[] => [
    object.metadata.name,
    numberAt(jsonOf(object), 'spec', 'replicas'),
    numberAt(jsonOf(object), 'status', 'replicas'),
    ageOf(object.metadata.creationTimestamp, call.cluster.now()),
  ]
  return { columns: scaleColumns, rows: objects.map((object) => ({ cells: cellsOf(object), object })) }
}

const answersOf = (
  call: Call,
  requests: readonly Request[],
): { readonly answers: readonly Answer[]; readonly problems: readonly Problem[] } => {
  const answers: Answer[] = []
  const problems: Problem[] = []
  for (const request of requests) {
    if (request.kind === 'list') {
      answers.push({
        type: request.type,
        isList: true,
        objects: listObjects(call, request.type, {
          namespace: request.namespace,
          labels: call.flags.text('selector'),
          fields: call.flags.text('field-selector'),
        }),
      })
      continue
    }
    const object = readObject(call, request.type, request.namespace, request.name)
    if (object !== undefined) answers.push({ type: request.type, isList: false, objects: [subresourceOf(call, request.type, object)] })
    else if (!call.flags.on('ignore-not-found')) problems.push(notFoundProblem(request.type, request.name, call, request.namespace))
  }
  return { answers, problems }
}

const validate = (call: Call): void => {
  const { flags } = call
  const output = flags.text('output')
  if (flags.on('show-labels') && output !== '' && output !== 'wide') fail(`--show-labels option cannot be used with ${output} printer`)
  if (flags.on('output-watch-events') && !flags.on('watch') && !flags.on('watch-only'))
    fail('--output-watch-events option can only be used with --watch or --watch-only')
}

const printObjects = (
  call: Call,
  printer: ObjectPrinter,
  single: boolean,
  answers: readonly Answer[],
  problems: readonly Problem[],
): number => {
  const [first] = answers
  const lone = single && answers.length === 1 ? first?.objects[0] : undefined
  if (single && problems.length > 0) throw new CommandFailure(problems)
  if (answers.length === 0 && call.flags.on('ignore-not-found') && problems.length === 0) return 0
  const sort = call.flags.text('sort-by')
  const objects = answers.flatMap(({ objects: found }) => found)
  const shown: Json =
    lone === undefined
      ? {
          apiVersion: 'v1',
          items: (sort === '' ? objects : sortedBy(sort, objects)).map(asJson),
          kind: 'List',
          metadata: { resourceVersion: '' },
        }
      : asJson(lone)
  call.output.stdout(printer(shown))
  if (problems.length > 0) throw new CommandFailure(problems)
  return 0
}

/** A table that cannot be sorted is not shown at all. Follows RuntimeSorter.Sort in kubectl/pkg/cmd/get/sorter.go. */
const sortedOrNone = (field: string, objects: readonly KubernetesObject[]): readonly KubernetesObject[] => {
  try {
    return sortedBy(field, objects)
  } catch (failure) {
    if (failure instanceof CommandFailure) return []
    throw failure
  }
}

const printTables = (call: Call, answers: readonly Answer[], problems: readonly Problem[]): number => {
  const kinds = new Set(answers.map(({ type }) => `${type.kind}.${type.group}`))
  // What was named and is not there does not count: `get deploy/web rs/nope` shows one kind.
  const severalTypes = kinds.size > 1 || (problems.length === 0 && namesSeveralTypes(call.words))
  const sort = call.flags.text('sort-by')
  // Neighbouring answers of one type share a table: `get pod web-0 web-1`.
  const groups: { type: ResourceType; objects: readonly KubernetesObject[] }[] = []
  for (const { type, objects } of answers) {
    const last = groups.at(-1)
    if (last !== undefined && last.type === type) last.objects = [...last.objects, ...objects]
    else groups.push({ type, objects })
  }
  let written = false
  for (const { type, objects } of groups) {
    const table = tableFor(call, type, sort === '' ? objects : sortedOrNone(sort, objects))
    const lines = tableLines(type, table, optionsOf(call, type, severalTypes))
    if (lines.length === 0) continue
    if (written && !call.flags.on('no-headers')) call.output.stdout('\n')
    call.output.stdout(`${alignTabs(lines.join('\n'), tableOptions)}\n`)
    written = true
  }
  if (!written && problems.length === 0 && !call.flags.on('ignore-not-found')) {
    const inOneNamespace = !call.flags.on('all-namespaces') && answers.every(({ type }) => type.namespaced)
    call.output.stderr(inOneNamespace ? `No resources found in ${call.namespace} namespace.\n` : 'No resources found\n')
  }
  if (problems.length > 0) throw new CommandFailure(problems)
  return 0
}

/** A change of an object as a watch with selectors tells it: entering is ADDED, leaving is DELETED. */
const seenThrough = (matches: (object: KubernetesObject) => boolean, known: Set<string>, event: WatchEvent): WatchEvent | undefined => {
  const { uid } = event.object.metadata
  const before = known.has(uid)
  const now = event.type !== 'DELETED' && matches(event.object)
  if (now) known.add(uid)
  else known.delete(uid)
  if (!before && !now) return undefined
  return { type: !before ? 'ADDED' : now ? 'MODIFIED' : 'DELETED', object: event.object }
}

const eventObject = (event: WatchEvent): Json => ({ object: asJson(event.object), type: event.type })

function* watch(call: Call): Running {
  const { flags, output } = call
  const requests = requestsOf(call, call.words, {
    allNamespaces: flags.on('all-namespaces'),
    labels: flags.text('selector'),
    fields: flags.text('field-selector'),
    allowEmptySelector: true,
    singleType: true,
  })
  const { answers, problems } = answersOf(call, requests.requests)
  const [answer] = answers
  if (problems.length > 0) throw new CommandFailure(problems)
  if (answer === undefined) return 0
  const { type } = answer
  const request = requests.requests[0]
  const namespace = request?.kind === 'list' ? request.namespace : request?.namespace
  const byLabels = parseLabelSelector(flags.text('selector'))
  const byFields = parseFieldSelector(type.kind, flags.text('field-selector'))
  const name = request?.kind === 'object' ? request.name : undefined
  const matches = (object: KubernetesObject): boolean =>
    (name === undefined || object.metadata.name === name) &&
    (E.isLeft(byLabels) || byLabels.right(object.metadata.labels ?? {})) &&
    (E.isLeft(byFields) || byFields.right(object))
  const printer = objectPrinterOf(call, true)
  const withEvents = flags.on('output-watch-events')
  const widths: number[] = []
  let headersDue = !flags.on('no-headers')
  const print = (events: readonly WatchEvent[]): void => {
    if (events.length === 0) return
    if (printer !== undefined) {
      for (const event of events) output.stdout(printer(withEvents ? eventObject(event) : asJson(event.object)))
      return
    }
    const lines: string[] = []
    for (const event of events) {
      const options = { ...optionsOf(call, type, false), headers: headersDue, ...(withEvents ? { event: event.type } : {}) }
      lines.push(...tableLines(type, tableOf(type.kind, [event.object], call.cluster.now()), options))
      headersDue = false
    }
    output.stdout(`${alignTabs(lines.join('\n'), tableOptions, widths)}\n`)
  }
  const next = openWatch(call, type, namespace)
  const known = new Set(answer.objects.map((object) => object.metadata.uid))
  if (!flags.on('watch-only')) print(answer.objects.map((object) => ({ type: 'ADDED', object })))
  for (;;) {
    yield { kind: 'wait-for-change', atMost: undefined }
    for (const change of next()) {
      const event = seenThrough(matches, known, change)
      if (event !== undefined) print([event])
    }
  }
}

function* run(call: Call): Running {
  const { flags } = call
  validate(call)
  if (flags.text('raw') !== '' && call.words.length > 0) return fail('arguments may not be passed when --raw is specified')
  if (flags.text('raw') !== '') return getRaw(call, flags.text('raw'))
  if (flags.on('watch') || flags.on('watch-only')) {
    if (flags.text('sort-by') !== '')
      call.output.stderr(
        flags.on('watch')
          ? 'warning: --watch requested, --sort-by will be ignored for watch events received\n'
          : 'warning: --watch-only requested, --sort-by will be ignored\n',
      )
    return yield* watch(call)
  }
  if (call.words.length === 0 && flags.list('filename').length === 0 && !flags.given('kustomize')) {
    call.output.stderr(`You must specify the type of resource to get. ${resourceHelp}\n\n`)
    return failUsage(
      call.path,
      'Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).',
    )
  }
  const { requests, problems, single } = requestsOf(call, call.words, {
    allNamespaces: flags.on('all-namespaces'),
    labels: flags.text('selector'),
    fields: flags.text('field-selector'),
    allowEmptySelector: true,
  })
  const printer = objectPrinterOf(call, true)
  const { answers, problems: missing } = answersOf(call, requests)
  const all = [...problems, ...missing]
  return printer === undefined ? printTables(call, answers, all) : printObjects(call, printer, single, answers, all)
}

export const getCommand: Command = {
  name: 'get',
  flags: [
    ...outputFlags,
    ...fileFlags,
    selectorFlag,
    fieldSelectorFlag,
    switchFlag('all-namespaces', 'A'),
    switchFlag('watch', 'w'),
    switchFlag('watch-only'),
    switchFlag('output-watch-events'),
    switchFlag('ignore-not-found'),
    switchFlag('no-headers'),
    switchFlag('show-labels'),
    switchFlag('show-kind'),
    switchFlag('server-print', undefined, 'true'),
    commaList('label-columns', 'L'),
    text('sort-by'),
    text('subresource'),
    text('raw'),
    numberFlag('chunk-size', '500'),
  ],
  run,
}
