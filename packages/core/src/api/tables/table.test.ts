import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import type { KubernetesObject } from '../object.js'
import { tableOf, type Table } from './table.js'

/** What a real v1.36.3 server printed, and the objects that it had then (without what no table shows). */
interface RecordedTable {
  readonly title: string
  readonly kind: string
  readonly wide: boolean
  readonly now: number
  readonly text: readonly string[]
  readonly objects: readonly KubernetesObject[]
}

const recorded = JSON.parse(readFileSync(new URL('./recorded-tables.json', import.meta.url), 'utf8')) as readonly RecordedTable[]

/** As kubectl lays a table out: columns three blanks apart. */
const textOf = (table: Table, wide: boolean): readonly string[] => {
  const shown = table.columns.flatMap((column, index) =>
    wide || column.priority === 0 ? [{ name: column.name.toUpperCase(), index }] : [],
  )
  const lines = [shown.map(({ name }) => name), ...table.rows.map((row) => shown.map(({ index }) => String(row.cells[index])))]
  const widths = shown.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)) + 3)
  return lines.map((line) => line.map((cell, column) => (column === line.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join(''))
}

const stored = (kind: string, rest: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'a', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  ...rest,
})

describe('a table', () => {
  it.each(recorded.map((table) => [table.title, table] as const))('reads as recorded: %s', (_, { kind, objects, now, wide, text }) => {
    expect(textOf(tableOf(kind, objects, now), wide)).toEqual(text)
  })

  it('has one cell for each column, for every recorded object', () => {
    for (const { kind, objects, now } of recorded) {
      const { columns, rows } = tableOf(kind, objects, now)
      expect(rows.map((row) => row.cells.length)).toEqual(rows.map(() => columns.length))
    }
  })

  it('hands the objects back with their rows', () => {
    const pod = stored('ConfigMap')
    expect(tableOf('ConfigMap', [pod], 0).rows[0]?.object).toBe(pod)
  })

  it('of an unknown kind shows the name and the moment of creation', () => {
    const table = tableOf('Widget', [stored('Widget')], 5_000)
    expect(table.columns.map(({ name }) => name)).toEqual(['Name', 'Created At'])
    expect(table.rows[0]?.cells).toEqual(['a', '2026-01-01T00:00:00Z'])
  })

  it.each<readonly [what: string, object: KubernetesObject, cells: readonly unknown[]]>([
    ['counts the keys of a ConfigMap', stored('ConfigMap', { data: { x: '1' }, binaryData: { y: 'AA==' } }), ['a', 2, '2m']],
    ['never shows what a Secret holds', stored('Secret', { type: 'Opaque', data: { password: 'c2VjcmV0' } }), ['a', 'Opaque', 1, '2m']],
    ['says when a Namespace ends', stored('Namespace', { spec: {}, status: { phase: 'Terminating' } }), ['a', 'Terminating', '2m']],
    [
      'marks the default class',
      {
        ...stored('StorageClass', { provisioner: 'example.com/nfs' }),
        metadata: { ...stored('').metadata, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      },
      ['a (default)', 'example.com/nfs', 'Delete', 'Immediate', false, '2m'],
    ],
    [
      'waits for a load balancer',
      stored('Service', {
        spec: { type: 'LoadBalancer', clusterIPs: ['10.0.0.1'], ports: [{ port: 80, nodePort: 30_080, protocol: 'TCP' }] },
        status: {},
      }),
      ['a', 'LoadBalancer', '10.0.0.1', '<pending>', '80:30080/TCP', '2m', '<none>'],
    ],
    [
      'shows an Event that has only one moment',
      stored('Event', {
        type: 'Warning',
        reason: 'FailedScheduling',
        message: 'no room ',
        involvedObject: { kind: 'Pod', name: 'web-0' },
        eventTime: '2026-01-01T00:01:55.000000Z',
        reportingComponent: 'default-scheduler',
        reportingInstance: 'node-1',
      }),
      ['5s', 'Warning', 'FailedScheduling', 'pod/web-0', '', 'default-scheduler, node-1', 'no room', '5s', 1, 'a'],
    ],
  ])('%s', (_, object, cells) => {
    expect(tableOf(object.kind, [object], 120_000).rows[0]?.cells).toEqual(cells)
  })
})
