/** JSON as Go's encoding/json writes it: keys sorted, `<`, `>`, `&` and line separators escaped. */
import { isJsonObject, type Json } from '@statefold/core'

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

const quoted = (text: string): string => JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (character) => escapes[character] ?? character)

const entriesOf = (value: { readonly [key: string]: Json | undefined }): readonly (readonly [string, Json])[] =>
  Object.keys(value)
    .sort(byText)
    .flatMap((key) => {
      const item = value[key]
      return item === undefined ? [] : [[key, item] as const]
    })

/** On one line, without blanks. */
export const compactJson = (value: Json): string => {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return `[${value.map((item: Json) => compactJson(item)).join(',')}]`
  if (isJsonObject(value))
    return `{${entriesOf(value)
      .map(([key, item]) => `${quoted(key)}:${compactJson(item)}`)
      .join(',')}}`
  return 'null'
}

/** With indentation: kubectl's -o json uses four blanks. */
export const indentedJson = (value: Json, indent = '    ', before = ''): string => {
  const inner = before + indent
  if (Array.isArray(value)) {
    return value.length === 0 ? '[]' : `[\n${value.map((item: Json) => inner + indentedJson(item, indent, inner)).join(',\n')}\n${before}]`
  }
  if (isJsonObject(value)) {
    const entries = entriesOf(value)
    return entries.length === 0
      ? '{}'
      : `{\n${entries.map(([key, item]) => `${inner}${quoted(key)}: ${indentedJson(item, indent, inner)}`).join(',\n')}\n${before}}`
  }
  return compactJson(value)
}
