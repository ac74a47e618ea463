/** Tables as `kubectl get` shows them. Follows cli-runtime/pkg/printers/tableprinter.go. */
import type { KubernetesObject, Table, TableRow } from '@statefold/core'
import { wordOf } from '../json-object.js'
import type { WatchEvent } from '../kubectl-cluster.js'
import { kindWordOf, type ResourceType } from '../resource-types.js'

export interface TableOptions {
  readonly wide: boolean
  readonly headers: boolean
  readonly namespaces: boolean
  /** `pod/web-0` instead of `web-0`. */
  readonly kinds: boolean
  readonly labelColumns: readonly string[]
  readonly allLabels: boolean
  readonly event?: WatchEvent['type']
}

const eventWords: Readonly<Record<WatchEvent['type'], string>> = { ADDED: 'ADDED   ', MODIFIED: 'MODIFIED', DELETED: 'DELETED ' }

const cellText = (cell: TableRow['cells'][number]): string => {
  const text = wordOf(cell)
  const cut = text.search(/[\f\n\r]/)
  return cut < 0 ? text : `${text.slice(0, cut)}...`
}

const allLabelsText = (object: KubernetesObject): string => {
  const labels = object.metadata.labels ?? {}
  const names = Object.keys(labels).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return names.length === 0 ? '<none>' : names.map((name) => `${name}=${labels[name] ?? ''}`).join(',')
}

/** Lines with cells separated by tabs, not yet aligned; the headers come first when there are rows. */
export const tableLines = (type: ResourceType, table: Table, options: TableOptions): readonly string[] => {
  if (table.rows.length === 0) return []
  const shown = table.columns.map((column) => options.wide || column.priority === 0)
  const pick = <T>(cells: readonly T[]): readonly T[] => cells.filter((_cell, index) => shown[index] === true)
  const nameColumn = table.columns.findIndex((column) => column.format === 'name')
  const header = [
    ...(options.event === undefined ? [] : ['EVENT']),
    ...(options.namespaces ? ['NAMESPACE'] : []),
    ...pick(table.columns).map((column) => column.name.toUpperCase()),
    ...options.labelColumns.map((label) => (label.split('/').at(-1) ?? label).toUpperCase()),
    ...(options.allLabels ? ['LABELS'] : []),
  ].join('\t')
  const rows = table.rows.map(({ cells, object }) => {
    const labels = object.metadata.labels ?? {}
    const named = cells.map((cell, index) =>
      options.kinds && index === nameColumn ? `${kindWordOf(type)}/${cellText(cell)}` : cellText(cell),
    )
    return [
      ...(options.event === undefined ? [] : [eventWords[options.event]]),
      ...(options.namespaces ? [object.metadata.namespace ?? ''] : []),
      ...pick(named),
      ...options.labelColumns.map((label) => labels[label] ?? ''),
      ...(options.allLabels ? [allLabelsText(object)] : []),
    ].join('\t')
  })
  return options.headers ? [header, ...rows] : rows
}
