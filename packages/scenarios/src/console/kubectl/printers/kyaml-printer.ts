/**
 * KYAML: the strict dialect of YAML between YAML and JSON that `-o kyaml` prints: braces, quoted texts, commas behind the last item too.
 * Follows sigs.k8s.io/yaml/kyaml/kyaml.go.
 */
import type { Json, JsonObject } from '@statefold/core'
import { byText } from '../describe/lines.js'

const blanks = (depth: number): string => '  '.repeat(depth)

/** Words that some reader of YAML would take for something other than a text. */
const readsAsOther = (text: string): boolean =>
  /^(?:null|~|true|t|y|yes|on|false|f|n|no|off|[-+]?\.inf|\.nan|nan|[-+]?inf(?:inity)?)$/i.test(text) ||
  /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[\da-f_]+|\d[\d_]*\.?[\d_]*(?:e[-+]?\d+)?|\.\d[\d_]*(?:e[-+]?\d+)?)$/i.test(text) ||
  /^[-+]?[1-9][\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/.test(text) ||
  /^\d{4}-\d{1,2}-\d{1,2}(?:$|[Tt ])/.test(text)

/** Keys stand without quotes where nobody can misread them. Follows needsQuotes. */
const keyText = (key: string): string => {
  const isPlain = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_./-]*[\p{L}\p{N}_])?$/u.test(key) && !readsAsOther(key)
  return isPlain ? key : `"${Array.from(key).map(escaped).join('')}"`
}

const named: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0000': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\u001b': '\\e',
  '\u0085': '\\N',
  '\u00a0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
}

const escaped = (character: string): string => {
  const word = named[character]
  if (word !== undefined) return word
  if (!/[\p{C}\p{Z}]/u.test(character) || character === ' ') return character
  const code = character.codePointAt(0) ?? 0
  const digits = code.toString(16)
  if (code < 0x20 || code === 0x7f) return `\\x${digits.padStart(2, '0')}`
  return code < 0x1_0000 ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`
}

/** Several lines are folded, one under the other; a blank at the beginning of a line is escaped. Follows renderString. */
const quoted = (text: string, depth: number): string => {
  if (!text.includes('\n')) return `"${Array.from(text).map(escaped).join('')}"`
  const indent = blanks(depth + 1)
  const lines = text.split('\n')
  const folded = lines.map((line, index) => {
    const isLast = index === lines.length - 1
    if (isLast && line === '') return ''
    const start = /^\s/u.test(line) ? '\\' : ' '
    return `${indent}${start}${Array.from(line).map(escaped).join('')}${isLast ? '' : '\\n'}\\\n`
  })
  return `"\\\n${folded.join('')}${indent}"`
}

const isStructure = (value: Json): boolean => typeof value === 'object' && value !== null

/** A list of structures shares its brackets' lines with them. Follows renderCuddledSequence. */
const listText = (list: readonly Json[], depth: number): string => {
  if (list.length === 0) return '[]'
  if (list.every(isStructure)) return `[${list.map((item) => valueText(item, depth)).join(', ')}]`
  return `[\n${list.map((item) => `${blanks(depth + 1)}${valueText(item, depth + 1)},\n`).join('')}${blanks(depth)}]`
}

const objectText = (object: JsonObject, depth: number): string => {
  const fields = Object.entries(object).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))
  if (fields.length === 0) return '{}'
  const lines = fields
    .sort(([left], [right]) => byText(left, right))
    .map(([key, value]) => `${blanks(depth + 1)}${keyText(key)}: ${valueText(value, depth + 1)},\n`)
  return `{\n${lines.join('')}${blanks(depth)}}`
}

const valueText = (value: Json, depth: number): string => {
  if (typeof value === 'string') return quoted(value, depth)
  if (Array.isArray(value)) return listText(value as readonly Json[], depth)
  return typeof value === 'object' && value !== null ? objectText(value as JsonObject, depth) : String(value)
}

/** A whole document with its header. */
// Differs from Kubernetes: fields always come in alphabetical order; objects that a generator makes have that of Go's types there.
export const kyamlText = (value: Json): string => `---\n${valueText(value, 0)}\n`
