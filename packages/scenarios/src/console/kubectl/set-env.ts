/** kubectl set env. Follows kubectl/pkg/cmd/set/set_env.go and kubectl/pkg/cmd/set/env. */
import * as E from 'fp-ts/lib/Either.js'
import type { Json, JsonObject, KubernetesObject } from '@statefold/core'
import { atOnce, type Call, type Command } from './command.js'
import { byText } from './describe/lines.js'
import { CommandFailure, fail } from './errors.js'
import { commaList, list, switchFlag, text } from './flags.js'
import { at, jsonOf, listAt, objectAt, sortedNames, textAt, textsAt } from './json-object.js'
import { podSpecPathOf } from './pod-template.js'
import { compactJson } from './printers/json-printer.js'
import { readObject } from './reading.js'
import { liveItems, resourceTypeOrFail } from './resource-arguments.js'
import { applyEdits, containersOf, nameMatches, nameWithGroup, requireResources, setFlags, type ContainerEdit } from './set.js'

const nameOf = (variable: Json): string => textAt(variable, 'name')

/** Follows GetEnvVarRefString in env/env_resolve.go. */
const referenceText = (from: Json): string => {
  if (at(from, 'configMapKeyRef') !== undefined)
    return `configmap ${textAt(from, 'configMapKeyRef', 'name')}, key ${textAt(from, 'configMapKeyRef', 'key')}`
  if (at(from, 'secretKeyRef') !== undefined)
    return `secret ${textAt(from, 'secretKeyRef', 'name')}, key ${textAt(from, 'secretKeyRef', 'key')}`
  if (at(from, 'fieldRef') !== undefined) return `field path ${textAt(from, 'fieldRef', 'fieldPath')}`
  if (at(from, 'resourceFieldRef') === undefined) return 'invalid valueFrom'
  const container = textAt(from, 'resourceFieldRef', 'containerName')
  return `resource field ${container === '' ? '' : `${container}.`}${textAt(from, 'resourceFieldRef', 'resource')}`
}

const decoded = (base64: string): string => new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))

/** The value behind a reference, or why it cannot be told. Follows GetEnvVarRefValue. */
const resolved = (call: Call, from: Json, object: KubernetesObject): E.Either<string, string> => {
  const ofKey = (kind: 'configmaps' | 'secrets', reference: Json): E.Either<string, string> => {
    const [name, key] = [textAt(reference, 'name'), textAt(reference, 'key')]
    const found = readObject(call, resourceTypeOrFail(kind), call.namespace, name)
    if (found === undefined) return E.left(`${kind} ${JSON.stringify(name)} not found`)
    const value = textsAt(jsonOf(found), 'data')[key]
    if (value === undefined) return E.left(`key ${key} not found in ${kind === 'secrets' ? 'secret' : 'config map'} ${name}`)
    return E.right(kind === 'secrets' ? decoded(value) : value)
  }
  const [configMap, secret] = [at(from, 'configMapKeyRef'), at(from, 'secretKeyRef')]
  if (configMap !== undefined) return ofKey('configmaps', configMap)
  if (secret !== undefined) return ofKey('secrets', secret)
  const path = textAt(from, 'fieldRef', 'fieldPath')
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (keyed !== null) return E.right(textsAt(jsonOf(object), 'metadata', keyed[1] ?? '')[keyed[2] ?? ''] ?? '')
  return /^metadata\.(?:name|namespace|uid)$/.test(path)
    ? E.right(textAt(jsonOf(object), 'metadata', path.slice('metadata.'.length)))
    : E.left(`unsupported fieldPath: ${path}`)
}

/** `key-one` is `KEY_ONE`; a changed name is told. Follows keyToEnvName. */
const variableNameOf = (call: Call, key: string): string => {
  const name = key.replace(/[^A-Za-z0-9_]/g, '_').toUpperCase()
  if (name !== key) call.output.stderr(`Warning: key ${key} transferred to ${name}\n`)
  return name
}

/** A variable for each key of the ConfigMap or Secret that --from names. */
// Differs from Kubernetes: keys come in the order of their names; kubectl walks a Go map.
const variablesFrom = (call: Call): readonly JsonObject[] => {
  const { flags } = call
  const [from, keys] = [flags.text('from'), flags.list('keys')]
  if (from === '') return keys.length === 0 ? [] : fail('when specifying --keys, a configmap or secret must be provided with --from')
  const { items, problems } = liveItems(call, [from])
  if (problems.length > 0) throw new CommandFailure(problems)
  return items.flatMap(({ object }) => {
    if (object.kind !== 'ConfigMap' && object.kind !== 'Secret') return fail('unsupported resource specified in --from')
    const reference = object.kind === 'ConfigMap' ? 'configMapKeyRef' : 'secretKeyRef'
    return sortedNames(textsAt(jsonOf(object), 'data'))
      .filter((key) => keys.length === 0 || keys.includes(key))
      .map((key) => ({ name: variableNameOf(call, key), valueFrom: { [reference]: { key, name: object.metadata.name } } }))
  })
}

interface Wish {
  readonly set: readonly JsonObject[]
  readonly remove: readonly string[]
}

const wishOf = (call: Call, pairs: readonly string[]): Wish => {
  const set: JsonObject[] = []
  const remove: string[] = []
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    if (equals > 0) set.push({ name: pair.slice(0, equals), value: pair.slice(equals + 1) })
    else if (pair.endsWith('-')) remove.push(pair.slice(0, -1))
    else return fail(`unknown: ${pair}`)
  }
  const prefix = call.flags.text('prefix')
  return { set: [...set, ...variablesFrom(call)].map((variable) => ({ ...variable, name: `${prefix}${nameOf(variable)}` })), remove }
}

/** What is there keeps its place, what is new comes at the end. Follows updateEnv. */
const updated = (current: readonly Json[], { set, remove }: Wish): readonly Json[] => {
  const last = new Map([...set].reverse().map((variable) => [nameOf(variable), variable]))
  const kept = current.filter((variable) => !remove.includes(nameOf(variable))).map((variable) => last.get(nameOf(variable)) ?? variable)
  const there = new Set([...kept.map(nameOf), ...remove])
  return [...kept, ...[...new Map(set.map((variable) => [nameOf(variable), variable])).values()].filter((one) => !there.has(nameOf(one)))]
}

/** One variable as a strategic patch of what was there. */
const variablePatch = (before: Json | undefined, after: Json): Json => ({
  ...(before === undefined ? {} : Object.fromEntries(Object.keys(objectAt({ before }, 'before')).map((field) => [field, null]))),
  ...objectAt({ after }, 'after'),
})

const editOf = (which: ContainerEdit['list'], container: JsonObject, wish: Wish): readonly ContainerEdit[] => {
  const current = listAt(container, 'env')
  const after = updated(current, wish)
  const before = (variable: Json): Json | undefined => current.find((one) => nameOf(one) === nameOf(variable))
  const changed = after.filter((variable) => {
    const own = before(variable)
    return own === undefined || compactJson(own) !== compactJson(variable)
  })
  const removed = current.filter((variable) => !after.some((one) => nameOf(one) === nameOf(variable)))
  if (changed.length === 0 && removed.length === 0) return []
  const patches: readonly Json[] = [
    ...changed.map((variable) => variablePatch(before(variable), variable)),
    ...removed.map((variable) => ({ $patch: 'delete', name: nameOf(variable) })),
  ]
  const { env: _env, ...bare } = container
  return [
    {
      list: which,
      name: nameOf(container),
      fields: { '$setElementOrder/env': after.map((variable) => ({ name: nameOf(variable) })), env: patches },
      result: { ...bare, env: after },
    },
  ]
}

const chosenContainers = (podSpec: JsonObject, pattern: string): readonly (readonly [ContainerEdit['list'], JsonObject])[] =>
  (['containers', 'initContainers'] as const).flatMap((which) =>
    containersOf(podSpec, which)
      .filter((container) => nameMatches(pattern, nameOf(container)))
      .map((container) => [which, container] as const),
  )

const listVariables = (call: Call, resources: readonly string[], wish: Wish): number => {
  const { flags, output } = call
  const { items, problems } = liveItems(call, resources, { labels: flags.text('selector'), all: flags.on('all') })
  if (problems.length > 0) throw new CommandFailure(problems)
  for (const item of items) {
    const podSpec = objectAt(jsonOf(item.object), ...(podSpecPathOf(item.type.kind) ?? []))
    for (const [, container] of chosenContainers(podSpec, flags.text('containers'))) {
      output.stdout(`# ${item.type.kind} ${item.name}, container ${nameOf(container)}\n`)
      const unresolved = new Map<string, readonly string[]>()
      for (const variable of updated(listAt(container, 'env'), wish)) {
        const from = at(variable, 'valueFrom')
        const value = from === undefined || !flags.on('resolve') ? undefined : resolved(call, from, item.object)
        if (from === undefined) output.stdout(`${nameOf(variable)}=${textAt(variable, 'value')}\n`)
        else if (value !== undefined && E.isRight(value)) output.stdout(`${nameOf(variable)}=${value.right}\n`)
        else output.stdout(`# ${nameOf(variable)} from ${referenceText(from)}\n`)
        if (value !== undefined && E.isLeft(value)) unresolved.set(value.left, [...(unresolved.get(value.left) ?? []), nameOf(variable)])
      }
      const sentences = [...unresolved].map(
        ([why, names]) => `error retrieving reference for ${[...names].sort(byText).join(', ')}: ${why}\n`,
      )
      for (const sentence of sentences.sort(byText)) output.stderr(sentence)
    }
  }
  return 0
}

const setEnv = (call: Call): number => {
  const { flags } = call
  const isPair = (word: string): boolean => /^[^=/]+=/.test(word) || (word.endsWith('-') && word !== '-')
  const first = call.words.findIndex(isPair)
  const resources = first < 0 ? call.words : call.words.slice(0, first)
  const pairs = [...flags.list('env'), ...(first < 0 ? [] : call.words.slice(first))]
  if (first >= 0 && call.words.slice(first).some((word) => !isPair(word)))
    return fail(`all resources must be specified before environment changes: ${call.words.join(' ')}`)
  requireResources(call, resources)
  if (flags.on('list') && flags.text('output') !== '') return fail('--list and --output may not be specified together')
  const wish = wishOf(call, pairs)
  const pattern = flags.text('containers')
  if (flags.on('list')) return listVariables(call, resources, wish)
  return applyEdits(call, resources, 'env updated', 'env', (podSpec, item) => {
    const chosen = chosenContainers(podSpec, pattern)
    if (chosen.length === 0) {
      call.output.stderr(`Warning: ${nameWithGroup(item)} does not have any containers matching ${JSON.stringify(pattern)}\n`)
      return E.right([])
    }
    if (!flags.on('overwrite')) {
      for (const [, container] of chosen) {
        const own = listAt(container, 'env').find((variable) =>
          wish.set.some((one) => nameOf(one) === nameOf(variable) && compactJson(one) !== compactJson(variable)),
        )
        if (own !== undefined)
          return E.left([
            `error: ${nameWithGroup(item)} '${nameOf(own)}' already has a value (${textAt(own, 'value')}), and --overwrite is false\n`,
          ])
      }
    }
    return E.right(chosen.flatMap(([which, container]) => editOf(which, container, wish)))
  })
}

export const setEnvCommand: Command = {
  name: 'set env',
  flags: [
    ...setFlags,
    text('containers', 'c', '*'),
    list('env', 'e'),
    switchFlag('overwrite', undefined, 'true'),
    switchFlag('list'),
    switchFlag('resolve'),
    text('from'),
    text('prefix'),
    commaList('keys'),
  ],
  run: atOnce(setEnv),
}
