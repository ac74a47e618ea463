/** kubectl events. Follows kubectl/pkg/cmd/events. */
import { ageOf, apiVersionOf, type Json, type KubernetesObject } from '@statefold/core'
import { outputFlags, type Call, type Command, type Running } from './command.js'
import { fail } from './errors.js'
import { commaList, numberFlag, switchFlag, text } from './flags.js'
import { at, jsonOf, numberAt, textAt } from './json-object.js'
import { objectPrinterOf } from './printers/object-printer.js'
import { alignTabs, tableOptions } from './printers/tab-writer.js'
import { listObjects } from './reading.js'
import { resourceTypeOrFail } from './resource-arguments.js'
import { openWatch } from './watching.js'

const age = (call: Call, timestamp: string): string => (timestamp === '' ? '<unknown>' : ageOf(timestamp, call.cluster.now()))

const interval = (call: Call, event: Json): string => {
  const eventTime = textAt(event, 'eventTime')
  const first = age(call, eventTime === '' ? textAt(event, 'firstTimestamp') : eventTime)
  const series = at(event, 'series')
  if (series !== undefined && series !== null)
    return `${age(call, textAt(series, 'lastObservedTime'))} (x${numberAt(series, 'count')} over ${first})`
  const count = numberAt(event, 'count')
  return count > 1 ? `${age(call, textAt(event, 'lastTimestamp'))} (x${count} over ${first})` : first
}

const row = (call: Call, object: KubernetesObject, namespaces: boolean): string => {
  const event = jsonOf(object)
  return [
    ...(namespaces ? [object.metadata.namespace ?? ''] : []),
    interval(call, event),
    textAt(event, 'type'),
    textAt(event, 'reason'),
    `${textAt(event, 'involvedObject', 'kind')}/${textAt(event, 'involvedObject', 'name')}`,
    textAt(event, 'message').trim(),
  ].join('\t')
}

/** Written in microseconds, so that texts compare as the moments do. */
const timeOf = (object: KubernetesObject): string => {
  const event = jsonOf(object)
  const moment = textAt(event, 'series', 'lastObservedTime') || textAt(event, 'lastTimestamp') || textAt(event, 'eventTime')
  return moment.includes('.') ? moment : moment.replace('Z', '.000000Z')
}

function* run(call: Call): Running {
  const { flags, output } = call
  const types = flags.list('types').map((type) => type.toLowerCase())
  if (types.some((type) => type !== 'normal' && type !== 'warning')) return fail('valid --types are Normal or Warning')
  const about = flags.text('for')
  if (about !== '' && !about.includes('/')) return fail('--for must be in resource/name form')
  const [resource = '', name = ''] = about.split('/')
  const subject = about === '' ? undefined : resourceTypeOrFail(resource)
  const everywhere = flags.on('all-namespaces')
  const wanted = (object: KubernetesObject): boolean => {
    const involved = at(jsonOf(object), 'involvedObject')
    return (
      (types.length === 0 || types.includes(textAt(jsonOf(object), 'type').toLowerCase())) &&
      (subject === undefined ||
        (textAt(involved, 'kind') === subject.kind &&
          textAt(involved, 'name') === name &&
          textAt(involved, 'apiVersion') === apiVersionOf(subject)))
    )
  }
  const type = resourceTypeOrFail('events')
  const namespace = everywhere ? undefined : call.namespace
  const found = listObjects(call, type, { namespace }).filter(wanted)
  const printer = objectPrinterOf(call)
  const widths: number[] = []
  let headersDue = !flags.on('no-headers')
  const print = (events: readonly KubernetesObject[]): void => {
    if (printer !== undefined) {
      for (const event of events) output.stdout(printer(jsonOf(event)))
      return
    }
    const header = [...(everywhere ? ['NAMESPACE'] : []), 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'].join('\t')
    const lines = [...(headersDue ? [header] : []), ...events.map((event) => row(call, event, everywhere))]
    headersDue = false
    output.stdout(`${alignTabs(lines.join('\n'), tableOptions, widths)}\n`)
  }
  if (flags.on('watch')) {
    const changes = openWatch(call, type, namespace)
    if (found.length > 0) print(found)
    for (;;) {
      yield { kind: 'wait-for-change', atMost: undefined }
      const news = changes().filter((event) => event.type !== 'DELETED' && wanted(event.object))
      for (const event of news) print([event.object])
    }
  }
  if (found.length === 0) {
    output.stderr(everywhere ? 'No events found.\n' : `No events found in ${call.namespace} namespace.\n`)
    return 0
  }
  const sorted = found
    .map((event, index) => ({ event, index, time: timeOf(event) }))
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.index - b.index))
  if (printer !== undefined)
    output.stdout(printer({ apiVersion: 'v1', items: sorted.map(({ event }) => jsonOf(event)), kind: 'List', metadata: {} }))
  else print(sorted.map(({ event }) => event))
  return 0
}

export const eventsCommand: Command = {
  name: 'events',
  flags: [
    ...outputFlags,
    switchFlag('all-namespaces', 'A'),
    switchFlag('watch', 'w'),
    switchFlag('no-headers'),
    text('for'),
    commaList('types'),
    numberFlag('chunk-size', '500'),
  ],
  run,
}
