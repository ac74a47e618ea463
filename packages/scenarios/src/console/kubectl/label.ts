/** kubectl label and kubectl annotate. Follows kubectl/pkg/cmd/label/label.go and kubectl/pkg/cmd/annotate/annotate.go. */
import * as E from 'fp-ts/lib/Either.js'
import type { Json } from '@statefold/core'
import { dryRunOf, patchItem, splitPairs } from './changing.js'
import {
  atOnce,
  dryRunFlag,
  fieldManagerFlag,
  fieldSelectorFlag,
  fileFlags,
  outputFlags,
  selectorFlag,
  type Call,
  type Command,
} from './command.js'
import { fail, statusProblem, textProblem, type Problem } from './errors.js'
import { switchFlag, text, type FlagSpecification } from './flags.js'
import { jsonOf, objectAt, sortedNames, textsAt, withField } from './json-object.js'
import { changePrinterOf } from './printers/object-printer.js'
import { forEachItem, liveItems } from './resource-arguments.js'

interface Edits {
  readonly set: Readonly<Record<string, string>>
  readonly remove: readonly string[]
}

const labelValuePattern = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/

const parseLabels = (pairs: readonly string[]): Edits => {
  const set: Record<string, string> = {}
  const remove: string[] = []
  for (const pair of pairs) {
    if (pair.includes('=')) {
      const parts = pair.split('=')
      const [key = '', value = ''] = parts
      if (parts.length !== 2) fail(`invalid label spec: ${pair}`)
      if (value.length > 63) fail(`invalid label value: ${JSON.stringify(pair)}: must be no more than 63 bytes`)
      if (!labelValuePattern.test(value)) {
        fail(
          `invalid label value: ${JSON.stringify(pair)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
        )
      }
      set[key] = value
    } else if (pair.endsWith('-')) remove.push(pair.slice(0, -1))
    else fail(`unknown label spec: ${pair}`)
  }
  if (remove.some((key) => set[key] !== undefined)) fail('can not both modify and remove a label in the same command')
  return { set, remove }
}

const parseAnnotations = (pairs: readonly string[]): Edits => {
  const set: Record<string, string> = {}
  const remove: string[] = []
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    if (equals > 0) set[pair.slice(0, equals)] = pair.slice(equals + 1)
    else if (pair.endsWith('-')) remove.push(pair.slice(0, -1))
    else fail(`invalid annotation format: ${pair}`)
  }
  const both = remove.filter((key) => set[key] !== undefined)
  if (both.length > 0) fail(`can not both modify and remove the following annotation(s) in the same command: ${both.join(', ')}`)
  return { set, remove }
}

const changeWord = (added: number, removed: number): string =>
  added > 0 && removed > 0 ? 'modified' : added > 0 ? 'labeled' : removed > 0 ? 'unlabeled' : 'not labeled'

const runFor =
  (field: 'labels' | 'annotations') =>
  (call: Call): number => {
    const { flags } = call
    const dryRun = dryRunOf(call)
    const pairType = field === 'labels' ? 'label' : 'annotation'
    const { resources, pairs } = splitPairs(call.words, pairType)
    const edits = field === 'labels' ? parseLabels(pairs) : parseAnnotations(pairs)
    if (flags.on('list') && flags.text('output') !== '') fail('--list and --output may not be specified together')
    if (flags.on('all') && flags.text('selector') !== '') fail('cannot set --all and --selector at the same time')
    if (flags.on('all') && flags.text('field-selector') !== '') fail('cannot set --all and --field-selector at the same time')
    if (resources.length === 0 && flags.list('filename').length === 0)
      fail('one or more resources must be specified as <resource> <name> or <resource>/<name>')
    if (pairs.length === 0 && !flags.on('list')) fail(`at least one ${pairType} update is required`)
    const items = liveItems(call, resources, {
      labels: flags.text('selector'),
      fields: flags.text('field-selector'),
      all: flags.on('all'),
      allNamespaces: flags.on('all-namespaces'),
    })
    return forEachItem(items, (item): Problem | undefined => {
      const object = jsonOf(item.object)
      const current = textsAt(object, 'metadata', field)
      if (flags.on('list')) {
        const indent = items.single ? '' : ' '
        if (!items.single) call.output.stdout(`Listing ${field} for ${item.type.kind}.${item.type.group}/${item.name}:\n`)
        for (const name of sortedNames(current)) call.output.stdout(`${indent}${name}=${current[name] ?? ''}\n`)
        return undefined
      }
      if (field === 'labels' && dryRun !== 'client') {
        for (const name of edits.remove) if (current[name] === undefined) call.output.stdout(`label ${JSON.stringify(name)} not found.\n`)
      }
      if (!flags.on('overwrite')) {
        const taken = sortedNames(edits.set).filter((name) => current[name] !== undefined && current[name] !== edits.set[name])
        if (taken.length > 0) {
          const sentences = taken.map((name) => `'${name}' already has a value (${current[name] ?? ''})`)
          return textProblem(
            field === 'labels'
              ? sentences.length === 1
                ? `${sentences[0] ?? ''}, and --overwrite is false`
                : `[${sentences.map((sentence) => `${sentence}, and --overwrite is false`).join(', ')}]`
              : `--overwrite is false but found the following declared annotation(s): ${sentences.join('; ')}`,
          )
        }
      }
      const set = Object.entries(edits.set).filter(([name, value]) => current[name] !== value)
      const removed = edits.remove.filter((name) => current[name] !== undefined)
      const patch: Record<string, Json> = { ...Object.fromEntries(set), ...Object.fromEntries(removed.map((name) => [name, null])) }
      const word = field === 'labels' ? changeWord(set.length, removed.length) : 'annotated'
      const print = changePrinterOf(call, word, dryRun)
      const { ...changed } = { ...objectAt(object, 'metadata', field), ...Object.fromEntries(set) }
      for (const name of removed) delete changed[name]
      const local = withField(object, ['metadata', field], changed)
      if (dryRun === 'client' || Object.keys(patch).length === 0) {
        print(local)
        return undefined
      }
      const version = flags.text('resource-version')
      const answer = patchItem(
        call,
        item,
        { metadata: { [field]: patch, ...(version === '' ? {} : { resourceVersion: version }) } },
        { patchType: 'merge', dryRun },
      )
      if (E.isLeft(answer)) return statusProblem(answer.left)
      print(jsonOf(answer.right))
      return undefined
    })
  }

const flags: readonly FlagSpecification[] = [
  ...fileFlags,
  ...outputFlags,
  selectorFlag,
  fieldSelectorFlag,
  dryRunFlag,
  fieldManagerFlag,
  switchFlag('overwrite'),
  switchFlag('list'),
  switchFlag('local'),
  switchFlag('all'),
  switchFlag('all-namespaces', 'A'),
  text('resource-version'),
]

export const labelCommand: Command = { name: 'label', flags, run: atOnce(runFor('labels')) }
export const annotateCommand: Command = { name: 'annotate', flags, run: atOnce(runFor('annotations')) }
