/** kubectl expose. Follows kubectl/pkg/cmd/expose/expose.go. */
import * as E from 'fp-ts/lib/Either.js'
import type { Json, JsonObject } from '@statefold/core'
import { dryRunOf } from './changing.js'
import { ask, atOnce, dryRunFlag, fieldManagerFlag, fileFlags, outputFlags, type Call, type Command } from './command.js'
import { asUnstored } from './create.js'
import { statusProblem, textProblem, type Problem } from './errors.js'
import { switchFlag, text } from './flags.js'
import { jsonOf, listAt, numberAt, objectAt, textAt, textsAt } from './json-object.js'
import { withLastApplied } from './last-applied.js'
import { podSpecPathOf } from './pod-template.js'
import { changePrinterOf } from './printers/object-printer.js'
import { forEachItem, liveItems, type Item } from './resource-arguments.js'

const exposable: readonly string[] = ['ReplicationController', 'Service', 'Pod', 'Deployment', 'ReplicaSet']

const pairs = (labels: string): JsonObject =>
  Object.fromEntries(
    labels.split(',').map((pair) => {
      const [key = '', value = ''] = pair.split('=')
      return [key, value]
    }),
  )

/** The labels by which the Service finds the Pods. Follows mapBasedSelectorForObject. */
const selectorOf = (item: Item): E.Either<string, JsonObject> => {
  const object = jsonOf(item.object)
  if (item.type.kind === 'Pod') {
    const labels = objectAt(object, 'metadata', 'labels')
    return Object.keys(labels).length === 0 ? E.left('the pod has no labels and cannot be exposed') : E.right(labels)
  }
  if (item.type.kind === 'Service' || item.type.kind === 'ReplicationController') {
    const selector = objectAt(object, 'spec', 'selector')
    return Object.keys(selector).length === 0 ? E.left('the service has no pod selector set') : E.right(selector)
  }
  if (listAt(object, 'spec', 'selector', 'matchExpressions').length > 0)
    return E.left(`couldn't convert expressions - "[]" to map-based selector format`)
  return E.right(objectAt(object, 'spec', 'selector', 'matchLabels'))
}

const portsOf = (item: Item): readonly JsonObject[] => {
  const object = jsonOf(item.object)
  if (item.type.kind === 'Service')
    return listAt(object, 'spec', 'ports').map((port) => ({ port: numberAt(port, 'port'), protocol: textAt(port, 'protocol') || 'TCP' }))
  const path = podSpecPathOf(item.type.kind) ?? []
  return listAt(objectAt(object, ...path), 'containers').flatMap((container) =>
    listAt(container, 'ports').map((port) => ({ port: numberAt(port, 'containerPort'), protocol: textAt(port, 'protocol') || 'TCP' })),
  )
}

const targetOf = (word: string): Json => (/^\d+$/.test(word) ? Number(word) : word)

const run = (call: Call): number => {
  const { flags } = call
  const dryRun = dryRunOf(call)
  return forEachItem(liveItems(call, call.words), (item): Problem | undefined => {
    const kindName = item.type.group === '' ? item.type.kind : `${item.type.kind}.${item.type.group}`
    if (!exposable.includes(item.type.kind)) return textProblem(`cannot expose a ${kindName}`)
    const selector = flags.text('selector') === '' ? selectorOf(item) : E.right(pairs(flags.text('selector')))
    if (E.isLeft(selector)) return textProblem(`couldn't retrieve selectors via --selector flag or introspection: ${selector.left}`)
    const found = portsOf(item)
    const headless = flags.text('cluster-ip') === 'None'
    const wanted = flags.text('port') === '' ? found.map((port) => numberAt(port, 'port')) : flags.text('port').split(',').map(Number)
    if (wanted.length === 0 && !headless) return textProblem("couldn't find port via --port flag or introspection")
    const target = flags.text('target-port')
    const portName = flags.text('port-name')
    const ports = wanted.map((port, index): JsonObject => {
      const protocol =
        flags.text('protocol') ||
        textAt(
          found.find((candidate) => numberAt(candidate, 'port') === port),
          'protocol',
        ) ||
        'TCP'
      const name = wanted.length > 1 ? `port-${index + 1}` : portName
      return { ...(name === '' ? {} : { name }), port, protocol, targetPort: target === '' ? port : targetOf(target) }
    })
    const ownLabels = textsAt(jsonOf(item.object), 'metadata', 'labels')
    const labels = flags.text('labels') === '' ? ownLabels : pairs(flags.text('labels'))
    const affinity = flags.text('session-affinity')
    if (affinity !== '' && affinity !== 'None' && affinity !== 'ClientIP') return textProblem(`unknown session affinity: ${affinity}`)
    const type = flags.text('type')
    const object: JsonObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        ...(Object.keys(labels).length === 0 ? {} : { labels }),
        name: flags.text('name') || item.name.slice(0, 63),
        ...(dryRun !== 'client' || call.namespaceGiven ? { namespace: call.namespace } : {}),
      },
      spec: {
        ...(flags.text('cluster-ip') === '' ? {} : { clusterIP: flags.text('cluster-ip') }),
        ...(flags.text('external-ip') === '' ? {} : { externalIPs: [flags.text('external-ip')] }),
        ...(type === 'LoadBalancer' && flags.text('load-balancer-ip') !== '' ? { loadBalancerIP: flags.text('load-balancer-ip') } : {}),
        ...(ports.length === 0 ? {} : { ports }),
        selector: selector.right,
        ...(affinity === '' ? {} : { sessionAffinity: affinity }),
        ...(type === '' ? {} : { type }),
      },
      status: { loadBalancer: {} },
    }
    const final = flags.on('save-config') ? withLastApplied(object) : object
    const print = changePrinterOf(call, 'exposed', dryRun)
    if (dryRun === 'client') {
      print(final)
      return undefined
    }
    const answer = ask(call, { kind: 'CreateObject', object: asUnstored(final), ...(dryRun === 'server' ? { dryRun: true } : {}) })
    if (E.isLeft(answer)) return statusProblem(answer.left)
    print(jsonOf(answer.right))
    return undefined
  })
}

export const exposeCommand: Command = {
  name: 'expose',
  flags: [
    ...fileFlags,
    ...outputFlags,
    dryRunFlag,
    fieldManagerFlag,
    ...[
      'port',
      'target-port',
      'port-name',
      'protocol',
      'type',
      'name',
      'selector',
      'cluster-ip',
      'external-ip',
      'load-balancer-ip',
      'session-affinity',
      'overrides',
      'override-type',
    ].map((name) => text(name)),
    text('labels', 'l'),
    switchFlag('save-config'),
  ],
  run: atOnce(run),
}
