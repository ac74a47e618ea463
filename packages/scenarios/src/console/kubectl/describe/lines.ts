/**
 * Pieces that every description is made of: lines with tabs between cells, not yet aligned. Follows the print… functions at the end of
 * kubectl/pkg/describe/describe.go.
 */
import { simTimeOf, timestampOf, type Json, type JsonObject } from '@statefold/core'
import { listAt, numberAt, objectAt, sortedNames, textAt, textsAt, wordOf } from '../json-object.js'
import { lastAppliedName } from '../last-applied.js'

export type Lines = readonly string[]

export const level = (depth: number, text: string): string => `${'  '.repeat(depth)}${text}`

export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** `title:` and one value a line; `indent` stands before the title and the values below. */
const multiline = (title: string, values: Lines, indent = ''): Lines =>
  values.length === 0
    ? [`${indent}${title}:\t<none>`]
    : values.map((value, index) => (index === 0 ? `${indent}${title}:\t${value}` : `${indent}\t${value}`))

export const labelLines = (title: string, labels: Readonly<Record<string, string>>, indent = ''): Lines =>
  multiline(
    title,
    sortedNames(labels).map((name) => `${name}=${labels[name] ?? ''}`),
    indent,
  )

export const nameLines = (title: string, names: Lines): Lines => multiline(title, [...names].sort(byText))

const longestAnnotation = 140

const shortened = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}...` : text)

export const annotationLines = (title: string, annotations: Readonly<Record<string, string>>): Lines => {
  const names = sortedNames(annotations).filter((name) => name !== lastAppliedName)
  if (names.length === 0) return [`${title}:\t<none>`]
  return names.flatMap((name, index) => {
    const value = (annotations[name] ?? '').replace(/\n$/, '')
    const head = index === 0 ? `${title}:\t` : '\t'
    if (value.length + name.length + 2 <= longestAnnotation && !value.includes('\n')) return [`${head}${name}: ${value}`]
    return [`${head}${name}:`, ...value.split('\n').map((line) => `\t  ${shortened(line, longestAnnotation - 2)}`)]
  })
}

const taintText = (taint: Json): string => {
  const [key, value, effect] = [textAt(taint, 'key'), textAt(taint, 'value'), textAt(taint, 'effect')]
  if (effect === '') return value === '' ? key : `${key}=${value}:`
  return value === '' ? `${key}:${effect}` : `${key}=${value}:${effect}`
}

export const taintLines = (title: string, taints: readonly Json[]): Lines =>
  multiline(
    title,
    [...taints]
      .sort((a, b) => byText(`${textAt(a, 'effect')},${textAt(a, 'key')}`, `${textAt(b, 'effect')},${textAt(b, 'key')}`))
      .map(taintText),
  )

const tolerationText = (toleration: Json): string => {
  const [key, value, effect] = [textAt(toleration, 'key'), textAt(toleration, 'value'), textAt(toleration, 'effect')]
  const exists = textAt(toleration, 'operator') === 'Exists' && value === ''
  const seconds = objectAt(toleration)['tolerationSeconds']
  return `${key}${value === '' ? '' : `=${value}`}${effect === '' ? '' : `:${effect}`}${exists ? (key === '' && effect === '' ? 'op=Exists' : ' op=Exists') : ''}${typeof seconds === 'number' ? ` for ${seconds}s` : ''}`
}

export const tolerationLines = (title: string, tolerations: readonly Json[]): Lines =>
  multiline(
    title,
    tolerations
      .map((toleration, index) => ({ toleration, index }))
      .sort((a, b) => byText(textAt(a.toleration, 'key'), textAt(b.toleration, 'key')) || a.index - b.index)
      .map(({ toleration }) => tolerationText(toleration)),
  )

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** Go's RFC1123Z: `Sat, 21 Nov 2026 07:52:57 +0000`; the zero time without a timestamp. */
export const dateText = (timestamp: string): string => {
  const at = simTimeOf(timestamp.replace(/\.\d+Z$/, 'Z'))
  if (at === undefined) return 'Mon, 01 Jan 0001 00:00:00 +0000'
  const [date = '', clock = ''] = timestampOf(at).slice(0, -1).split('T')
  const [year = '', month = '', day = ''] = date.split('-')
  // Simulated time 0 is Thursday, 1 January 2026.
  const weekday = weekdays[(((Math.floor(at / 86_400_000) + 4) % 7) + 7) % 7] ?? 'Sun'
  return `${weekday}, ${day} ${months[Number(month) - 1] ?? ''} ${year} ${clock} +0000`
}

/** `k=v,k2=v2`, or `<none>`. */
export const mapText = (labels: Readonly<Record<string, string>>): string => {
  const names = sortedNames(labels)
  return names.length === 0 ? '<none>' : names.map((name) => `${name}=${labels[name] ?? ''}`).join(',')
}

export const orNone = (text: string): string => (text === '' ? '<none>' : text)

export const controllerText = (object: JsonObject): string => {
  const owner = listAt(object, 'metadata', 'ownerReferences').find((reference) => objectAt(reference)['controller'] === true)
  return owner === undefined ? '' : `${textAt(owner, 'kind')}/${textAt(owner, 'name')}`
}

/** Go prints a list of texts as `[a b]`. */
export const goList = (values: readonly Json[]): string => `[${values.map(String).join(' ')}]`

const modeLetters: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

export const accessModesText = (modes: readonly Json[]): string =>
  Object.keys(modeLetters)
    .filter((mode) => modes.includes(mode))
    .map((mode) => modeLetters[mode] ?? '')
    .join(',')

export const classOf = (object: JsonObject): string =>
  textsAt(object, 'metadata', 'annotations')['volume.beta.kubernetes.io/storage-class'] ?? textAt(object, 'spec', 'storageClassName')

/** Type, status and reason of conditions, as the workloads show them. */
export const conditionLines = (object: JsonObject): Lines => {
  const conditions = listAt(object, 'status', 'conditions')
  if (conditions.length === 0) return []
  return [
    'Conditions:',
    level(1, 'Type\tStatus\tReason'),
    level(1, '----\t------\t------'),
    ...conditions.map((condition) =>
      level(1, `${textAt(condition, 'type')} \t${textAt(condition, 'status')}\t${textAt(condition, 'reason')}`),
    ),
  ]
}

export const nameAndNamespace = (object: JsonObject): Lines => [
  `Name:\t${textAt(object, 'metadata', 'name')}`,
  `Namespace:\t${textAt(object, 'metadata', 'namespace')}`,
]

export const metadataLines = (object: JsonObject): Lines => [
  ...labelLines('Labels', textsAt(object, 'metadata', 'labels')),
  ...annotationLines('Annotations', textsAt(object, 'metadata', 'annotations')),
]

export const intOrStringText = (value: Json | undefined): string => wordOf(value)

export const countText = (object: JsonObject, ...path: readonly string[]): string => String(numberAt(object, ...path))
