/** The server-side tables behind `kubectl get`: columns, and one row for each object. */
import type { SimTime } from '../../kernel/sim-time.js'
import { tableColumns } from '../generated/table-columns.js'
import type { Kinds } from '../generated/types.js'
import type { KubernetesObject } from '../object.js'
import { apiVersionOf, resourceOfKind } from '../resources.js'
import type { Cell, RowOf } from './cells.js'
import { configMapRow, eventRow, leaseRow, namespaceRow, nodeRow, priorityClassRow, secretRow, serviceAccountRow } from './cluster-rows.js'
import { endpointSliceRow, endpointsRow, serviceRow } from './network-rows.js'
import { podRow } from './pod-row.js'
import { persistentVolumeClaimRow, persistentVolumeRow, storageClassRow, volumeAttachmentRow } from './storage-rows.js'
import { storedColumns, storedRows } from './stored-rows.js'
import {
  controllerRevisionRow,
  cronJobRow,
  daemonSetRow,
  deploymentRow,
  horizontalPodAutoscalerRow,
  jobRow,
  podDisruptionBudgetRow,
  replicaSetRow,
  replicationControllerRow,
  statefulSetRow,
} from './workload-rows.js'

/** `priority` 0: always shown; 1: with `-o wide`. The column of format `name` is the one that gets the kind in front when several kinds are shown. */
export interface TableColumn {
  readonly name: string
  readonly type: string
  readonly format: string
  readonly priority: number
  /** Empty: no client shows it. */
  readonly description: string
}

export interface TableRow {
  readonly cells: readonly Cell[]
  readonly object: KubernetesObject
}

export interface Table {
  readonly columns: readonly TableColumn[]
  readonly rows: readonly TableRow[]
}

/** Rows in the order of the objects. Kinds without a table of their own get the name and the moment of creation, as the server's default table. */
export const tableOf = (kind: string, objects: readonly KubernetesObject[], now: SimTime): Table => {
  const row = rows[kind] ?? defaultRow
  return { columns: columnsOf(kind), rows: objects.map((object) => ({ cells: row(object, now), object })) }
}

type RowsByKind = { readonly [Kind in keyof Kinds]?: RowOf<Kinds[Kind]> }

const rowsByKind = {
  ConfigMap: configMapRow,
  ControllerRevision: controllerRevisionRow,
  CronJob: cronJobRow,
  DaemonSet: daemonSetRow,
  Deployment: deploymentRow,
  EndpointSlice: endpointSliceRow,
  Endpoints: endpointsRow,
  Event: eventRow,
  HorizontalPodAutoscaler: horizontalPodAutoscalerRow,
  Job: jobRow,
  Lease: leaseRow,
  Namespace: namespaceRow,
  Node: nodeRow,
  PersistentVolume: persistentVolumeRow,
  PersistentVolumeClaim: persistentVolumeClaimRow,
  Pod: podRow,
  PodDisruptionBudget: podDisruptionBudgetRow,
  PriorityClass: priorityClassRow,
  ReplicaSet: replicaSetRow,
  ReplicationController: replicationControllerRow,
  Secret: secretRow,
  Service: serviceRow,
  ServiceAccount: serviceAccountRow,
  StatefulSet: statefulSetRow,
  StorageClass: storageClassRow,
  VolumeAttachment: volumeAttachmentRow,
} satisfies RowsByKind

// Objects of a kind are of that kind's type: that is what the store promises.
const ownRows = rowsByKind as unknown as Readonly<Record<string, RowOf<KubernetesObject> | undefined>>

const rows: Readonly<Record<string, RowOf<KubernetesObject> | undefined>> = { ...storedRows, ...ownRows }

/** Follows NewDefaultTableConvertor in apiserver/pkg/registry/rest/table.go. */
const defaultRow: RowOf<KubernetesObject> = (object) => [object.metadata.name, object.metadata.creationTimestamp]
const defaultColumns = ['Name|name', 'Created At||date']

const columnOf = (text: string): TableColumn => {
  const [name = '', format = '', type = 'string'] = text.replace(/^\+/, '').split('|')
  return { name, type, format, priority: text.startsWith('+') ? 1 : 0, description: '' }
}

const columnsOf = (kind: string): readonly TableColumn[] => {
  const resource = resourceOfKind(kind)
  const own = resource === undefined || rows[kind] === undefined ? undefined : tableColumns[`${apiVersionOf(resource)}/${resource.plural}`]
  return (own ?? storedColumns[kind] ?? defaultColumns).map(columnOf)
}
