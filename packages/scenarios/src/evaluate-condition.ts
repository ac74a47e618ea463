/** Whether a condition of a scenario holds now, and what was found instead. Looks, never touches: command lines run on a copy of the cluster. */
import * as E from 'fp-ts/lib/Either.js'
import {
  answerDns,
  entriesOf,
  fileSystemOf,
  fieldSelectorRefusal,
  matchesFieldSelector,
  matchesSelector,
  parseFieldSelector,
  parseSelector,
  resourceOfName,
  type Json,
  type Kinds,
  type KubernetesObject,
  type Reader,
  type Simulation,
} from '@statefold/core'
import { executeJsonPath, findByJsonPath, parseJsonPath, relaxedJsonPath } from './console/kubectl/json-path.js'
import { podIsReady, unsettledObjects } from './convergence.js'
import type { Condition } from './format/condition-codec.js'

export interface Answer {
  readonly holds: boolean
  /** What was found, in words. */
  readonly found: string
}

export interface ConditionView {
  readonly simulation: Pick<Simulation, 'reader' | 'state' | 'now' | 'fork'>
  /** A line of the console on a copy of the cluster. */
  readonly runOnCopy: (line: string) => { readonly exit: number; readonly stdout: string; readonly stderr: string }
}

const answer = (holds: boolean, found: string): Answer => ({ holds, found })

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

const show = (value: Json | undefined): string =>
  value === undefined ? 'nothing' : typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value)

const sameJson = (left: Json | undefined, right: Json): boolean => JSON.stringify(left) === JSON.stringify(right)

/** `equals: 3` also means the text "3": JSONPath gives both. */
const equalsLoosely = (found: Json | undefined, wanted: Json): boolean =>
  sameJson(found, wanted) ||
  (found !== undefined && found !== null && typeof found !== 'object' && typeof wanted !== 'object' && String(found) === String(wanted))

const compare = (condition: Condition, found: Json | undefined, shown: string): Answer => {
  const { equals, contains, matches, atLeast, atMost } = condition
  const text = typeof found === 'string' ? found : found === undefined ? '' : JSON.stringify(found)
  const checks: readonly boolean[] = [
    equals === undefined || equalsLoosely(found, equals),
    contains === undefined || text.includes(contains),
    matches === undefined || new RegExp(matches, 'm').test(text),
    atLeast === undefined || (found !== undefined && text !== '' && Number(found) >= atLeast),
    atMost === undefined || (found !== undefined && text !== '' && Number(found) <= atMost),
  ]
  return answer(checks.every(Boolean), shown)
}

const compares = ({ equals, contains, matches, atLeast, atMost }: Condition): boolean =>
  [equals, contains, matches, atLeast, atMost].some((wanted) => wanted !== undefined)

interface Reference {
  readonly kind: string
  readonly name: string
  readonly namespaced: boolean
}

/** `statefulset/web`, `sts/web`, `StatefulSet web`, `deployment.apps/web` */
const parseReference = (written: string): E.Either<string, Reference> => {
  const [word = '', name = ''] = written.trim().split(/[/ ]+/)
  if (word === '' || name === '') return E.left(`${JSON.stringify(written)} is not an object such as statefulset/web`)
  const resource = resourceOfName(word.toLowerCase())
  return resource === undefined
    ? E.left(`the API has no resource type ${JSON.stringify(word)}`)
    : E.right({ kind: resource.kind, name, namespaced: resource.namespaced })
}

const findReferenced = (reader: Reader, written: string, namespace: string | undefined): E.Either<string, KubernetesObject | undefined> => {
  const reference = parseReference(written)
  if (E.isLeft(reference)) return reference
  const { kind, name, namespaced } = reference.right
  return E.right(reader.getAny(kind, namespaced ? (namespace ?? 'default') : '', name))
}

const readiness = (object: KubernetesObject, reader: Reader): Answer => {
  if (object.kind === 'Pod') return answer(podIsReady(object as Kinds['Pod']), podIsReady(object as Kinds['Pod']) ? 'ready' : 'not ready')
  if (object.kind === 'Node') {
    const status = (object as Kinds['Node']).status.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown'
    return answer(status === 'True', `Ready is ${status}`)
  }
  const name = `${object.kind} ${object.metadata.namespace === undefined ? '' : `${object.metadata.namespace}/`}${object.metadata.name}`
  const unsettled = unsettledObjects(reader).find(({ object: found }) => found === name)
  return answer(unsettled === undefined, unsettled?.because ?? 'ready')
}

// Stored objects are plain JSON.
const asJson = (object: KubernetesObject): Json => object as unknown as Json

/** What a JSONPath finds: one value as it is, several as the text that kubectl prints. */
const valueAt = (object: KubernetesObject, path: string): E.Either<string, Json | undefined> => {
  const relaxed = relaxedJsonPath(path)
  const template = E.isLeft(relaxed) ? relaxed : parseJsonPath(relaxed.right)
  if (E.isLeft(template)) return E.left(`the path ${path} cannot be read: ${template.left}`)
  const values = findByJsonPath(template.right, asJson(object), true)
  const flat: readonly Json[] = E.isRight(values) ? values.right.flat() : []
  const printed = executeJsonPath(template.right, asJson(object), true)
  return E.right((flat.length === 1 ? flat[0] : undefined) ?? (E.isRight(printed) && printed.right !== '' ? printed.right : undefined))
}

const objectCondition = (condition: Condition, written: string, reader: Reader): Answer => {
  const found = findReferenced(reader, written, condition.namespace)
  if (E.isLeft(found)) return answer(false, found.left)
  const object = found.right
  if (condition.exists === false) return answer(object === undefined, object === undefined ? 'it does not exist' : 'it exists')
  if (object === undefined) return answer(condition.ready === false, 'it does not exist')
  if (condition.ready !== undefined) {
    const ready = readiness(object, reader)
    if (ready.holds !== condition.ready) return answer(false, ready.found)
  }
  if (condition.path === undefined) return answer(true, 'it exists')
  const read = valueAt(object, condition.path)
  if (E.isLeft(read)) return answer(false, read.left)
  const value = read.right
  if (!compares(condition)) return answer(value !== undefined, `${condition.path} is ${show(value)}`)
  return compare(condition, value, `${condition.path} is ${show(value)}`)
}

const countCondition = (condition: Condition, word: string, reader: Reader): Answer => {
  const resource = resourceOfName(word.toLowerCase())
  if (resource === undefined) return answer(false, `the API has no resource type ${JSON.stringify(word)}`)
  const namespace = resource.namespaced ? (condition.namespace === '*' ? undefined : (condition.namespace ?? 'default')) : undefined
  let objects = reader.listAny(resource.kind, namespace)
  if (condition.labels !== undefined) {
    const selector = parseSelector(condition.labels)
    if (E.isLeft(selector)) return answer(false, `the labels cannot be read: ${selector.left}`)
    const wanted = selector.right
    objects = objects.filter(({ metadata }) => matchesSelector(wanted, metadata.labels ?? {}))
  }
  if (condition.fields !== undefined) {
    const selector = parseFieldSelector(condition.fields)
    if (E.isLeft(selector)) return answer(false, `the fields cannot be read: ${selector.left}`)
    const refusal = fieldSelectorRefusal(resource.kind, selector.right)
    if (refusal !== undefined) return answer(false, refusal)
    const wanted = selector.right
    objects = objects.filter((object) => matchesFieldSelector(wanted, object))
  }
  for (const [path, wanted] of Object.entries(condition.where ?? {}))
    objects = objects.filter((object) => {
      const value = valueAt(object, path)
      return E.isRight(value) && equalsLoosely(value.right, wanted)
    })
  if (condition.ready !== undefined) objects = objects.filter((object) => readiness(object, reader).holds === condition.ready)
  const count = objects.length
  return compares(condition) ? compare(condition, count, `there are ${count}`) : answer(count > 0, `there are ${count}`)
}

export const dnsName = (name: string, namespace = 'default'): string => {
  const bare = name.replace(/\.$/, '')
  if (bare.endsWith('.cluster.local') || bare.endsWith('.arpa') || name.endsWith('.')) return bare
  return bare.endsWith('.svc')
    ? `${bare}.cluster.local`
    : bare.split('.').length > 2
      ? bare
      : bare.includes('.')
        ? `${bare}.svc.cluster.local`
        : `${bare}.${namespace}.svc.cluster.local`
}

const sorted = (texts: readonly string[]): readonly string[] => [...texts].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))

export const checkDns = (
  reader: Reader,
  question: { readonly name: string; readonly type: string },
  wanted: Pick<Condition, 'rcode' | 'answers' | 'equals' | 'atLeast' | 'atMost' | 'contains' | 'matches'>,
): Answer => {
  const { rcode, answers: last, aliases } = answerDns(reader, question)
  const answers = [...aliases, ...last]
  const found = `${rcode}${answers.length === 0 ? '' : ` ${answers.join(', ')}`}`
  if (wanted.rcode !== undefined && wanted.rcode !== rcode) return answer(false, found)
  if (wanted.answers !== undefined && sorted(wanted.answers).join('\n') !== sorted(answers).join('\n')) return answer(false, found)
  if (wanted.contains !== undefined && !answers.some((text) => text.includes(wanted.contains ?? ''))) return answer(false, found)
  if (wanted.matches !== undefined && !answers.some((text) => new RegExp(wanted.matches ?? '').test(text))) return answer(false, found)
  const { equals, atLeast, atMost } = wanted
  if (equals !== undefined || atLeast !== undefined || atMost !== undefined)
    return compare(
      {
        ...(equals === undefined ? undefined : { equals }),
        ...(atLeast === undefined ? undefined : { atLeast }),
        ...(atMost === undefined ? undefined : { atMost }),
      },
      answers.length,
      found,
    )
  return answer(wanted.rcode !== undefined || wanted.answers !== undefined || answers.length > 0, found)
}

const fileCondition = (condition: Condition, view: ConditionView): Answer => {
  const { file } = condition
  if (file === undefined) return answer(false, 'no file is named')
  const reader = view.simulation.reader()
  const pod = reader.get('Pod', file.namespace ?? 'default', file.pod.replace(/^pods?\//, ''))
  if (pod === undefined) return answer(condition.exists === false, `there is no Pod ${file.pod}`)
  const files = fileSystemOf(
    view.simulation.state().cluster.world,
    reader,
    pod.metadata.uid,
    file.container ?? pod.spec.containers[0]?.name ?? '',
    pod,
  )
  if (files === undefined) return answer(false, `no container of Pod ${file.pod} runs`)
  const content = files.read(file.path)
  if (content === undefined) return answer(condition.exists === false, 'there is no such file')
  if (condition.exists === false) return answer(false, 'the file exists')
  if (condition.equals !== undefined && typeof condition.equals === 'string')
    return answer(
      content.trimEnd() === condition.equals.trimEnd() && compare({ ...withoutEquals(condition) }, content, '').holds,
      `the file has ${show(content)}`,
    )
  return compare(condition, content, `the file has ${show(content)}`)
}

const withoutEquals = ({ equals: _equals, ...rest }: Condition): Condition => rest

const commandCondition = (condition: Condition, line: string, view: ConditionView): Answer => {
  const { exit, stdout, stderr } = view.runOnCopy(line)
  const printed = `${stdout}${stderr}`
  const found = `exit ${exit}, printed ${show(printed)}`
  if (exit !== (condition.exit ?? exit)) return answer(false, found)
  if (condition.equals !== undefined && textOf(condition.equals).trimEnd() !== printed.trimEnd()) return answer(false, found)
  return compares(withoutEquals(condition))
    ? compare(withoutEquals(condition), printed, found)
    : answer(condition.exit !== undefined || condition.equals !== undefined || exit === 0, found)
}

interface StoredEvent {
  readonly reason?: string
  readonly message?: string
  readonly note?: string
  readonly involvedObject?: { readonly name?: string }
  readonly regarding?: { readonly name?: string }
}

const eventCondition = ({ event }: Condition, reader: Reader): Answer => {
  const name = event?.about?.split('/').at(-1)
  const holds = reader.listAny('Event').some((object) => {
    // An Event as it is stored; only these fields are looked at.
    const told = object as unknown as StoredEvent
    return (
      (event?.reason === undefined || told.reason === event.reason) &&
      (name === undefined || (told.involvedObject?.name ?? told.regarding?.name) === name) &&
      (event?.contains === undefined || (told.message ?? told.note ?? '').includes(event.contains))
    )
  })
  return answer(holds, holds ? 'it was told' : 'no such Event was told')
}

const waitingCondition = (text: string, view: ConditionView): Answer => {
  const waiting = entriesOf(view.simulation.state().cluster.waiting).flatMap(([, list]) => list.map(({ because }) => because))
  return answer(
    waiting.some((because) => because.includes(text)),
    waiting.length === 0 ? 'nobody waits' : `waited for: ${waiting.join('; ')}`,
  )
}

export const evaluate = (condition: Condition, view: ConditionView): Answer => {
  const reader = view.simulation.reader()
  if (condition.all !== undefined) {
    const failed = condition.all.map((inner) => ({ inner, result: evaluate(inner, view) })).find(({ result }) => !result.holds)
    return failed === undefined ? answer(true, 'all hold') : answer(false, `${conditionWords(failed.inner)}: ${failed.result.found}`)
  }
  if (condition.any !== undefined) {
    const results = condition.any.map((inner) => evaluate(inner, view))
    return answer(
      results.some(({ holds }) => holds),
      results.map(({ found }) => found).join('; '),
    )
  }
  if (condition.not !== undefined) {
    const inner = evaluate(condition.not, view)
    return answer(!inner.holds, inner.found)
  }
  if (condition.object !== undefined) return objectCondition(condition, condition.object, reader)
  if (condition.count !== undefined) return countCondition(condition, condition.count, reader)
  if (condition.dns !== undefined)
    return checkDns(reader, { name: dnsName(condition.dns.name, condition.namespace), type: condition.dns.type ?? 'A' }, condition)
  if (condition.file !== undefined) return fileCondition(condition, view)
  if (condition.command !== undefined) return commandCondition(condition, condition.command, view)
  if (condition.event !== undefined) return eventCondition(condition, reader)
  if (condition.waiting !== undefined) return waitingCondition(condition.waiting, view)
  const unsettled = unsettledObjects(reader)
  return answer(
    unsettled.length === 0,
    unsettled.length === 0 ? 'at rest' : unsettled.map(({ object, because }) => `${object}: ${because}`).join('; '),
  )
}

export const asOne = (conditions: Condition | readonly Condition[]): Condition =>
  isList(conditions) ? (conditions.length === 1 && conditions[0] !== undefined ? conditions[0] : { all: conditions }) : conditions

const isList = (conditions: Condition | readonly Condition[]): conditions is readonly Condition[] => Array.isArray(conditions)

const comparisonWords = (condition: Condition): string => {
  const { equals, contains, matches, atLeast, atMost, rcode, answers, exit } = condition
  const parts = [
    ...(equals === undefined ? [] : [`is ${show(equals)}`]),
    ...(contains === undefined ? [] : [`has ${show(contains)} in it`]),
    ...(matches === undefined ? [] : [`matches /${matches}/`]),
    ...(atLeast === undefined ? [] : [`is at least ${atLeast}`]),
    ...(atMost === undefined ? [] : [`is at most ${atMost}`]),
    ...(rcode === undefined ? [] : [`answers ${rcode}`]),
    ...(answers === undefined ? [] : [`answers ${answers.length === 0 ? 'nothing' : answers.join(', ')}`]),
    ...(exit === undefined ? [] : [`ends with ${exit}`]),
  ]
  return parts.join(' and ')
}

/** The condition as a sentence part. */
export const conditionWords = (condition: Condition): string => {
  const tail = comparisonWords(condition)
  const withTail = (head: string, otherwise: string): string => `${head} ${tail === '' ? otherwise : tail}`
  if (condition.all !== undefined) return condition.all.map(conditionWords).join(', and ')
  if (condition.any !== undefined) return condition.any.map(conditionWords).join(', or ')
  if (condition.not !== undefined) return `not: ${conditionWords(condition.not)}`
  if (condition.object !== undefined) {
    if (condition.exists === false) return `${condition.object} does not exist`
    const ready = condition.ready === undefined ? '' : condition.ready ? ' is ready' : ' is not ready'
    if (condition.path === undefined) return ready === '' ? `${condition.object} exists` : `${condition.object}${ready}`
    return `${condition.object}${ready === '' ? '' : `${ready} and its`} ${condition.path} ${tail === '' ? 'is set' : tail}`
  }
  if (condition.count !== undefined) {
    const which = [
      condition.ready === undefined ? '' : condition.ready ? 'ready ' : 'unready ',
      condition.count,
      condition.labels === undefined ? '' : ` with ${condition.labels}`,
      condition.fields === undefined ? '' : ` with ${condition.fields}`,
      ...Object.entries(condition.where ?? {}).map(([path, value]) => ` with ${path} ${show(value)}`),
    ].join('')
    return withTail(`the number of ${which}`, 'is not 0')
  }
  if (condition.dns !== undefined) return withTail(`DNS for ${condition.dns.name} ${condition.dns.type ?? 'A'}`, 'has an answer')
  if (condition.file !== undefined)
    return condition.exists === false
      ? `${condition.file.path} in ${condition.file.pod} does not exist`
      : withTail(`${condition.file.path} in ${condition.file.pod}`, 'exists')
  if (condition.command !== undefined) return withTail(`\`${condition.command}\``, 'ends with 0')
  if (condition.event !== undefined)
    return `an Event is told: ${[condition.event.reason, condition.event.about, condition.event.contains].filter((part) => part !== undefined).join(' ')}`
  if (condition.waiting !== undefined) return `a controller waits: ${condition.waiting}`
  return 'the cluster is at rest'
}

/** Conditions that run command lines cannot be looked at after every turn. */
export const runsCommands = (condition: Condition): boolean =>
  condition.command !== undefined ||
  (condition.all ?? []).some(runsCommands) ||
  (condition.any ?? []).some(runsCommands) ||
  (condition.not !== undefined && runsCommands(condition.not))
