/** kubectl taint. Follows kubectl/pkg/cmd/taint/taint.go and utils.go. */
import * as E from 'fp-ts/lib/Either.js'
import type { Json } from '@statefold/core'
import { dryRunOf, patchItem } from './changing.js'
import { atOnce, dryRunFlag, fieldManagerFlag, outputFlags, selectorFlag, validateFlag, type Call, type Command } from './command.js'
import { fail, failUsage, statusProblem, textProblem, type Problem } from './errors.js'
import { switchFlag } from './flags.js'
import { jsonOf, listAt, textAt, withField } from './json-object.js'
import { changePrinterOf } from './printers/object-printer.js'
import { forEachItem, liveItems, resourceTypeOrFail } from './resource-arguments.js'

interface Taint {
  readonly key: string
  readonly value: string
  readonly effect: string
}

const effects: readonly string[] = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

const parseTaint = (call: Call, word: string): Taint => {
  const parts = word.split(':')
  const [pair = '', effect = ''] = parts
  const refuse = (why: string): never => failUsage(call.path, why)
  if (parts.length > 2) return refuse(`invalid taint spec: ${word}`)
  if (parts.length === 2 && !effects.includes(effect)) return refuse(`invalid taint effect: ${effect}, unsupported taint effect`)
  const [key = '', value = '', ...more] = parts.length === 2 ? pair.split('=') : [pair]
  if (more.length > 0) return refuse(`invalid taint spec: ${word}`)
  if (!/^(?:[A-Za-z0-9.-]+\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(key)) {
    return refuse(
      `invalid taint spec: ${word}, name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    )
  }
  return { key, value, effect }
}

const taintText = ({ key, value, effect }: Taint): string =>
  effect === '' ? (value === '' ? key : `${key}=${value}:`) : value === '' ? `${key}:${effect}` : `${key}=${value}:${effect}`

const taintOf = (value: Json): Taint => ({ key: textAt(value, 'key'), value: textAt(value, 'value'), effect: textAt(value, 'effect') })

const taintJson = (taint: Taint): Json => ({ effect: taint.effect, key: taint.key, ...(taint.value === '' ? {} : { value: taint.value }) })

const same = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect

const run = (call: Call): number => {
  const { flags } = call
  const dryRun = dryRunOf(call)
  const isTaint = (word: string): boolean => word.includes('=') || word.includes(':') || word.endsWith('-')
  const first = call.words.findIndex(isTaint)
  const resources = first < 0 ? call.words : call.words.slice(0, first)
  const specs = first < 0 ? [] : call.words.slice(first)
  const late = specs.find((word) => !isTaint(word))
  if (late !== undefined) fail(`all resources must be specified before taint changes: ${late}`)
  const [resource] = resources
  if (resource === undefined) return fail('one or more resources must be specified as <resource> <name>')
  if (specs.length === 0) fail('at least one taint update is required')
  const remove = specs.filter((word) => word.endsWith('-')).map((word) => parseTaint(call, word.slice(0, -1)))
  const add = specs.filter((word) => !word.endsWith('-')).map((word) => parseTaint(call, word))
  const unfinished = add.find(({ effect }) => effect === '')
  if (unfinished !== undefined) failUsage(call.path, `invalid taint spec: ${taintText(unfinished)}`)
  const type = resourceTypeOrFail(resource)
  if (type.kind !== 'Node') fail(`invalid resource type ${resource.toLowerCase()}, only node types are supported`)
  const conflicts = add.flatMap((taint) =>
    remove
      .filter((other) => other.key === taint.key && (other.effect === '' || other.effect === taint.effect))
      .map((other) => `${other.key}=${other.effect}`),
  )
  if (conflicts.length > 0) fail(`can not both modify and remove the following taint(s) in the same command: ${conflicts.join(', ')}`)
  if (flags.on('all') && flags.text('selector') !== '') fail("setting 'all' parameter with a non empty selector is prohibited")
  if (!flags.on('all') && flags.text('selector') === '' && resources.length < 2)
    fail("at least one resource name must be specified since 'all' parameter is not set")
  const items = liveItems(call, resources, { all: flags.on('all'), labels: flags.text('selector') })
  return forEachItem(items, (item): Problem | undefined => {
    const before = listAt(jsonOf(item.object), 'spec', 'taints')
    const old = before.map(taintOf)
    const existing = add.filter((taint) => old.some((other) => same(taint, other)))
    if (existing.length > 0 && !flags.on('overwrite')) {
      return textProblem(
        `node ${item.name} already has ${existing.map(({ key }) => key).join(',')} taint(s) with same effect(s) and --overwrite is false`,
      )
    }
    const kept = before.filter((value) => !add.some((taint) => same(taint, taintOf(value))))
    let taints: readonly Json[] = [...add.map(taintJson), ...kept]
    const added = old.length !== taints.length
    let deleted = false
    const missing: string[] = []
    for (const unwanted of remove) {
      const rest = taints.filter((value) => {
        const taint = taintOf(value)
        return !(taint.key === unwanted.key && (unwanted.effect === '' || unwanted.effect === taint.effect))
      })
      deleted = rest.length < taints.length
      if (!deleted) missing.push(`taint ${JSON.stringify(taintText(unwanted))} not found`)
      taints = rest
    }
    if (missing.length > 0) return textProblem(missing.length === 1 ? (missing[0] ?? '') : `[${missing.join(', ')}]`)
    const word = (added && deleted) || flags.on('overwrite') ? 'modified' : added ? 'tainted' : 'untainted'
    const print = changePrinterOf(call, word, dryRun)
    if (dryRun === 'client') {
      print(withField(jsonOf(item.object), ['spec', 'taints'], taints))
      return undefined
    }
    const answer = patchItem(call, item, { spec: { taints: taints.length === 0 ? null : taints } }, { dryRun })
    if (E.isLeft(answer)) return statusProblem(answer.left)
    print(jsonOf(answer.right))
    return undefined
  })
}

export const taintCommand: Command = {
  name: 'taint',
  flags: [...outputFlags, selectorFlag, dryRunFlag, validateFlag, fieldManagerFlag, switchFlag('overwrite'), switchFlag('all')],
  run: atOnce(run),
}
