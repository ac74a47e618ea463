/**
 * YAML as sigs.k8s.io/yaml writes it: sorted keys, two blanks, sequences not indented inside mappings, strings quoted only where YAML 1.1 would
 * read something else (go-yaml v2, encode.go and resolve.go).
 */
import { isJsonObject, type Json } from '@statefold/core'

/** go-yaml sorts keys naturally: digits by value, letters after other characters (keyList.Less in sorter.go). */
const naturally = (a: string, b: string): number => {
  const [left, right] = [Array.from(a), Array.from(b)]
  let inDigits = false
  for (let index = 0; index < left.length && index < right.length; index += 1) {
    const [x, y] = [left[index] ?? '', right[index] ?? '']
    if (x === y) {
      inDigits = /\d/.test(x)
      continue
    }
    const [xLetter, yLetter] = [/\p{L}/u.test(x), /\p{L}/u.test(y)]
    if (xLetter && yLetter) return x < y ? -1 : 1
    if (xLetter || yLetter) return inDigits ? (xLetter ? 1 : -1) : xLetter ? 1 : -1
    const digitsAt = (characters: readonly string[]): string => {
      let end = index
      while (end < characters.length && /\d/.test(characters[end] ?? '')) end += 1
      return characters.slice(index, end).join('')
    }
    const [xDigits, yDigits] = [digitsAt(left), digitsAt(right)]
    const before = inDigits && (x === '0' || y === '0') ? 0 : Number(xDigits || '0') - Number(yDigits || '0')
    if (before !== 0) return before
    if (xDigits.length !== yDigits.length) return xDigits.length - yDigits.length
    return x < y ? -1 : 1
  }
  return left.length - right.length
}

/** Plain words that YAML 1.1 reads as something other than a string. */
const readsAsOther = (text: string): boolean =>
  text === '' ||
  /^(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|<<|\.nan|\.NaN|\.NAN|[-+]?\.(?:inf|Inf|INF))$/.test(
    text,
  ) ||
  /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|(?:0|[1-9][0-9_]*))$/.test(text) ||
  /^[-+]?(?:\d[\d_]*\.?[\d_]*|\.[\d_]+)(?:[eE][-+]?\d+)?$/.test(text) ||
  /^\d{4}-\d{1,2}-\d{1,2}(?:$|[Tt\s])/.test(text) ||
  /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text)

/** Texts that cannot stand plain because of their shape (yaml_emitter_analyze_scalar). */
const cannotBePlain = (text: string): boolean =>
  /^[-?:](?:\s|$)/.test(text) ||
  /^[,[\]{}#&*!|>'"%@`]/.test(text) ||
  /^\s|\s$/.test(text) ||
  /:(?:\s|$)|\s#/.test(text) ||
  text.startsWith('---') ||
  text.startsWith('...')

// oxlint-disable-next-line no-control-regex -- which control characters there are is the question
const needsDoubleQuotes = (text: string): boolean => /[\u0000-\u0008\u000b-\u001f\u007f-\u0084\u0086-\u009f\ufeff]|\t/.test(text)

/** go-yaml folds at the first single blank behind this column (best_width in emitterc.go). */
const bestWidth = 80

/** Breaks a scalar's text at single blanks once the line is long. `column` is where the text begins. */
const folded = (body: string, indent: string, column: number, quote: string): string => {
  if (column + body.length <= bestWidth) return body
  let out = ''
  let at = column + quote.length
  for (let index = 0; index < body.length; index += 1) {
    const character = body.charAt(index)
    const alone = character === ' ' && body.charAt(index - 1) !== ' ' && body.charAt(index + 1) !== ' '
    if (alone && at > bestWidth && index > 0 && index < body.length - 1) {
      out += `\n${indent}`
      at = indent.length
    } else {
      out += character
      at += 1
    }
  }
  return out
}

const doubleQuotedBody = (text: string): string =>
  Array.from(text)
    .map((character) => {
      const code = character.codePointAt(0) ?? 0
      if (character === '"' || character === '\\') return `\\${character}`
      if (character === '\n') return '\\n'
      if (character === '\t') return '\\t'
      if (character === '\r') return '\\r'
      if (character === '\u0000') return '\\0'
      if (character === '\u001b') return '\\e'
      return code < 0x20 || code === 0x7f ? `\\x${code.toString(16).toUpperCase().padStart(2, '0')}` : character
    })
    .join('')

const literalBlock = (text: string, indent: string): string => {
  const chomp = text.endsWith('\n\n') || text === '\n' ? '+' : text.endsWith('\n') ? '' : '-'
  const body = text.endsWith('\n') ? text.slice(0, -1) : text
  const hint = /^[ \n]/.test(text) ? '2' : ''
  return `|${hint}${chomp}\n${body
    .split('\n')
    .map((line) => (line === '' ? '' : indent + line))
    .join('\n')}`
}

const scalar = (value: string, indent: string, column: number, isKey: boolean): string => {
  const fold = (body: string, quote: string): string => (isKey ? body : folded(body, indent, column, quote))
  if (needsDoubleQuotes(value)) return `"${fold(doubleQuotedBody(value), '"')}"`
  if (value.includes('\n'))
    return isKey || /^\s*$/.test(value) || / \n/.test(value) ? `"${fold(doubleQuotedBody(value), '"')}"` : literalBlock(value, indent)
  if (readsAsOther(value)) return `"${value}"`
  return cannotBePlain(value) ? `'${fold(value.replaceAll("'", "''"), "'")}'` : fold(value, '')
}

const isEmpty = (value: Json): boolean =>
  Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).every((key) => value[key] === undefined)

/** `indent` is that of the value's own lines, `column` where its first line begins. */
const block = (value: Json, indent: string, column: number): string => {
  if (value === null) return 'null'
  if (typeof value === 'string') return scalar(value, indent === '' ? '  ' : indent, column, false)
  if (typeof value !== 'object') return String(value)
  if (isEmpty(value)) return Array.isArray(value) ? '[]' : '{}'
  if (Array.isArray(value)) {
    return value.map((item: Json) => `- ${block(item, `${indent}  `, indent.length + 2)}`).join(`\n${indent}`)
  }
  const mapping = value as { readonly [key: string]: Json | undefined }
  return Object.keys(mapping)
    .filter((key) => mapping[key] !== undefined)
    .sort(naturally)
    .map((key) => {
      const item = mapping[key] ?? null
      const name = scalar(key, indent, indent.length, true)
      if (typeof item !== 'object' || item === null || isEmpty(item))
        return `${name}: ${block(item, `${indent}  `, indent.length + name.length + 2)}`
      return Array.isArray(item)
        ? `${name}:\n${indent}${block(item, indent, indent.length)}`
        : `${name}:\n${indent}  ${block(item, `${indent}  `, indent.length + 2)}`
    })
    .join(`\n${indent}`)
}

/** A whole document, with its final newline. */
export const yamlText = (value: Json): string => `${block(value, '', 0)}\n`
