/** The Events part of a description. Follows DescribeEvents and searchEvents in kubectl/pkg/describe/describe.go. */
import { ageOf, type KubernetesObject, type SimTime } from '@statefold/core'
import type { Call } from '../command.js'
import { at, jsonOf, numberAt, textAt } from '../json-object.js'
import { byText, level, type Lines } from './lines.js'

const ageText = (timestamp: string, now: SimTime): string => (timestamp === '' ? '<unknown>' : ageOf(timestamp, now))

/** Events of the API's store about one object: its name, its namespace and its uid must fit. */
export const eventsAbout = (call: Call, object: KubernetesObject, uid = object.metadata.uid): readonly KubernetesObject[] => {
  const { namespace, name } = object.metadata
  return call.cluster
    .reader()
    .listAny('Event', namespace)
    .filter((event) => {
      const involved = at(jsonOf(event), 'involvedObject')
      return (
        textAt(involved, 'uid') === uid &&
        textAt(involved, 'name') === name &&
        textAt(involved, 'namespace') === (namespace ?? textAt(involved, 'namespace'))
      )
    })
}

export const eventLines = (events: readonly KubernetesObject[], now: SimTime): Lines => {
  if (events.length === 0) return ['Events:\t<none>']
  const sorted = events
    .map((event, index) => ({ event: jsonOf(event), index }))
    .sort((a, b) => byText(textAt(a.event, 'lastTimestamp'), textAt(b.event, 'lastTimestamp')) || a.index - b.index)
  return [
    'Events:',
    level(1, 'Type\tReason\tAge\tFrom\tMessage'),
    level(1, '----\t------\t----\t----\t-------'),
    ...sorted.map(({ event }) => {
      const eventTime = textAt(event, 'eventTime')
      const first = eventTime === '' ? ageText(textAt(event, 'firstTimestamp'), now) : ageText(eventTime, now)
      const series = at(event, 'series')
      const count = numberAt(event, 'count')
      const interval =
        series !== undefined && series !== null
          ? `${ageText(textAt(series, 'lastObservedTime'), now)} (x${numberAt(series, 'count')} over ${first})`
          : count > 1
            ? `${ageText(textAt(event, 'lastTimestamp'), now)} (x${count} over ${first})`
            : first
      const source = textAt(event, 'source', 'component') || textAt(event, 'reportingComponent')
      const field = textAt(event, 'involvedObject', 'fieldPath')
      const message = textAt(event, 'message').trim()
      return level(
        1,
        `${textAt(event, 'type')}\t${textAt(event, 'reason')}\t${interval}\t${source}\t${field === '' ? message : `${field}: ${message}`}`,
      )
    }),
  ]
}
