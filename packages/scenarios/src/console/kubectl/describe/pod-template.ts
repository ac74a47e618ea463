/** `Pod Template:` and what follows. Follows DescribePodTemplate in kubectl/pkg/describe/describe.go. */
import { formatLabelSelector, type Json, type JsonObject } from '@statefold/core'
import { at, listAt, numberAt, objectAt, textAt, textsAt } from '../json-object.js'
import { containerLines } from './containers.js'
import { annotationLines, byText, labelLines, level, tolerationLines, type Lines } from './lines.js'
import { volumeLines } from './volumes.js'

export const spreadLines = (constraints: readonly Json[], indent: string): Lines =>
  [...constraints]
    .sort((a, b) => byText(textAt(a, 'topologyKey'), textAt(b, 'topologyKey')))
    .map((constraint, index) => {
      const selector = at(constraint, 'labelSelector')
      const head = index === 0 ? `${indent}Topology Spread Constraints:\t` : `${indent}\t`
      return `${head}${textAt(constraint, 'topologyKey')}:${textAt(constraint, 'whenUnsatisfiable')} when max skew ${numberAt(constraint, 'maxSkew')} is exceeded${selector === undefined ? '' : ` for selector ${formatLabelSelector(objectAt(constraint, 'labelSelector'))}`}`
    })

/** Lines with tabs: a history prints them as they are. */
export const describePodTemplate = (template: JsonObject): Lines => {
  const spec = objectAt(template, 'spec')
  const annotations = textsAt(template, 'metadata', 'annotations')
  const account = textAt(spec, 'serviceAccountName')
  const priorityClass = textAt(spec, 'priorityClassName')
  const initContainers = listAt(spec, 'initContainers')
  return [
    'Pod Template:',
    ...labelLines('  Labels', textsAt(template, 'metadata', 'labels')),
    ...(Object.keys(annotations).length === 0 ? [] : annotationLines('  Annotations', annotations)),
    ...(account === '' ? [] : [level(1, `Service Account:\t${account}`)]),
    ...(initContainers.length === 0
      ? []
      : containerLines({ title: 'Init Containers', containers: initContainers, statuses: [], pod: undefined, indent: '  ' })),
    ...containerLines({ title: 'Containers', containers: listAt(spec, 'containers'), statuses: [], pod: undefined, indent: '  ' }),
    ...volumeLines(listAt(spec, 'volumes'), '  '),
    ...spreadLines(listAt(spec, 'topologySpreadConstraints'), '  '),
    ...(priorityClass === '' ? [] : [level(1, `Priority Class Name:\t${priorityClass}`)]),
    ...labelLines('  Node-Selectors', textsAt(spec, 'nodeSelector')),
    ...tolerationLines('  Tolerations', listAt(spec, 'tolerations')),
  ]
}
