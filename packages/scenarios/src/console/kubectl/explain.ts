/**
 * kubectl explain: what a kind is made of. Follows kubectl/pkg/cmd/explain/explain.go and kubectl/pkg/explain/v2/templates/plaintext.tmpl.
 */
// Differs from Kubernetes: the server's sentences about types and fields are not carried along; kubectl's own words for their absence stand there.
import {
  allResources,
  apiVersionOf,
  describedFields,
  resourceOfKind,
  resourceOfName,
  typeNameOfKind,
  type DescribedField,
} from '@statefold/core'
import { atOnce, type Call, type Command } from './command.js'
import { CommandFailure, fail, failWith } from './errors.js'
import { switchFlag, text } from './flags.js'
import { resourceHelp } from './get.js'
import type { ResourceType } from './resource-types.js'

/** The template's own words where a schema says nothing. */
const noTypeText = '<empty>'
const noFieldText = '<no description>'

/** How many values a list of fields shows before it leaves the rest out. */
const mostValues = 4

interface Asked {
  readonly type: ResourceType
  readonly path: readonly string[]
}

/** `sts.spec`, `statefulsets.apps.spec`: a group counts behind the plural only. Follows SplitAndParseResourceRequestWithMatchingPrefix. */
const askedFor = (word: string): Asked => {
  const [first = '', ...rest] = (word.endsWith('.') ? word.slice(0, -1) : word).split('.')
  const type = resourceOfName(first)
  if (type === undefined)
    return failWith({ kind: 'exit', code: 1, text: `the server doesn't have a resource type ${JSON.stringify(first)}` })
  const group = type.group === '' || type.plural !== first ? [] : type.group.split('.')
  const path = group.every((part, index) => rest[index] === part) ? rest.slice(group.length) : rest
  return path.includes('') ? fail('invalid jsonpath syntax, first node must be field node') : { type, path }
}

const inVersion = (type: ResourceType, apiVersion: string): ResourceType => {
  if (apiVersion === '') return type
  const other = allResources.find((candidate) => candidate.plural === type.plural && apiVersionOf(candidate) === apiVersion)
  const named = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`
  return other ?? fail(`couldn't find resource for ${JSON.stringify(`${named}, Resource=${type.plural}`)}`)
}

const valueText = (value: string): string => (value === '' ? '""' : value)

const shortValues = (values: readonly string[], indent: string): string => {
  if (values.length === 0) return ''
  const shown = values.slice(0, mostValues).map(valueText).join(', ')
  return `\n${indent}enum: ${shown}${values.length > mostValues ? ', ....' : ''}`
}

const longValues = (values: readonly string[]): string =>
  values.length === 0 ? '' : `ENUM:${values.map((value) => `\n    ${valueText(value)}`).join('')}`

const fieldLine = ({ name, typeText, isRequired, values }: DescribedField, depth: number): string => {
  const indent = '  '.repeat(depth)
  return `${indent}${name}\t<${typeText}>${isRequired ? ' -required-' : ''}${shortValues(values, indent)}\n`
}

/** A type inside itself ends the list. Follows fieldList. */
const fieldList = (typeName: string, depth: number, isRecursive: boolean, outer: readonly string[]): string => {
  if (outer.includes(typeName)) return ''
  return (describedFields(typeName) ?? [])
    .map((field) => {
      const line = fieldLine(field, depth)
      if (!isRecursive) return `${line}${'  '.repeat(depth + 1)}${noFieldText}\n\n`
      return field.typeName === undefined ? line : `${line}${fieldList(field.typeName, depth + 1, true, [...outer, typeName])}`
    })
    .join('')
}

const explanation = (typeName: string, path: readonly string[], isRecursive: boolean): string | undefined => {
  let current: string | undefined = typeName
  let last: DescribedField | undefined
  for (const name of path) {
    last = current === undefined ? undefined : describedFields(current)?.find((field) => field.name === name)
    if (last === undefined) return undefined
    current = last.typeName
  }
  const head = last === undefined ? '' : `FIELD: ${last.name} <${last.typeText}>\n${longValues(last.values)}\n\n`
  const fields = current === undefined ? '' : fieldList(current, 1, isRecursive, [])
  return `${head}DESCRIPTION:\n    ${noTypeText}\n${fields === '' ? '' : `FIELDS:\n${fields}`}\n`
}

const run = (call: Call): number => {
  const { flags, output, words } = call
  const [word, ...more] = words
  if (word === undefined) return fail(`You must specify the type of resource to explain. ${resourceHelp}`)
  if (more.length > 0) return fail('We accept only this format: explain RESOURCE')
  const format = flags.text('output')
  if (format !== 'plaintext' && format !== 'plaintext-openapiv2') return fail(`unrecognized format: ${format}`)
  if (format !== 'plaintext') return fail('explain --output plaintext-openapiv2 is not supported here: leave the flag out')
  const { type: named, path } = askedFor(word)
  const type = inVersion(named, flags.text('api-version'))
  const typeName = typeNameOfKind(type.kind, apiVersionOf(type))
  // An older version of a kind is stored as the newer one is; its own fields are not known.
  const isKnown = typeName !== type.kind || resourceOfKind(type.kind) === type
  if (typeName === undefined || !isKnown)
    return fail(
      `explain ${type.plural} is not supported here: the fields of ${apiVersionOf(type)} ${type.kind} are not known; its objects are stored as they are`,
    )
  output.stdout(`${type.group === '' ? '' : `GROUP:      ${type.group}\n`}KIND:       ${type.kind}\nVERSION:    ${type.version}\n\n`)
  const found = explanation(typeName, path, flags.on('recursive'))
  if (found === undefined) throw new CommandFailure([{ kind: 'text', text: `field ${JSON.stringify(path.at(-1) ?? '')} does not exist` }])
  output.stdout(found)
  return 0
}

export const explainCommand: Command = {
  name: 'explain',
  flags: [switchFlag('recursive', 'R'), text('api-version'), text('output', undefined, 'plaintext')],
  run: atOnce(run),
}
