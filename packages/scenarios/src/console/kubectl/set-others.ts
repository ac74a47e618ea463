/** kubectl set serviceaccount, selector and subject. Follows set_serviceaccount.go, set_selector.go and set_subject.go in kubectl/pkg/cmd/set. */
import * as E from 'fp-ts/lib/Either.js'
import type { Json, JsonObject } from '@statefold/core'
import { dryRunOf, patchItem } from './changing.js'
import { atOnce, type Call, type Command } from './command.js'
import { CommandFailure, fail, statusProblem, textProblem, type Problem } from './errors.js'
import { list, text } from './flags.js'
import { jsonOf, listAt, textAt, textsAt, withField } from './json-object.js'
import { podSpecPathOf } from './pod-template.js'
import { changePrinterOf } from './printers/object-printer.js'
import { liveItems, type Item, type Items } from './resource-arguments.js'
import { nameWithGroup, setFlags } from './set.js'

const itemsOf = (call: Call, resources: readonly string[]): Items => {
  const { flags } = call
  if (flags.on('all') && flags.text('selector') !== '') return fail('cannot set --all and --selector at the same time')
  return liveItems(call, resources, { labels: flags.text('selector'), all: flags.on('all') })
}

interface Change {
  readonly patch: Json
  readonly result: JsonObject
}

/** Sends one change an object. `refusal` words what the server says. */
const applyChanges = (
  call: Call,
  { items, problems: unread }: Items,
  operation: string,
  changeOf: (item: Item) => E.Either<Problem, Change | undefined>,
  refusal: (message: string) => string | undefined,
): number => {
  const dryRun = dryRunOf(call)
  const problems: Problem[] = [...unread]
  for (const item of items) {
    const change = changeOf(item)
    if (E.isLeft(change)) {
      problems.push(change.left)
      continue
    }
    if (change.right === undefined) continue
    const print = changePrinterOf(call, operation, dryRun)
    if (dryRun === 'client' || call.flags.on('local')) {
      print(change.right.result)
      continue
    }
    const answer = patchItem(call, item, change.right.patch, { dryRun })
    if (E.isRight(answer)) print(jsonOf(answer.right))
    else {
      const words = refusal(answer.left.message)
      problems.push(words === undefined ? statusProblem(answer.left) : textProblem(words))
    }
  }
  if (problems.length > 0) throw new CommandFailure(problems)
  return 0
}

const setServiceAccount = (call: Call): number => {
  const account = call.words.at(-1)
  if (account === undefined) return fail('serviceaccount is required')
  return applyChanges(
    call,
    itemsOf(call, call.words.slice(0, -1)),
    'serviceaccount updated',
    (item) => {
      const path = podSpecPathOf(item.type.kind)
      if (path === undefined)
        return E.left(
          textProblem(`error: ${nameWithGroup(item)} the object is not a pod or does not have a pod template: *v1.${item.type.kind}\n`),
        )
      const field = [...path, 'serviceAccountName']
      return E.right({ patch: withField({}, field, account), result: withField(jsonOf(item.object), field, account) })
    },
    (message) => `failed to patch ServiceAccountName ${message}`,
  )
}

/** `a=b,c=d`; nothing but equalities can stand in a Service. */
const labelsOf = (expression: string): JsonObject =>
  Object.fromEntries(
    expression.split(',').map((part) => {
      const pair = /^\s*([\w./-]+)\s*==?\s*([\w.-]*)\s*$/.exec(part)
      return pair === null
        ? fail(`match expression [{${part.trim()} Exists []}] not supported on this object`)
        : [pair[1] ?? '', pair[2] ?? '']
    }),
  )

const setSelector = (call: Call): number => {
  const expression = call.words.at(-1)
  if (expression === undefined) return fail('one selector is required')
  const items = itemsOf(call, call.words.slice(0, -1))
  const wanted = labelsOf(expression)
  const version = call.flags.text('resource-version')
  return applyChanges(
    call,
    items,
    'selector updated',
    (item) => {
      if (item.type.kind !== 'Service') return E.left(textProblem('setting a selector is only supported for Services'))
      const current = textsAt(jsonOf(item.object), 'spec', 'selector')
      const gone = Object.keys(current).filter((name) => wanted[name] === undefined)
      const selector: JsonObject = { ...wanted, ...Object.fromEntries(gone.map((name) => [name, null])) }
      return E.right({
        patch: { ...(version === '' ? {} : { metadata: { resourceVersion: version } }), spec: { selector } },
        result: withField(jsonOf(item.object), ['spec', 'selector'], wanted),
      })
    },
    () => undefined,
  )
}

const rbac = 'rbac.authorization.k8s.io'
const unique = (names: readonly string[]): readonly string[] => [...new Set(names)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))

const setSubject = (call: Call): number => {
  const { flags } = call
  const items = itemsOf(call, call.words)
  if (items.problems.length > 0) throw new CommandFailure(items.problems)
  const [users, groups, accounts] = [flags.list('user'), flags.list('group'), flags.list('serviceaccount')]
  if (users.length + groups.length + accounts.length === 0)
    return fail('you must specify at least one value of user, group or serviceaccount')
  const ofCluster = items.items.some((item) => item.type.kind === 'ClusterRoleBinding')
  const subjects: readonly Json[] = [
    ...unique(users).map((name) => ({ apiGroup: rbac, kind: 'User', name })),
    ...unique(groups).map((name) => ({ apiGroup: rbac, kind: 'Group', name })),
    ...unique(accounts).map((written) => {
      const [namespace = '', name = '', ...more] = written.split(':')
      if (name === '' || more.length > 0) return fail('serviceaccount must be <namespace>:<name>')
      if (ofCluster && namespace === '') return fail('serviceaccount must be <namespace>:<name>, namespace must be specified')
      return { kind: 'ServiceAccount', name, namespace: namespace === '' ? call.namespace : namespace }
    }),
  ]
  return applyChanges(
    call,
    items,
    'subjects updated',
    (item) => {
      if (item.type.kind !== 'RoleBinding' && item.type.kind !== 'ClusterRoleBinding')
        return E.left(textProblem(`error: ${nameWithGroup(item)} setting subjects is only supported for RoleBinding/ClusterRoleBinding\n`))
      const current = listAt(jsonOf(item.object), 'subjects')
      const same = (one: Json, other: Json): boolean =>
        (['kind', 'apiGroup', 'name', 'namespace'] as const).every((field) => textAt(one, field) === textAt(other, field))
      const added = subjects.filter((subject) => !current.some((one) => same(one, subject)))
      if (added.length === 0) return E.right(undefined)
      const all = [...current, ...added]
      return E.right({ patch: { subjects: all }, result: withField(jsonOf(item.object), ['subjects'], all) })
    },
    (message) => `failed to patch subjects to rolebinding: ${message}`,
  )
}

export const setOtherCommands: readonly Command[] = [
  ...['serviceaccount', 'sa'].map((name) => ({
    name: `set ${name}`,
    flags: setFlags,
    run: atOnce(setServiceAccount),
    isAlias: name === 'sa',
  })),
  { name: 'set selector', flags: [...setFlags, text('resource-version')], run: atOnce(setSelector) },
  { name: 'set subject', flags: [...setFlags, list('user'), list('group'), list('serviceaccount')], run: atOnce(setSubject) },
]
