/** Descriptions of Services, Endpoints and EndpointSlices. Follows kubectl/pkg/describe/describe.go. */
import type { Json, KubernetesObject } from '@statefold/core'
import type { Call } from '../command.js'
import { at, jsonOf, listAt, numberAt, textAt, textsAt, wordOf } from '../json-object.js'
import { level, mapText, metadataLines, nameAndNamespace, orNone, type Lines } from './lines.js'

const mostAddresses = 3

const hostPort = (address: string, port: number): string => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`)

const isReady = (endpoint: Json): boolean => at(endpoint, 'conditions', 'ready') !== false

/** The ready addresses behind a port. Follows formatEndpointSlices. */
const endpointsText = (slices: readonly KubernetesObject[], portName: string): string => {
  if (slices.length === 0) return '<none>'
  const addresses = slices.map(jsonOf).flatMap((slice) => {
    const ready = listAt(slice, 'endpoints').filter(isReady)
    const ports = listAt(slice, 'ports')
    const first = (endpoint: Json): string => wordOf(listAt(endpoint, 'addresses')[0])
    if (ports.length === 0) return ready.map(first)
    return ports
      .filter((port) => textAt(port, 'name') === portName)
      .flatMap((port) => ready.map((endpoint) => hostPort(first(endpoint), numberAt(port, 'port'))))
  })
  const shown = addresses.slice(0, mostAddresses).join(',')
  return addresses.length > mostAddresses ? `${shown} + ${addresses.length - mostAddresses} more...` : shown
}

/** The ready addresses of a Service's port, by the slices that belong to it. */
export const endpointsOfPort = (call: Call, service: KubernetesObject, portName: string): string => {
  const slices = call.cluster
    .reader()
    .listAny('EndpointSlice', service.metadata.namespace ?? '')
    .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name)
  return slices.length === 0 ? '' : endpointsText(slices, portName)
}

const optional = (title: string, value: string): Lines => (value === '' ? [] : [`${title}:\t${value}`])

export const describeService = (call: Call, object: KubernetesObject): Lines => {
  const service = jsonOf(object)
  const slices = call.cluster
    .reader()
    .listAny('EndpointSlice', object.metadata.namespace)
    .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === object.metadata.name)
  const spec = (field: string): string => textAt(service, 'spec', field)
  const joined = (field: string): string => listAt(service, 'spec', field).map(String).join(',')
  const ingress = listAt(service, 'status', 'loadBalancer', 'ingress')
  return [
    ...nameAndNamespace(service),
    ...metadataLines(service),
    `Selector:\t${mapText(textsAt(service, 'spec', 'selector'))}`,
    `Type:\t${spec('type')}`,
    ...optional('IP Family Policy', spec('ipFamilyPolicy')),
    `IP Families:\t${orNone(joined('ipFamilies'))}`,
    `IP:\t${spec('clusterIP')}`,
    `IPs:\t${orNone(joined('clusterIPs'))}`,
    ...optional('External IPs', joined('externalIPs')),
    ...optional('Desired LoadBalancer IP', spec('loadBalancerIP')),
    ...optional('External Name', spec('externalName')),
    ...(ingress.length === 0
      ? []
      : [
          `LoadBalancer Ingress:\t${ingress.map((entry) => (textAt(entry, 'ip') === '' ? textAt(entry, 'hostname') : `${textAt(entry, 'ip')}${textAt(entry, 'ipMode') === '' ? '' : ` (${textAt(entry, 'ipMode')})`}`)).join(', ')}`,
        ]),
    ...listAt(service, 'spec', 'ports').flatMap((port) => {
      const name = textAt(port, 'name') || '<unset>'
      const protocol = textAt(port, 'protocol')
      const nodePort = numberAt(port, 'nodePort')
      return [
        `Port:\t${name}\t${numberAt(port, 'port')}/${protocol}`,
        `TargetPort:\t${wordOf(at(port, 'targetPort') ?? 0)}/${protocol}`,
        ...optional('AppProtocol', textAt(port, 'appProtocol')),
        ...(nodePort === 0 ? [] : [`NodePort:\t${name}\t${nodePort}/${protocol}`]),
        `Endpoints:\t${endpointsText(slices, textAt(port, 'name'))}`,
      ]
    }),
    `Session Affinity:\t${spec('sessionAffinity')}`,
    ...optional('External Traffic Policy', spec('externalTrafficPolicy')),
    ...optional('Internal Traffic Policy', spec('internalTrafficPolicy')),
    ...(numberAt(service, 'spec', 'healthCheckNodePort') === 0
      ? []
      : [`HealthCheck NodePort:\t${numberAt(service, 'spec', 'healthCheckNodePort')}`]),
    ...optional('LoadBalancer Source Ranges', joined('loadBalancerSourceRanges')),
    ...optional('Traffic Distribution', spec('trafficDistribution')),
  ]
}

export const describeEndpoints = (_call: Call, object: KubernetesObject): Lines => {
  const endpoints = jsonOf(object)
  const addressesOf = (subset: Json, field: string): string =>
    orNone(
      listAt(subset, field)
        .map((address) => textAt(address, 'ip'))
        .join(','),
    )
  return [
    ...nameAndNamespace(endpoints),
    ...metadataLines(endpoints),
    'Subsets:',
    ...listAt(endpoints, 'subsets').flatMap((subset) => {
      const ports = listAt(subset, 'ports')
      return [
        level(1, `Addresses:\t${addressesOf(subset, 'addresses')}`),
        level(1, `NotReadyAddresses:\t${addressesOf(subset, 'notReadyAddresses')}`),
        ...(ports.length === 0
          ? []
          : [
              level(1, 'Ports:'),
              level(2, 'Name\tPort\tProtocol'),
              level(2, '----\t----\t--------'),
              ...ports.map((port) =>
                level(2, `${textAt(port, 'name') || '<unset>'}\t${numberAt(port, 'port')}\t${textAt(port, 'protocol')}`),
              ),
            ]),
        '',
      ]
    }),
  ]
}

export const describeEndpointSlice = (_call: Call, object: KubernetesObject): Lines => {
  const slice = jsonOf(object)
  const ports = listAt(slice, 'ports')
  const endpoints = listAt(slice, 'endpoints')
  return [
    ...nameAndNamespace(slice),
    ...metadataLines(slice),
    `AddressType:\t${textAt(slice, 'addressType')}`,
    ...(ports.length === 0
      ? ['Ports: <unset>']
      : [
          'Ports:',
          level(1, 'Name\tPort\tProtocol'),
          level(1, '----\t----\t--------'),
          ...ports.map((port) =>
            level(1, `${textAt(port, 'name') || '<unset>'}\t${wordOf(at(port, 'port') ?? '<unset>')}\t${textAt(port, 'protocol')}`),
          ),
        ]),
    ...(endpoints.length === 0
      ? ['Endpoints: <none>']
      : [
          'Endpoints:',
          ...endpoints.flatMap((endpoint) => [
            level(1, `- Addresses:\t${orNone(listAt(endpoint, 'addresses').map(String).join(', '))}`),
            level(2, 'Conditions:'),
            level(3, `Ready:\t${wordOf(at(endpoint, 'conditions', 'ready') ?? '<unset>')}`),
            level(2, `Hostname:\t${textAt(endpoint, 'hostname') || '<unset>'}`),
            ...(at(endpoint, 'targetRef') === undefined
              ? []
              : [level(2, `TargetRef:\t${textAt(endpoint, 'targetRef', 'kind')}/${textAt(endpoint, 'targetRef', 'name')}`)]),
            level(2, `NodeName:\t${textAt(endpoint, 'nodeName') || '<unset>'}`),
            level(2, `Zone:\t${textAt(endpoint, 'zone') || '<unset>'}`),
          ]),
        ]),
  ]
}
