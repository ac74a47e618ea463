/** Services, Endpoints and EndpointSlices. Follows ValidateService and ValidateEndpoints in pkg/apis/core/validation, and pkg/apis/discovery/validation. */
import type { Json } from '../../kernel/json.js'
import { deepEqual } from '../../kernel/object-difference.js'
import type { EndpointSlice, Endpoints, LoadBalancerStatus, Service } from '../generated/types.js'
import type { Loose } from '../loose.js'
import { checkPortReference } from './containers.js'
import { duplicate, forbiddenField, immutableMessage, invalidValue, notSupported, required, tooMany, type Errors } from './field-errors.js'
import { internalForm } from './internal-form.js'
import { checkLabels } from './labels.js'
import { cidr, complain, dnsLabel, dnsSubdomain, ipAddress, ipFamilyOf, ordinaryAddress, portNumber, qualifiedName } from './names.js'
import { checkChangedMeta, checkNewMeta } from './workloads.js'

type LooseSpec = NonNullable<Loose<Service>['spec']>

const same = (left: unknown, right: unknown): boolean => left === right || deepEqual(left as Json | undefined, right as Json | undefined)

const protocols = ['SCTP', 'TCP', 'UDP']
const families = ['IPv4', 'IPv6']
const familyPolicies = ['PreferDualStack', 'RequireDualStack', 'SingleStack']
const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode']
const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const trafficPolicies = ['Cluster', 'Local']

const isHeadless = (spec: LooseSpec): boolean => (spec.clusterIPs ?? []).length === 1 && spec.clusterIPs?.[0] === 'None'

const externallyReachable = (spec: LooseSpec): boolean =>
  spec.type === 'LoadBalancer' || spec.type === 'NodePort' || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0)

const needsHealthCheck = (spec: LooseSpec): boolean => spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'

const checkPorts = (errors: Errors, ports: NonNullable<LooseSpec['ports']>): void => {
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const path = `spec.ports[${index}]`
    const name = port.name ?? ''
    if (name === '') {
      if (ports.length > 1) errors.push(required(`${path}.name`))
    } else {
      complain(errors, `${path}.name`, name, dnsLabel(name))
      if (names.has(name)) errors.push(duplicate(`${path}.name`, name))
      names.add(name)
    }
    for (const complaint of portNumber(port.port ?? 0)) errors.push(invalidValue(`${path}.port`, port.port ?? 0, complaint))
    const protocol = port.protocol ?? ''
    if (protocol === '') errors.push(required(`${path}.protocol`))
    else if (!protocols.includes(protocol)) errors.push(notSupported(`${path}.protocol`, protocol, protocols))
    checkPortReference(errors, `${path}.targetPort`, port.targetPort)
    if (port.appProtocol !== undefined) complain(errors, `${path}.appProtocol`, port.appProtocol, qualifiedName(port.appProtocol))
  }
}

// Follows ValidateServiceClusterIPsRelatedFields; the cluster has IPv4 only.
const checkAddresses = (errors: Errors, spec: LooseSpec): void => {
  if (spec.type === 'ExternalName') return
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec
  let broken = false
  const seen = new Set<string>()
  for (const [index, family] of ipFamilies.entries()) {
    const path = `spec.ipFamilies[${index}]`
    if (!families.includes(family)) errors.push(notSupported(path, family, families))
    if (seen.has(family)) {
      errors.push(duplicate(path, family))
      broken = true
    }
    seen.add(family)
  }
  if (ipFamilyPolicy !== undefined && !familyPolicies.includes(ipFamilyPolicy))
    errors.push(notSupported('spec.ipFamilyPolicy', ipFamilyPolicy, familyPolicies))
  if (clusterIPs.length > 2) errors.push(tooMany('spec.clusterIPs', clusterIPs.length, 2))
  if (clusterIP !== '' && clusterIPs.length === 0) errors.push(required('spec.clusterIPs'))
  if (clusterIP === '' && clusterIPs.length > 0)
    errors.push(invalidValue('spec.clusterIPs', [...clusterIPs], 'must be empty when `clusterIP` is not specified'))
  else if (clusterIPs.length > 0 && clusterIPs[0] !== clusterIP)
    errors.push(invalidValue('spec.clusterIPs', [...clusterIPs], 'first value must match `clusterIP`'))
  for (const [index, address] of clusterIPs.entries()) {
    if (index === 0 && address === 'None') {
      if (clusterIPs.length > 1) {
        broken = true
        errors.push(invalidValue('spec.clusterIPs', [...clusterIPs], "'None' must be the first and only value"))
      }
      continue
    }
    const complaints = ipAddress(address)
    complain(errors, `spec.clusterIPs[${index}]`, address, complaints)
    if (complaints.length > 0) broken = true
  }
  if (broken || clusterIPs[0] === 'None') return
  if (new Set(clusterIPs).size < clusterIPs.length)
    errors.push(invalidValue('spec.clusterIPs', [...clusterIPs], 'may specify no more than one IP for each IP family'))
  for (const [index, address] of clusterIPs.entries()) {
    const family = ipFamilies[index]
    if (family !== undefined && families.includes(family) && ipFamilyOf(address) !== family)
      errors.push(
        invalidValue(`spec.clusterIPs[${index}]`, address, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``),
      )
  }
}

// What the allocators refuse for a cluster with IPv4 only. Follows initIPFamilyFields in pkg/registry/core/service/storage/alloc.go.
const checkCluster = (errors: Errors, spec: LooseSpec): void => {
  if (spec.type === 'ExternalName' || (isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0)) return
  for (const [index, family] of (spec.ipFamilies ?? []).entries())
    if (family !== 'IPv4') errors.push(invalidValue(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'))
  if (spec.ipFamilyPolicy === 'RequireDualStack')
    errors.push(invalidValue('spec.ipFamilyPolicy', spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'))
}

const checkSpec = (errors: Errors, spec: LooseSpec, classIsChecked: boolean): void => {
  const { type = '', ports = [], sessionAffinity = '' } = spec
  if (ports.length === 0 && !isHeadless(spec) && type !== 'ExternalName') errors.push(required('spec.ports'))
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(spec))
    errors.push(invalidValue('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`))
  if (type === 'ExternalName') {
    for (const name of ['clusterIPs', 'ipFamilies'] as const)
      if ((spec[name] ?? []).length > 0) errors.push(forbiddenField(`spec.${name}`, 'may not be set for ExternalName services'))
    if (spec.ipFamilyPolicy !== undefined) errors.push(forbiddenField('spec.ipFamilyPolicy', 'may not be set for ExternalName services'))
    const name = (spec.externalName ?? '').replace(/\.$/, '')
    if (name === '') errors.push(required('spec.externalName'))
    else complain(errors, 'spec.externalName', name, dnsSubdomain(name))
  }
  checkPorts(errors, ports)
  checkLabels(errors, 'spec.selector', spec.selector)
  if (sessionAffinity === '') errors.push(required('spec.sessionAffinity'))
  else if (sessionAffinity !== 'ClientIP' && sessionAffinity !== 'None')
    errors.push(notSupported('spec.sessionAffinity', sessionAffinity, ['ClientIP', 'None']))
  if (sessionAffinity === 'ClientIP') {
    const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds
    if (seconds !== undefined && (seconds <= 0 || seconds > 86_400))
      errors.push(invalidValue('spec.sessionAffinityConfig.clientIP.timeoutSeconds', seconds, 'must be greater than 0 and less than 86400'))
  }
  checkAddresses(errors, spec)
  for (const [index, address] of (spec.externalIPs ?? []).entries()) {
    const path = `spec.externalIPs[${index}]`
    const complaints = ipAddress(address)
    complain(errors, path, address, complaints.length > 0 ? complaints : ordinaryAddress(address))
  }
  if (type === '') errors.push(required('spec.type'))
  else if (!types.includes(type)) errors.push(notSupported('spec.type', type, types))
  if (type === 'ClusterIP')
    for (const [index, port] of ports.entries())
      if ((port.nodePort ?? 0) !== 0)
        errors.push(forbiddenField(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'"))
  const nodePorts = new Set<string>()
  for (const [index, { nodePort = 0, protocol = '' }] of ports.entries()) {
    if (nodePort === 0) continue
    if (nodePorts.has(`${protocol}/${nodePort}`)) errors.push(duplicate(`spec.ports[${index}].nodePort`, nodePort))
    nodePorts.add(`${protocol}/${nodePort}`)
  }
  const numbers = new Set<string>()
  for (const [index, { port = 0, protocol = '' }] of ports.entries()) {
    if (numbers.has(`${protocol}/${port}`)) errors.push(duplicate(`spec.ports[${index}]`, internalForm({ port, protocol }, 'ServicePort')))
    numbers.add(`${protocol}/${port}`)
  }
  const ranges = spec.loadBalancerSourceRanges ?? []
  if (ranges.length > 0) {
    if (type !== 'LoadBalancer')
      errors.push(forbiddenField('spec.LoadBalancerSourceRanges', "may only be used when `type` is 'LoadBalancer'"))
    for (const [index, range] of ranges.entries())
      complain(errors, `spec.LoadBalancerSourceRanges[${index}]`, range.trim(), cidr(range.trim()))
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && type !== 'LoadBalancer')
    errors.push(forbiddenField('spec.allocateLoadBalancerNodePorts', "may only be used when `type` is 'LoadBalancer'"))
  if (spec.loadBalancerClass !== undefined && !classIsChecked) {
    if (type !== 'LoadBalancer') errors.push(forbiddenField('spec.loadBalancerClass', "may only be used when `type` is 'LoadBalancer'"))
    else complain(errors, 'spec.loadBalancerClass', spec.loadBalancerClass, qualifiedName(spec.loadBalancerClass))
  }
  const external = spec.externalTrafficPolicy ?? ''
  if (!externallyReachable(spec)) {
    if (external !== '')
      errors.push(invalidValue('spec.externalTrafficPolicy', external, 'may only be set for externally-accessible services'))
  } else if (external === '') errors.push(required('spec.externalTrafficPolicy'))
  else if (!trafficPolicies.includes(external)) errors.push(notSupported('spec.externalTrafficPolicy', external, trafficPolicies))
  if (!needsHealthCheck(spec) && (spec.healthCheckNodePort ?? 0) !== 0) {
    errors.push(
      invalidValue(
        'spec.healthCheckNodePort',
        spec.healthCheckNodePort ?? 0,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    )
  }
  const internal = spec.internalTrafficPolicy
  if (internal !== undefined && !trafficPolicies.includes(internal))
    errors.push(notSupported('spec.internalTrafficPolicy', internal, trafficPolicies))
  const distribution = spec.trafficDistribution
  if (distribution !== undefined && !distributions.includes(distribution))
    errors.push(notSupported('spec.trafficDistribution', distribution, distributions))
}

/**
 * The rules of ValidateService, and what the allocators say about address families. (Whether an address or node port is free is theirs to say;
 * the health check's port is given after this.)
 */
export const checkNewService = (errors: Errors, service: Loose<Service>): void => {
  const before = errors.length
  checkNewMeta(errors, service, dnsLabel)
  checkSpec(errors, service.spec ?? {}, false)
  // The allocators come first and stop the request; what they would say is only heard when nothing else is wrong.
  if (errors.length === before) checkCluster(errors, service.spec ?? {})
}

export const checkServiceUpdate = (errors: Errors, next: Loose<Service>, stored: Loose<Service>): void => {
  const first = errors.length
  checkChangedMeta(errors, next, stored)
  const [after, before] = [next.spec ?? {}, stored.spec ?? {}]
  if (after === before) return
  // Follows validateUpgradeDowngradeClusterIPs and validateUpgradeDowngradeIPFamilies.
  if (before.type !== 'ExternalName' && after.type !== 'ExternalName') {
    const [old, now] = [before.clusterIPs ?? [], after.clusterIPs ?? []]
    // An address list that does not fit the single address is a fault of its own.
    if (old.length > 0 && now.length > 0 && old[0] !== now[0] && now[0] === after.clusterIP)
      errors.push(invalidValue('spec.clusterIPs[0]', [...now], 'may not change once set'))
    else if (old.length > 0 && now.length === 0)
      errors.push(invalidValue('spec.clusterIPs[0]', [...now], 'primary clusterIP can not be unset'))
    const [oldFamilies, nowFamilies] = [before.ipFamilies ?? [], after.ipFamilies ?? []]
    const noAddress = old.length === 0 || now.length === 0
    if (!noAddress && oldFamilies.length > 0 && nowFamilies.length > 0 && oldFamilies[0] !== nowFamilies[0] && old[0] === 'None') {
      errors.push(invalidValue('spec.ipFamilies[0]', [...nowFamilies], 'may not change once set'))
    }
  }
  const classMayChange = !(before.type === 'LoadBalancer' && after.type === 'LoadBalancer')
  if (!classMayChange && after.loadBalancerClass !== before.loadBalancerClass)
    errors.push(invalidValue('spec.loadBalancerClass', after.loadBalancerClass ?? 'null', 'may not change once set'))
  if (needsHealthCheck(before) && needsHealthCheck(after) && after.healthCheckNodePort !== before.healthCheckNodePort)
    errors.push(forbiddenField('spec.healthCheckNodePort', immutableMessage))
  checkNewMeta(errors, next, () => [])
  checkSpec(errors, after, false)
  if (errors.length === first) checkCluster(errors, after)
}

const checkLoadBalancer = (errors: Errors, status: Loose<LoadBalancerStatus> | undefined, spec: LooseSpec): void => {
  const ingress = status?.ingress ?? []
  if (spec.type !== 'LoadBalancer') {
    if (ingress.length > 0)
      errors.push(forbiddenField('status.loadBalancer.ingress', "may only be used when `spec.type` is 'LoadBalancer'"))
    return
  }
  for (const [index, { ip = '', ipMode, hostname = '' }] of ingress.entries()) {
    const path = `status.loadBalancer.ingress[${index}]`
    if (ip !== '') complain(errors, `${path}.ip`, ip, ipAddress(ip))
    if (ip === '' && ipMode !== undefined) errors.push(forbiddenField(`${path}.ipMode`, 'may not be specified when `ip` is not set'))
    if (hostname !== '') {
      complain(errors, `${path}.hostname`, hostname, dnsSubdomain(hostname))
      if (ipFamilyOf(hostname) !== undefined)
        errors.push(invalidValue(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address'))
    }
  }
}

export const checkServiceStatus = (errors: Errors, next: Loose<Service>, stored: Loose<Service>): void => {
  checkChangedMeta(errors, next, stored)
  checkLoadBalancer(errors, next.status?.loadBalancer, next.spec ?? {})
}

// ---------------------------------------------------------------- Endpoints

type Subset = NonNullable<Loose<Endpoints>['subsets']>[number]

const checkSubset = (errors: Errors, path: string, subset: Subset): void => {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset
  if (addresses.length === 0 && notReadyAddresses.length === 0)
    errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'))
  for (const [name, list] of [
    ['addresses', addresses],
    ['notReadyAddresses', notReadyAddresses],
  ] as const) {
    for (const [index, { ip = '', hostname = '', nodeName }] of list.entries()) {
      const at = `${path}.${name}[${index}]`
      const complaints = ipAddress(ip)
      complain(errors, `${at}.ip`, ip, complaints)
      if (hostname !== '') complain(errors, `${at}.hostname`, hostname, dnsLabel(hostname))
      if (nodeName !== undefined) complain(errors, `${at}.nodeName`, nodeName, dnsSubdomain(nodeName))
      complain(errors, `${at}.ip`, ip, complaints.length > 0 ? ['must be a valid IP address'] : ordinaryAddress(ip))
    }
  }
  for (const [index, port] of ports.entries()) {
    const at = `${path}.ports[${index}]`
    const name = port.name ?? ''
    if (ports.length > 1 && name === '') errors.push(required(`${at}.name`))
    else if (name !== '') complain(errors, `${at}.name`, name, dnsLabel(name))
    for (const complaint of portNumber(port.port ?? 0)) errors.push(invalidValue(`${at}.port`, port.port ?? 0, complaint))
    const protocol = port.protocol ?? ''
    if (protocol === '') errors.push(required(`${at}.protocol`))
    else if (!protocols.includes(protocol)) errors.push(notSupported(`${at}.protocol`, protocol, protocols))
    if (port.appProtocol !== undefined) complain(errors, `${at}.appProtocol`, port.appProtocol, qualifiedName(port.appProtocol))
  }
}

const checkSubsets = (errors: Errors, endpoints: Loose<Endpoints>): void => {
  for (const [index, subset] of (endpoints.subsets ?? []).entries()) checkSubset(errors, `subsets[${index}]`, subset)
}

export const checkNewEndpoints = (errors: Errors, endpoints: Loose<Endpoints>): void => {
  checkNewMeta(errors, endpoints, dnsSubdomain)
  checkSubsets(errors, endpoints)
}

export const checkEndpointsUpdate = (errors: Errors, next: Loose<Endpoints>, stored: Loose<Endpoints>): void => {
  checkChangedMeta(errors, next, stored)
  checkSubsets(errors, next)
}

// ---------------------------------------------------------------- EndpointSlice

const addressTypes = ['FQDN', 'IPv4', 'IPv6']

const checkSliceContent = (errors: Errors, slice: Loose<EndpointSlice>): void => {
  const type = slice.addressType ?? ''
  const { endpoints = [], ports = [] } = slice
  if (type === '') errors.push(required('addressType'))
  else if (!addressTypes.includes(type)) errors.push(notSupported('addressType', type, addressTypes))
  if (endpoints.length > 1_000) errors.push(tooMany('endpoints', endpoints.length, 1_000))
  else {
    for (const [index, endpoint] of endpoints.entries()) {
      const path = `endpoints[${index}]`
      const { addresses = [], hostname, nodeName } = endpoint
      if (addresses.length === 0) errors.push(required(`${path}.addresses`, 'must contain at least 1 address'))
      if (addresses.length > 100) errors.push(tooMany(`${path}.addresses`, addresses.length, 100))
      for (const [at, address] of addresses.entries()) {
        const addressPath = `${path}.addresses[${at}]`
        if (type === 'FQDN') complain(errors, addressPath, address, dnsSubdomain(address))
        else if (type === 'IPv4' || type === 'IPv6') {
          const complaints = ipAddress(address)
          if (complaints.length > 0) complain(errors, addressPath, address, complaints)
          else if (ipFamilyOf(address) !== type) errors.push(invalidValue(`${path}.addresses`, address, `must be an ${type} address`))
          else complain(errors, addressPath, address, ordinaryAddress(address))
        }
      }
      if (nodeName !== undefined) complain(errors, `${path}.nodeName`, nodeName, dnsSubdomain(nodeName))
      if (hostname !== undefined) complain(errors, `${path}.hostname`, hostname, dnsLabel(hostname))
    }
  }
  if (ports.length > 20_000) errors.push(tooMany('ports', ports.length, 20_000))
  const names = new Set<string>()
  for (const [index, { name = '', protocol = '', appProtocol }] of ports.entries()) {
    const path = `ports[${index}]`
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name))
    names.add(name)
    if (name !== '') complain(errors, `${path}.name`, name, dnsLabel(name))
    if (protocol === '') errors.push(required(`${path}.protocol`))
    else if (!protocols.includes(protocol)) errors.push(notSupported(`${path}.protocol`, protocol, protocols))
    if (appProtocol !== undefined) complain(errors, `${path}.appProtocol`, appProtocol, qualifiedName(appProtocol))
  }
}

export const checkNewEndpointSlice = (errors: Errors, slice: Loose<EndpointSlice>): void => {
  checkNewMeta(errors, slice, dnsSubdomain)
  checkSliceContent(errors, slice)
}

export const checkEndpointSliceUpdate = (errors: Errors, next: Loose<EndpointSlice>, stored: Loose<EndpointSlice>): void => {
  checkChangedMeta(errors, next, stored)
  if (!same(next.endpoints, stored.endpoints) || !same(next.ports, stored.ports)) checkSliceContent(errors, next)
  if (next.addressType !== stored.addressType) errors.push(invalidValue('addressType', next.addressType ?? '', immutableMessage))
}
