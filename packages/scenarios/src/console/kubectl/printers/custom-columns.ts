/** -o custom-columns. Follows kubectl/pkg/cmd/get/customcolumn.go. */
import * as E from 'fp-ts/lib/Either.js'
import type { Json } from '@statefold/core'
import { fail } from '../errors.js'
import { findByJsonPath, parseJsonPath, relaxedJsonPath, type JsonPathTemplate } from '../json-path.js'
import { goText } from './go-text.js'
import { alignTabs, tableOptions } from './tab-writer.js'

interface Column {
  readonly header: string
  readonly path: JsonPathTemplate
}

const templateOf = (source: string): JsonPathTemplate => {
  const relaxed = relaxedJsonPath(source)
  if (E.isLeft(relaxed)) return fail(relaxed.left)
  const parsed = parseJsonPath(relaxed.right)
  return E.isLeft(parsed) ? fail(parsed.left) : parsed.right
}

/** `NAME:.metadata.name,IMAGE:.spec.containers[*].image` */
export const parseCustomColumns = (specification: string): readonly Column[] => {
  if (specification === '') return fail('custom-columns format specified but no custom columns given')
  return specification.split(',').map((part) => {
    const colon = part.indexOf(':')
    if (colon < 0) return fail(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`)
    return { header: part.slice(0, colon), path: templateOf(part.slice(colon + 1)) }
  })
}

/** A file with two lines: headers, and paths below them. */
export const parseCustomColumnsFile = (text: string): readonly Column[] => {
  const [headers = '', paths = ''] = text.split('\n')
  const fields = paths.trim().split(/\s+/)
  return headers
    .trim()
    .split(/\s+/)
    .map((header, index) => ({ header, path: templateOf(fields[index] ?? '') }))
}

const cellOf = (column: Column, object: Json): string => {
  const found = findByJsonPath(column.path, object, true)
  if (E.isLeft(found)) return fail(found.left)
  const values = found.right.flat()
  return values.length === 0 ? '<none>' : values.map(goText).join(',')
}

export const customColumnsText = (columns: readonly Column[], objects: readonly Json[], withHeaders: boolean): string => {
  const rows = objects.map((object) => columns.map((column) => cellOf(column, object)).join('\t'))
  const lines = withHeaders ? [columns.map(({ header }) => header).join('\t'), ...rows] : rows
  return lines.length === 0 ? '' : `${alignTabs(lines.join('\n'), tableOptions)}\n`
}
