/** Description of a HorizontalPodAutoscaler. Follows describeHorizontalPodAutoscalerV2 in kubectl/pkg/describe/describe.go. */
import type { Json, KubernetesObject } from '@statefold/core'
import type { Call } from '../command.js'
import { at, jsonOf, listAt, textAt, wordOf } from '../json-object.js'
import { countText, dateText, level, metadataLines, nameAndNamespace, type Lines } from './lines.js'

const orUnknown = (value: Json | undefined): string => (value === undefined || value === null ? '<unknown>' : wordOf(value))

const percent = (value: Json | undefined): string => (typeof value === 'number' ? `${value}%` : '<auto>')

/** Amounts of one metric: `current / target`. `of` is the field that holds the metric. */
const resourceAmounts = (metric: Json, status: Json | undefined, of: string): string => {
  const wanted = at(metric, of, 'target', 'averageValue')
  const current = status === undefined ? undefined : at(status, of, 'current')
  if (wanted !== undefined) return `:\t${orUnknown(current === undefined ? undefined : at(current, 'averageValue'))} / ${wordOf(wanted)}`
  const share = current === undefined ? undefined : at(current, 'averageUtilization')
  const now = typeof share === 'number' ? `${share}% (${textAt(current ?? {}, 'averageValue')})` : '<unknown>'
  return `  (as a percentage of request):\t${now} / ${percent(at(metric, of, 'target', 'averageUtilization'))}`
}

const valueAmounts = (metric: Json, status: Json | undefined, of: string): string => {
  const isAverage = at(metric, of, 'target', 'averageValue') !== undefined
  const field = isAverage ? 'averageValue' : 'value'
  const current = status === undefined ? undefined : at(status, of, 'current', field)
  return `(target ${isAverage ? 'average ' : ''}value):\t${orUnknown(current)} / ${textAt(metric, of, 'target', field)}`
}

const metricLine = (metric: Json, status: Json | undefined): string => {
  switch (textAt(metric, 'type')) {
    case 'Resource':
      return `resource ${textAt(metric, 'resource', 'name')} on pods${resourceAmounts(metric, status, 'resource')}`
    case 'ContainerResource':
      return `resource ${textAt(metric, 'containerResource', 'name')} of container ${JSON.stringify(textAt(metric, 'containerResource', 'container'))} on pods${resourceAmounts(metric, status, 'containerResource')}`
    case 'Pods': {
      const current = status === undefined ? undefined : at(status, 'pods', 'current', 'averageValue')
      return `${JSON.stringify(textAt(metric, 'pods', 'metric', 'name'))} on pods:\t${orUnknown(current)} / ${textAt(metric, 'pods', 'target', 'averageValue')}`
    }
    case 'Object':
      return `${JSON.stringify(textAt(metric, 'object', 'metric', 'name'))} on ${textAt(metric, 'object', 'describedObject', 'kind')}/${textAt(metric, 'object', 'describedObject', 'name')} ${valueAmounts(metric, status, 'object')}`
    case 'External':
      return `${JSON.stringify(textAt(metric, 'external', 'metric', 'name'))} ${valueAmounts(metric, status, 'external')}`
    default:
      return `<unknown metric type ${JSON.stringify(textAt(metric, 'type'))}>`
  }
}

export const describeHorizontalPodAutoscaler = (_call: Call, object: KubernetesObject): Lines => {
  const autoscaler = jsonOf(object)
  const reference = textAt(autoscaler, 'spec', 'scaleTargetRef', 'kind')
  const statuses = listAt(autoscaler, 'status', 'currentMetrics')
  const least = at(autoscaler, 'spec', 'minReplicas')
  return [
    ...nameAndNamespace(autoscaler),
    ...metadataLines(autoscaler),
    `CreationTimestamp:\t${dateText(object.metadata.creationTimestamp)}`,
    `Reference:\t${reference}/${textAt(autoscaler, 'spec', 'scaleTargetRef', 'name')}`,
    'Metrics:\t( current / target )',
    ...listAt(autoscaler, 'spec', 'metrics').map((metric, index) => level(1, metricLine(metric, statuses[index]))),
    `Min replicas:\t${least === undefined ? '<unset>' : wordOf(least)}`,
    `Max replicas:\t${countText(autoscaler, 'spec', 'maxReplicas')}`,
    `${reference} pods:\t${countText(autoscaler, 'status', 'currentReplicas')} current / ${countText(autoscaler, 'status', 'desiredReplicas')} desired`,
  ]
}
