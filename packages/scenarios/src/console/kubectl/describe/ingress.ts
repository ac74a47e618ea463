/** Descriptions of Ingresses, their classes and NetworkPolicies. Follows describeIngressV1 and describeNetworkPolicy in kubectl/pkg/describe/describe.go. */
import { formatLabelSelector, type Json, type JsonObject, type KubernetesObject } from '@statefold/core'
import type { Call } from '../command.js'
import { at, jsonOf, listAt, numberAt, objectAt, textAt, textsAt, wordOf } from '../json-object.js'
import { readObject } from '../reading.js'
import { resourceTypeOrFail } from '../resource-arguments.js'
import { annotationLines, labelLines, level, metadataLines, nameAndNamespace, type Lines } from './lines.js'
import { endpointsOfPort } from './network.js'

/** `web:80 (10.244.0.5:80)`. Follows backendStringer and describeBackendV1. */
const backendText = (call: Call, namespace: string, backend: Json): string => {
  const resource = at(backend, 'resource')
  if (resource !== undefined) {
    const group = textAt(resource, 'apiGroup')
    return `APIGroup: ${group === '' ? '<none>' : group}, Kind: ${textAt(resource, 'kind')}, Name: ${textAt(resource, 'name')}`
  }
  const name = textAt(backend, 'service', 'name')
  const number = numberAt(backend, 'service', 'port', 'number')
  const text = `${name}:${number === 0 ? textAt(backend, 'service', 'port', 'name') : number}`
  const service = readObject(call, resourceTypeOrFail('services'), namespace, name)
  if (service === undefined) return `${text} (<error: services ${JSON.stringify(name)} not found>)`
  const ports = listAt(jsonOf(service), 'spec', 'ports')
  const port =
    number === 0
      ? textAt(backend, 'service', 'port', 'name')
      : textAt(
          ports.find((candidate) => numberAt(candidate, 'port') === number),
          'name',
        )
  return `${text} (${endpointsOfPort(call, service, port)})`
}

const certificateLine = (entry: Json): string => {
  const hosts = listAt(entry, 'hosts').map(String).join(',')
  const secret = textAt(entry, 'secretName')
  return level(1, secret === '' ? `SNI routes ${hosts}` : `${secret} terminates ${hosts}`)
}

const addressesText = (ingress: JsonObject): string =>
  listAt(ingress, 'status', 'loadBalancer', 'ingress')
    .map((entry) => textAt(entry, 'ip') || textAt(entry, 'hostname'))
    .join(',')

export const describeIngress = (call: Call, object: KubernetesObject): Lines => {
  const ingress = jsonOf(object)
  const namespace = object.metadata.namespace ?? ''
  const byDefault = at(ingress, 'spec', 'defaultBackend')
  const certificates = listAt(ingress, 'spec', 'tls')
  const rules = listAt(ingress, 'spec', 'rules').filter((rule) => at(rule, 'http') !== undefined)
  const className =
    textAt(ingress, 'spec', 'ingressClassName') || textsAt(ingress, 'metadata', 'annotations')['kubernetes.io/ingress.class']
  const fallback = byDefault === undefined ? '<default>' : backendText(call, namespace, byDefault)
  return [
    `Name:\t${object.metadata.name}`,
    ...labelLines('Labels', textsAt(ingress, 'metadata', 'labels')),
    `Namespace:\t${namespace}`,
    `Address:\t${addressesText(ingress)}`,
    `Ingress Class:\t${className ?? '<none>'}`,
    `Default backend:\t${fallback}`,
    ...(certificates.length === 0 ? [] : ['TLS:', ...certificates.map(certificateLine)]),
    'Rules:',
    level(1, 'Host\tPath\tBackends'),
    level(1, '----\t----\t--------'),
    ...rules.flatMap((rule) => [
      level(1, `${textAt(rule, 'host') || '*'}\t`),
      ...listAt(rule, 'http', 'paths').map((path) =>
        level(2, `\t${textAt(path, 'path')} \t${backendText(call, namespace, objectAt(path, 'backend'))}`),
      ),
    ]),
    ...(rules.length === 0 ? [level(1, `*\t*\t${fallback}`)] : []),
    ...annotationLines('Annotations', textsAt(ingress, 'metadata', 'annotations')),
  ]
}

export const describeIngressClass = (_call: Call, object: KubernetesObject): Lines => {
  const ingressClass = jsonOf(object)
  const parameters = at(ingressClass, 'spec', 'parameters')
  const group = textAt(parameters, 'apiGroup')
  return [
    `Name:\t${object.metadata.name}`,
    ...metadataLines(ingressClass),
    `Controller:\t${textAt(ingressClass, 'spec', 'controller')}`,
    ...(parameters === undefined
      ? []
      : [
          'Parameters:',
          ...(group === '' ? [] : [level(1, `APIGroup:\t${group}`)]),
          level(1, `Kind:\t${textAt(parameters, 'kind')}`),
          level(1, `Name:\t${textAt(parameters, 'name')}`),
        ]),
  ]
}

const selectorText = (selector: Json): string => formatLabelSelector(objectAt(selector)) || '<none>'

/** Follows printNetworkPolicySpecFrom and its like: one paragraph for each peer. */
const peerLines = (peers: readonly Json[], word: 'From' | 'To', ofAll: string): Lines =>
  peers.length === 0
    ? [level(2, `${word}: <any> (traffic not restricted by ${ofAll})`)]
    : peers.flatMap((peer) => {
        const [namespaces, pods, block] = [at(peer, 'namespaceSelector'), at(peer, 'podSelector'), at(peer, 'ipBlock')]
        return [
          level(2, `${word}:`),
          ...(namespaces === undefined ? [] : [level(3, `NamespaceSelector: ${selectorText(namespaces)}`)]),
          ...(pods === undefined ? [] : [level(3, `PodSelector: ${selectorText(pods)}`)]),
          ...(block === undefined
            ? []
            : [
                level(3, 'IPBlock:'),
                level(4, `CIDR: ${textAt(block, 'cidr')}`),
                level(4, `Except: ${listAt(block, 'except').map(String).join(', ')}`),
              ]),
        ]
      })

const ruleLines = (rules: readonly Json[], word: 'From' | 'To'): Lines => {
  const [direction, ofAll, field] = word === 'From' ? ['ingress', 'source', 'from'] : ['egress', 'destination', 'to']
  if (rules.length === 0) return [level(2, `<none> (Selected pods are isolated for ${direction} connectivity)`)]
  return rules.flatMap((rule, index) => {
    const ports = listAt(rule, 'ports')
    return [
      ...(index === 0 ? [] : [level(2, '----------')]),
      ...(ports.length === 0
        ? [level(2, 'To Port: <any> (traffic allowed to all ports)')]
        : ports.map((port) => {
            const end = at(port, 'endPort')
            return level(
              2,
              `To Port: ${wordOf(at(port, 'port'))}${end === undefined ? '' : `-${wordOf(end)}`}/${textAt(port, 'protocol') || 'TCP'}`,
            )
          })),
      ...peerLines(listAt(rule, field), word, ofAll),
    ]
  })
}

export const describeNetworkPolicy = (_call: Call, object: KubernetesObject): Lines => {
  const policy = jsonOf(object)
  const egress = listAt(policy, 'spec', 'egress')
  const written = listAt(policy, 'spec', 'policyTypes').map(String)
  // What the server fills in.
  const types = written.length > 0 ? written : ['Ingress', ...(egress.length > 0 ? ['Egress'] : [])]
  const selector = selectorText(objectAt(policy, 'spec', 'podSelector'))
  const created = object.metadata.creationTimestamp.replace('T', ' ').replace('Z', ' +0000 UTC')
  return [
    ...nameAndNamespace(policy),
    `Created on:\t${created}`,
    ...metadataLines(policy),
    'Spec:',
    level(
      1,
      `PodSelector:     ${selector}${selector === '<none>' ? ' (Allowing the specific traffic to all pods in this namespace)' : ''}`,
    ),
    ...(types.includes('Ingress')
      ? [level(1, 'Allowing ingress traffic:'), ...ruleLines(listAt(policy, 'spec', 'ingress'), 'From')]
      : [level(1, 'Not affecting ingress traffic')]),
    ...(types.includes('Egress')
      ? [level(1, 'Allowing egress traffic:'), ...ruleLines(egress, 'To')]
      : [level(1, 'Not affecting egress traffic')]),
    level(1, `Policy Types: ${types.join(', ')}`),
  ]
}
