/** Rows of the controllers' own kinds. */
// Follows printStatefulSet, printDeployment, printReplicaSet, printReplicationController, printDaemonSet, printJob, printCronJob,
// printControllerRevision, printPodDisruptionBudget and printHorizontalPodAutoscaler in pkg/printers/internalversion/printers.go.
import { simTimeOf } from '../../kernel/sim-time.js'
import type {
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  HorizontalPodAutoscaler,
  Job,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../generated/types.js'
import { formatLabelSelector, formatSelector, selectorOf } from '../label-selector.js'
import { controllerRefOf } from '../object.js'
import { containerCells, createdAgo, labelsText, listWithMore, type RowOf } from './cells.js'
import { ageOf, humanDuration } from './human-duration.js'

export const statefulSetRow: RowOf<StatefulSet> = (set, now) => [
  set.metadata.name,
  `${set.status.readyReplicas ?? 0}/${set.spec.replicas ?? 0}`,
  createdAgo(set, now),
  ...containerCells(set.spec.template.spec.containers),
]

export const deploymentRow: RowOf<Deployment> = (deployment, now) => [
  deployment.metadata.name,
  `${deployment.status.readyReplicas ?? 0}/${deployment.spec.replicas ?? 0}`,
  deployment.status.updatedReplicas ?? 0,
  deployment.status.availableReplicas ?? 0,
  createdAgo(deployment, now),
  ...containerCells(deployment.spec.template.spec.containers),
  formatSelector(selectorOf(deployment.spec.selector)),
]

export const replicaSetRow: RowOf<ReplicaSet> = (set, now) => [
  set.metadata.name,
  set.spec.replicas ?? 0,
  set.status.replicas,
  set.status.readyReplicas ?? 0,
  createdAgo(set, now),
  ...containerCells(set.spec.template?.spec.containers ?? []),
  formatLabelSelector(set.spec.selector),
]

export const replicationControllerRow: RowOf<ReplicationController> = (controller, now) => [
  controller.metadata.name,
  controller.spec.replicas ?? 0,
  controller.status.replicas,
  controller.status.readyReplicas ?? 0,
  createdAgo(controller, now),
  ...containerCells(controller.spec.template?.spec.containers ?? []),
  labelsText(controller.spec.selector),
]

export const daemonSetRow: RowOf<DaemonSet> = (set, now) => [
  set.metadata.name,
  set.status.desiredNumberScheduled,
  set.status.currentNumberScheduled,
  set.status.numberReady,
  set.status.updatedNumberScheduled ?? 0,
  set.status.numberAvailable ?? 0,
  labelsText(set.spec.template.spec.nodeSelector),
  createdAgo(set, now),
  ...containerCells(set.spec.template.spec.containers),
  formatLabelSelector(set.spec.selector),
]

export const jobRow: RowOf<Job> = (job, now) => {
  const succeeded = job.status.succeeded ?? 0
  const parallelism = job.spec.parallelism ?? 0
  const completions =
    job.spec.completions !== undefined
      ? `${succeeded}/${job.spec.completions}`
      : parallelism > 1
        ? `${succeeded}/1 of ${parallelism}`
        : `${succeeded}/1`
  const start = job.status.startTime === undefined ? undefined : simTimeOf(job.status.startTime)
  const end = job.status.completionTime === undefined ? now : (simTimeOf(job.status.completionTime) ?? now)
  return [
    job.metadata.name,
    jobStatusText(job),
    completions,
    start === undefined ? '' : humanDuration(end - start),
    createdAgo(job, now),
    ...containerCells(job.spec.template.spec.containers),
    formatLabelSelector(job.spec.selector),
  ]
}

const jobStatusText = (job: Job): string => {
  const holds = (type: string): boolean =>
    job.status.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true
  if (holds('Complete')) return 'Complete'
  if (holds('Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(holds) ?? 'Running'
}

export const cronJobRow: RowOf<CronJob> = (cronJob, now) => [
  cronJob.metadata.name,
  cronJob.spec.schedule,
  cronJob.spec.timeZone ?? '<none>',
  cronJob.spec.suspend === undefined ? '<unset>' : cronJob.spec.suspend ? 'True' : 'False',
  cronJob.status.active?.length ?? 0,
  cronJob.status.lastScheduleTime === undefined ? '<none>' : ageOf(cronJob.status.lastScheduleTime, now),
  createdAgo(cronJob, now),
  ...containerCells(cronJob.spec.jobTemplate.spec.template.spec.containers),
  formatLabelSelector(cronJob.spec.jobTemplate.spec.selector),
]

export const controllerRevisionRow: RowOf<ControllerRevision> = (revision, now) => {
  const owner = controllerRefOf(revision)
  const slash = owner?.apiVersion.indexOf('/') ?? -1
  const group = owner === undefined || slash < 0 ? '' : `.${owner.apiVersion.slice(0, slash)}`
  return [
    revision.metadata.name,
    owner === undefined ? '<none>' : `${owner.kind}${group}`.toLowerCase() + `/${owner.name}`,
    revision.revision,
    createdAgo(revision, now),
  ]
}

export const podDisruptionBudgetRow: RowOf<PodDisruptionBudget> = (budget, now) => [
  budget.metadata.name,
  budget.spec.minAvailable === undefined ? 'N/A' : `${budget.spec.minAvailable}`,
  budget.spec.maxUnavailable === undefined ? 'N/A' : `${budget.spec.maxUnavailable}`,
  budget.status.disruptionsAllowed ?? 0,
  createdAgo(budget, now),
]

export const horizontalPodAutoscalerRow: RowOf<HorizontalPodAutoscaler> = (autoscaler, now) => [
  autoscaler.metadata.name,
  `${autoscaler.spec.scaleTargetRef.kind}/${autoscaler.spec.scaleTargetRef.name}`,
  metricsText(autoscaler.spec.metrics ?? [], autoscaler.status.currentMetrics ?? []),
  autoscaler.spec.minReplicas === undefined ? '<unset>' : `${autoscaler.spec.minReplicas}`,
  autoscaler.spec.maxReplicas,
  autoscaler.status.currentReplicas ?? 0,
  createdAgo(autoscaler, now),
]

/** Follows formatHPAMetrics: at most two metrics are shown. */
const metricsText = (metrics: readonly MetricSpec[], statuses: readonly MetricStatus[]): string =>
  metrics.length === 0
    ? '<none>'
    : listWithMore(
        metrics.map((metric, index) => metricText(metric, statuses[index])),
        2,
        ', ',
      )

const metricText = (metric: MetricSpec, status: MetricStatus | undefined): string => {
  if (metric.external !== undefined) return valueText(metric.external.target, status?.external?.current)
  if (metric.pods !== undefined) return `${status?.pods?.current.averageValue ?? '<unknown>'}/${metric.pods.target.averageValue ?? ''}`
  if (metric.object !== undefined) return valueText(metric.object.target, status?.object?.current)
  if (metric.resource !== undefined) return `${metric.resource.name}: ${utilizationText(metric.resource.target, status?.resource?.current)}`
  if (metric.containerResource !== undefined)
    return `${metric.containerResource.name}: ${utilizationText(metric.containerResource.target, status?.containerResource?.current)}`
  return '<unknown type>'
}

const valueText = (target: MetricTarget, current: MetricValueStatus | undefined): string =>
  target.averageValue === undefined
    ? `${current?.value ?? '<unknown>'}/${target.value ?? ''}`
    : `${current?.averageValue ?? '<unknown>'}/${target.averageValue} (avg)`

const utilizationText = (target: MetricTarget, current: MetricValueStatus | undefined): string => {
  if (target.averageValue !== undefined) return `${current?.averageValue ?? '<unknown>'}/${target.averageValue}`
  const now = current?.averageUtilization === undefined ? '<unknown>' : `${current.averageUtilization}%`
  return `${now}/${target.averageUtilization === undefined ? '<auto>' : `${target.averageUtilization}%`}`
}
