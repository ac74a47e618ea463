/** kubectl wait. Follows kubectl/pkg/cmd/wait. */
import * as E from 'fp-ts/lib/Either.js'
import type { Json, KubernetesObject } from '@statefold/core'
import { fieldSelectorFlag, fileFlags, outputFlags, selectorFlag, type Call, type Command, type Running } from './command.js'
import { CommandFailure, fail, failWith, textProblem, type Problem } from './errors.js'
import { duration, list, switchFlag } from './flags.js'
import type { ConsoleWait } from './kubectl-cluster.js'
import { jsonOf, listAt, numberAt, at, textAt } from './json-object.js'
import { findByJsonPath, jsonPathText, parseJsonPath, relaxedJsonPath } from './json-path.js'
import { changePrinterOf } from './printers/object-printer.js'
import { notFoundProblem, readObject } from './reading.js'
import { liveItems, type Item, type Items } from './resource-arguments.js'
import { waitUntil, waitUntilGone } from './waiting.js'

type Condition =
  | { readonly kind: 'delete' }
  | { readonly kind: 'create' }
  | { readonly kind: 'holds'; readonly test: (object: KubernetesObject) => boolean }

/** Splits at single `=`; `==` stays. Follows splitJSONPathInput. */
const splitJsonPathInput = (input: string): readonly string[] =>
  input
    .replaceAll('==', '\u0000')
    .split('=')
    .map((part) => part.replaceAll('\u0000', '=='))

const jsonPathCondition = (input: string): Condition => {
  const parts = splitJsonPathInput(input)
  const [expression = '', wanted] = parts
  if (parts.length > 2)
    return fail("jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'")
  const relaxed = relaxedJsonPath(expression)
  if (E.isLeft(relaxed)) return fail(relaxed.left)
  if (relaxed.right === '') return fail('jsonpath expression cannot be empty')
  const value = wanted?.replace(/^['"]+|['"]+$/g, '')
  if (value === '') return fail("jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3")
  const template = parseJsonPath(relaxed.right)
  if (E.isLeft(template)) return fail(template.left)
  return {
    kind: 'holds',
    test: (object) => {
      const found = findByJsonPath(template.right, jsonOf(object), true)
      if (E.isLeft(found)) return fail(found.left)
      const values = found.right[0] ?? []
      if (values.length === 0) return false
      if (values.length > 1) return fail('given jsonpath expression matches more than one value')
      const [only] = values
      if (only !== null && typeof only === 'object') return value === undefined ? true : fail('jsonpath leads to a nested object or list')
      return value === undefined || jsonPathText(only ?? null) === value
    },
  }
}

const titled = (status: string): string => status.charAt(0).toUpperCase() + status.slice(1).toLowerCase()

/** A condition older than the object's generation does not count. Follows checkCondition. */
const statusCondition = (input: string): Condition => {
  const equals = input.indexOf('=')
  const [name, wanted] = equals < 0 ? [input, 'true'] : [input.slice(0, equals), input.slice(equals + 1)]
  return {
    kind: 'holds',
    test: (object) => {
      const json = jsonOf(object)
      const condition = listAt(json, 'status', 'conditions').find(
        (candidate: Json) => textAt(candidate, 'type').toLowerCase() === name.toLowerCase(),
      )
      if (condition === undefined) return false
      const observed = at(condition, 'observedGeneration') ?? at(json, 'status', 'observedGeneration')
      if (typeof observed === 'number' && observed < numberAt(json, 'metadata', 'generation')) return false
      return textAt(condition, 'status').toLowerCase() === titled(wanted).toLowerCase()
    },
  }
}

const conditionOf = (word: string): Condition => {
  const lower = word.toLowerCase()
  if (lower === 'delete') return { kind: 'delete' }
  if (lower === 'create') return { kind: 'create' }
  if (word.startsWith('condition=')) return statusCondition(word.slice('condition='.length))
  if (word.startsWith('jsonpath=')) return jsonPathCondition(word.slice('jsonpath='.length))
  return fail(`unrecognized condition: ${JSON.stringify(word)}`)
}

const itemsOf = (call: Call): Items => {
  const { flags } = call
  return liveItems(call, call.words, {
    labels: flags.text('selector'),
    fields: flags.text('field-selector'),
    all: flags.on('all'),
    allNamespaces: flags.on('all-namespaces'),
  })
}

const objectName = (item: Item): string => `${item.type.plural}/${item.name}`

function* awaitItem(
  call: Call,
  item: Item,
  condition: Condition,
  timeout: number,
  deadline: number | undefined,
): Generator<ConsoleWait, Problem | undefined, void> {
  const late = textProblem(
    timeout === 0 ? `condition not met for ${objectName(item)}` : `timed out waiting for the condition on ${objectName(item)}`,
  )
  const print = changePrinterOf(call, 'condition met', 'none')
  if (condition.kind === 'create') {
    print(jsonOf(item.object))
    return undefined
  }
  if (condition.kind === 'delete') {
    const gone = yield* waitUntilGone(call, item.type, item.namespace, item.name, item.object.metadata.uid, deadline)
    if (!gone) return late
    print(jsonOf(item.object))
    return undefined
  }
  let current: KubernetesObject | undefined
  const met = yield* waitUntil(call, deadline, () => {
    current = readObject(call, item.type, item.namespace, item.name)
    return current === undefined || condition.test(current)
  })
  if (current === undefined) return notFoundProblem(item.type, item.name)
  if (!met) return late
  print(jsonOf(current))
  return undefined
}

function* run(call: Call): Running {
  const { flags, cluster } = call
  const words = flags.list('for')
  if (words.length === 0) return fail('unrecognized condition: []')
  const conditions = words.map(conditionOf)
  const timeout = flags.duration('timeout')
  const span = timeout < 0 ? 7 * 24 * 3_600_000 : timeout
  const deadline = cluster.now() + span
  const forDelete = conditions.some(({ kind }) => kind === 'delete')
  if (conditions.some(({ kind }) => kind === 'create')) {
    const created = (): boolean => {
      const { items, problems } = itemsOf(call)
      return items.length > 0 && problems.length === 0
    }
    let met = created()
    while (!met && cluster.now() < deadline) {
      yield { kind: 'sleep', ms: Math.min(500, deadline - cluster.now()) }
      met = created()
    }
    if (!met) return fail('timed out waiting for the condition')
  }
  const { items, problems } = itemsOf(call)
  const failures: Problem[] = forDelete
    ? problems.filter((problem) => !(problem.kind === 'status' && problem.status.reason === 'NotFound'))
    : [...problems]
  for (const item of items) {
    for (const condition of conditions) {
      const problem = yield* awaitItem(call, item, condition, timeout, deadline)
      if (problem === undefined) continue
      failures.push(problem)
      break
    }
  }
  if (failures.length > 0) throw new CommandFailure(failures)
  if (items.length === 0 && !forDelete) return failWith(textProblem('no matching resources found'))
  return 0
}

export const waitCommand: Command = {
  name: 'wait',
  flags: [
    ...fileFlags,
    ...outputFlags,
    selectorFlag,
    fieldSelectorFlag,
    list('for'),
    duration('timeout', '30s'),
    switchFlag('all'),
    switchFlag('all-namespaces', 'A'),
    switchFlag('local'),
  ],
  run,
}
