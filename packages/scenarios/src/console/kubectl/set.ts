/** kubectl set image and resources, and what the other subcommands share with them. Follows kubectl/pkg/cmd/set. */
import * as E from 'fp-ts/lib/Either.js'
import type { Json, JsonObject } from '@statefold/core'
import { dryRunOf, patchItem, splitPairs } from './changing.js'
import { atOnce, dryRunFlag, fieldManagerFlag, fileFlags, outputFlags, selectorFlag, type Call, type Command } from './command.js'
import { CommandFailure, fail, textProblem, type Problem } from './errors.js'
import { switchFlag, text, type FlagSpecification } from './flags.js'
import { jsonOf, listAt, objectAt, textAt, withField } from './json-object.js'
import { compactJson } from './printers/json-printer.js'
import { changePrinterOf } from './printers/object-printer.js'
import { liveItems, type Item } from './resource-arguments.js'
import { podSpecPathOf } from './pod-template.js'

export interface ContainerEdit {
  readonly list: 'containers' | 'initContainers'
  readonly name: string
  /** The fields that change, as a strategic patch of the container. */
  readonly fields: JsonObject
  /** The same fields as they will be, where a patch says it otherwise. */
  readonly result?: JsonObject
}

export const containersOf = (podSpec: JsonObject, field: ContainerEdit['list']): readonly JsonObject[] =>
  listAt(podSpec, field).map((container) => objectAt({ container }, 'container'))

/** `$setElementOrder` keeps the containers where they are, as CreateTwoWayMergePatch writes it. */
const patchOf = (path: readonly string[], podSpec: JsonObject, edits: readonly ContainerEdit[]): Json => {
  const spec: Record<string, Json> = {}
  for (const field of ['containers', 'initContainers'] as const) {
    const own = edits.filter((edit) => edit.list === field)
    if (own.length === 0) continue
    spec[`$setElementOrder/${field}`] = containersOf(podSpec, field).map((container) => ({ name: textAt(container, 'name') }))
    spec[field] = own.map(({ name, fields }) => ({ name, ...fields }))
  }
  return withField({}, path, spec)
}

const localResult = (object: JsonObject, path: readonly string[], podSpec: JsonObject, edits: readonly ContainerEdit[]): JsonObject => {
  let result = object
  for (const field of ['containers', 'initContainers'] as const) {
    if (!edits.some((edit) => edit.list === field)) continue
    const changed = containersOf(podSpec, field).map((container) => {
      const edit = edits.find((candidate) => candidate.list === field && candidate.name === textAt(container, 'name'))
      return edit === undefined ? container : { ...container, ...(edit.result ?? edit.fields) }
    })
    result = withField(result, [...path, field], changed)
  }
  return result
}

type EditsOf = (podSpec: JsonObject, item: Item) => E.Either<readonly string[], readonly ContainerEdit[]>

export const nameWithGroup = (item: Item): string => `${item.type.plural}/${item.name}`

/** Computes and sends the edits of every object. `noun` is what the failure calls the change. */
export const applyEdits = (call: Call, resources: readonly string[], operation: string, noun: string, editsOf: EditsOf): number => {
  const { flags } = call
  const dryRun = dryRunOf(call)
  if (flags.on('all') && flags.text('selector') !== '') return fail('cannot set --all and --selector at the same time')
  const found = liveItems(call, resources, { labels: flags.text('selector'), all: flags.on('all') })
  const problems: Problem[] = [...found.problems]
  for (const item of found.items) {
    const path = podSpecPathOf(item.type.kind)
    const object = jsonOf(item.object)
    if (path === undefined) {
      problems.push(
        textProblem(`error: ${nameWithGroup(item)} the object is not a pod or does not have a pod template: *v1.${item.type.kind}\n`),
      )
      continue
    }
    const podSpec = objectAt(object, ...path)
    const edits = editsOf(podSpec, item)
    if (E.isLeft(edits)) {
      problems.push(...edits.left.map(textProblem))
      continue
    }
    if (edits.right.length === 0) continue
    const print = changePrinterOf(call, operation, dryRun)
    if (dryRun === 'client' || flags.on('local')) {
      print(localResult(object, path, podSpec, edits.right))
      continue
    }
    const answer = patchItem(call, item, patchOf(path, podSpec, edits.right), { dryRun })
    if (E.isLeft(answer)) problems.push(textProblem(`failed to patch ${noun} update to pod template: ${answer.left.message}`))
    else print(jsonOf(answer.right))
  }
  if (problems.length > 0) throw new CommandFailure(problems)
  return 0
}

export const requireResources = (call: Call, resources: readonly string[]): void => {
  if (resources.length === 0 && call.flags.list('filename').length === 0)
    fail('one or more resources must be specified as <resource> <name> or <resource>/<name>')
}

const setImage = (call: Call): number => {
  const { resources, pairs } = splitPairs(call.words, 'image')
  const images = pairs.map((pair) => {
    const equals = pair.indexOf('=')
    return equals < 0
      ? fail(`${JSON.stringify(pair)} is an invalid image update`)
      : { name: pair.slice(0, equals), image: pair.slice(equals + 1) }
  })
  if (resources.length === 0 && call.flags.list('filename').length === 0) liveItems(call, resources)
  if (images.length === 0) return fail('at least one image update is required')
  if (images.length > 1 && images.some(({ name }) => name === '*'))
    return fail('all containers are already specified by *, but saw more than one container_name=container_image pairs')
  return applyEdits(call, resources, 'image updated', 'image', (podSpec) => {
    const edits: ContainerEdit[] = []
    const missing: string[] = []
    for (const { name, image } of images) {
      let found = false
      for (const field of ['initContainers', 'containers'] as const) {
        for (const container of containersOf(podSpec, field)) {
          if (textAt(container, 'name') !== name && name !== '*') continue
          found = true
          if (textAt(container, 'image') !== image) edits.push({ list: field, name: textAt(container, 'name'), fields: { image } })
        }
      }
      if (!found) missing.push(`error: unable to find container named ${JSON.stringify(name)}`)
    }
    return missing.length > 0 ? E.left(missing) : E.right(edits)
  })
}

/** `*` and `?` as in shell patterns. */
export const nameMatches = (pattern: string, name: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  ).test(name)

const quantities = (input: string): JsonObject => {
  if (input === '') return {}
  return Object.fromEntries(
    input.split(',').map((part) => {
      const parts = part.split('=')
      return parts.length === 2 ? [parts[0] ?? '', parts[1] ?? ''] : fail(`Invalid argument syntax ${part}, expected <resource>=<value>`)
    }),
  )
}

const setResources = (call: Call): number => {
  const { flags } = call
  const [limits, requests] = [quantities(flags.text('limits')), quantities(flags.text('requests'))]
  requireResources(call, call.words)
  if (Object.keys(limits).length === 0 && Object.keys(requests).length === 0)
    return fail('you must specify an update to requests or limits (in the form of --requests/--limits)')
  const pattern = flags.text('containers')
  return applyEdits(call, call.words, 'resource requirements updated', 'resources', (podSpec) => {
    const chosen = containersOf(podSpec, 'containers').filter((container) => nameMatches(pattern, textAt(container, 'name')))
    if (chosen.length === 0) return E.left([`error: unable to find container named ${pattern}`])
    return E.right(
      chosen.flatMap((container) => {
        const current = objectAt(container, 'resources')
        const wanted: JsonObject = {
          ...(Object.keys(limits).length === 0 ? {} : { limits: { ...objectAt(current, 'limits'), ...limits } }),
          ...(Object.keys(requests).length === 0 ? {} : { requests: { ...objectAt(current, 'requests'), ...requests } }),
        }
        return compactJson({ ...current, ...wanted }) === compactJson(current)
          ? []
          : [{ list: 'containers' as const, name: textAt(container, 'name'), fields: { resources: wanted } }]
      }),
    )
  })
}

export const setFlags: readonly FlagSpecification[] = [
  ...fileFlags,
  ...outputFlags,
  selectorFlag,
  dryRunFlag,
  fieldManagerFlag,
  switchFlag('all'),
  switchFlag('local'),
]

export const setContainerCommands: readonly Command[] = [
  { name: 'set image', flags: setFlags, run: atOnce(setImage) },
  {
    name: 'set resources',
    flags: [...setFlags, text('containers', 'c', '*'), text('limits'), text('requests')],
    run: atOnce(setResources),
  },
]
