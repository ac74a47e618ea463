/**
 * The cluster's DNS as CoreDNS answers it: a pure function of Services and EndpointSlices. Follows the kubernetes plugin
 * (coredns/coredns plugin/kubernetes/kubernetes.go, parse.go) and the schema of kubernetes/dns docs/specification.md.
 */
import type { Endpoint, EndpointSlice, Service } from '../api/generated/types.js'
import type { Reader } from '../cluster/reader.js'

export interface DnsQuestion {
  /** Fully qualified, with or without the final dot. */
  readonly name: string
  /** `A`, `AAAA`, `SRV`, `PTR`, `CNAME`, `TXT` */
  readonly type: string
}

export interface DnsAnswer {
  readonly rcode: 'NOERROR' | 'NODATA' | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED'
  /** Record data: `10.244.0.3`, `0 33 80 web-0.nginx.default.svc.cluster.local.` */
  readonly answers: readonly string[]
  /** The name that owns the answers: the last of the aliases, or what was asked for. */
  readonly owner: string
  /** Other names (CNAME records, with their final dot) that lead from what was asked for to the owner, in order. */
  readonly aliases: readonly string[]
}

interface PortOf {
  readonly name: string
  readonly protocol: string
  readonly port: number
}

interface Address {
  readonly ip: string
  /** The label under the Service: the endpoint's hostname or its dashed address. */
  readonly label: string
  readonly ports: readonly PortOf[]
}

const nothing: readonly string[] = []
const none = (rcode: DnsAnswer['rcode'], owner: string): DnsAnswer => ({ rcode, answers: nothing, owner, aliases: nothing })

const some = (answers: readonly string[], owner: string): DnsAnswer => ({ rcode: 'NOERROR', answers, owner, aliases: nothing })

/** An IPv4 address. Follows HostType in plugin/etcd/msg/type.go: such an external name is none. */
const isAddress = (text: string): boolean => /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)

const serviceNameLabel = 'kubernetes.io/service-name'

const isReady = (endpoint: Endpoint): boolean => endpoint.conditions?.ready !== false

const dashed = (ip: string): string => ip.replaceAll('.', '-').replaceAll(':', '-')

const portsOfSlice = (slice: EndpointSlice): readonly PortOf[] =>
  (slice.ports ?? []).flatMap((port) =>
    port.port === undefined ? [] : [{ name: port.name ?? '', protocol: port.protocol ?? 'TCP', port: port.port }],
  )

const byNumber = (ip: string): number => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

/** The ready addresses behind a Service, in the order of their numbers (a real CoreDNS rotates them; see docs/fidelity.md). */
// Differs from Kubernetes: answers come in a fixed order.
const addressesOf = (reader: Reader, service: Service): readonly Address[] =>
  reader
    .list('EndpointSlice', service.metadata.namespace ?? '')
    .filter((slice) => slice.metadata.labels?.[serviceNameLabel] === service.metadata.name)
    .flatMap((slice) =>
      (slice.endpoints ?? [])
        .filter(isReady)
        .flatMap((endpoint) =>
          endpoint.addresses.map((ip): Address => ({ ip, label: endpoint.hostname ?? dashed(ip), ports: portsOfSlice(slice) })),
        ),
    )
    .sort((a, b) => byNumber(a.ip) - byNumber(b.ip) || (a.label < b.label ? -1 : 1))

const servicePorts = (service: Service): readonly PortOf[] =>
  (service.spec.ports ?? []).map((port) => ({ name: port.name ?? '', protocol: port.protocol ?? 'TCP', port: port.port }))

const sameWord = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

interface Wanted {
  readonly port: string | undefined
  readonly protocol: string | undefined
  readonly endpoint: string | undefined
}

const matchesPort = (port: PortOf, { port: name, protocol }: Wanted): boolean =>
  (name === undefined || sameWord(port.name, name)) && (protocol === undefined || sameWord(port.protocol, protocol))

interface Found {
  readonly ip: string
  readonly target: string
  readonly port: number | undefined
}

const unique = (list: readonly string[]): readonly string[] => [...new Set(list)]

const answered = (found: readonly Found[], type: string, owner: string): DnsAnswer => {
  if (found.length === 0) return none('NXDOMAIN', owner)
  if (type === 'A') return some(unique(found.map(({ ip }) => ip)), owner)
  if (type === 'SRV') {
    const targets = found.filter(({ port }) => port !== undefined)
    const weight = Math.floor(100 / Math.max(1, targets.length))
    return targets.length === 0
      ? none('NODATA', owner)
      : some(
          targets.map(({ port, target }) => `0 ${weight} ${port ?? 0} ${target}.`),
          owner,
        )
  }
  return none('NODATA', owner)
}

const aliasesMax = 7

/**
 * A name inside the zone counts with what it leads to, and not at all when that is nothing; one outside is handed on as it is.
 * Follows A in coredns plugin/backend_lookup.go.
 */
const throughAlias = (reader: Reader, external: string, { type, owner, zone, aliases }: Asked): DnsAnswer => {
  const target = `${external.toLowerCase()}.`
  const isLoop = target === `${owner.toLowerCase()}.` || aliases.includes(target) || aliases.length > aliasesMax
  if (isLoop) return none('NODATA', owner)
  if (!target.endsWith(`.${zone}.`)) return { rcode: 'NOERROR', answers: nothing, owner: external, aliases: [`${external}.`] }
  const further = answerInZone(reader, { type, owner: external, zone, aliases: [...aliases, target] })
  return further.answers.length + further.aliases.length === 0
    ? none('NODATA', owner)
    : { ...further, aliases: [`${external}.`, ...further.aliases] }
}

interface Asked {
  readonly type: string
  /** The name as it was written, without a final dot. */
  readonly owner: string
  readonly zone: string
  /** The names that led here. */
  readonly aliases: readonly string[]
}

const serviceAnswer = (reader: Reader, service: Service, wanted: Wanted, { type, owner, zone, aliases }: Asked): DnsAnswer => {
  const base = `${service.metadata.name}.${service.metadata.namespace ?? ''}.svc.${zone}`
  if (service.spec.type === 'ExternalName') {
    const external = (service.spec.externalName ?? '').replace(/\.$/, '')
    if (wanted.endpoint !== undefined || isAddress(external)) return none('NXDOMAIN', owner)
    if (type === 'CNAME') return some([`${external}.`], owner)
    // Another name is no answer to a question about ports.
    if (type !== 'A' && type !== 'AAAA') return none('NODATA', owner)
    return throughAlias(reader, external, { type, owner, zone, aliases })
  }
  if (service.spec.clusterIP === 'None' || wanted.endpoint !== undefined) {
    const found = addressesOf(reader, service)
      .filter((address) => wanted.endpoint === undefined || sameWord(address.label, wanted.endpoint))
      .flatMap((address): readonly Found[] => {
        const target = `${address.label}.${base}`
        // Endpoints without ports still have addresses (a port of -1 stands for none).
        if (address.ports.length === 0) return wanted.port === undefined ? [{ ip: address.ip, target, port: undefined }] : []
        return address.ports.filter((port) => matchesPort(port, wanted)).map((port) => ({ ip: address.ip, target, port: port.port }))
      })
    return answered(found, type, owner)
  }
  const ports = servicePorts(service)
  const ip = service.spec.clusterIP ?? ''
  const found =
    ports.length === 0
      ? [{ ip, target: base, port: undefined }]
      : ports.filter((port) => matchesPort(port, wanted)).map((port): Found => ({ ip, target: base, port: port.port }))
  return answered(found, type, owner)
}

/** Follows parseRequest: one more label than the Service is an endpoint, two are `_port._protocol`. */
const wantedOf = (labels: readonly string[]): Wanted | undefined => {
  const [first, second, ...more] = labels
  if (more.length > 0) return undefined
  if (first === undefined) return { port: undefined, protocol: undefined, endpoint: undefined }
  if (second === undefined) return { port: undefined, protocol: undefined, endpoint: first }
  const stripped = (label: string): string => (label.startsWith('_') ? label.slice(1) : label)
  return { port: stripped(first), protocol: stripped(second), endpoint: undefined }
}

const reverseAnswer = (reader: Reader, name: string, owner: string, zone: string): DnsAnswer => {
  const ip = name.slice(0, -'.in-addr.arpa'.length).split('.').reverse().join('.')
  const service = reader.list('Service').find((candidate) => candidate.spec.clusterIPs?.includes(ip) === true)
  if (service !== undefined) return some([`${service.metadata.name}.${service.metadata.namespace ?? ''}.svc.${zone}.`], owner)
  const names = reader
    .list('Service')
    .filter((candidate) => candidate.spec.type !== 'ExternalName')
    .flatMap((candidate) =>
      addressesOf(reader, candidate)
        .filter((address) => address.ip === ip)
        .map((address) => `${address.label}.${candidate.metadata.name}.${candidate.metadata.namespace ?? ''}.svc.${zone}.`),
    )
  return names.length === 0 ? none('NXDOMAIN', owner) : some(unique(names), owner)
}

export const answerDns = (reader: Reader, question: DnsQuestion, zone = 'cluster.local'): DnsAnswer => {
  const owner = question.name.replace(/\.$/, '')
  const name = owner.toLowerCase()
  const type = question.type.toUpperCase()
  if (name.endsWith('.in-addr.arpa')) return type === 'PTR' ? reverseAnswer(reader, name, owner, zone) : none('NXDOMAIN', owner)
  // The recorded cluster forwards nowhere.
  if (name !== zone && !name.endsWith(`.${zone}`)) return none('SERVFAIL', owner)
  return answerInZone(reader, { type, owner, zone, aliases: nothing })
}

const answerInZone = (reader: Reader, asked: Asked): DnsAnswer => {
  const { type, owner, zone } = asked
  const name = owner.toLowerCase()
  const labels = name === zone ? [] : name.slice(0, -zone.length - 1).split('.')
  const sort = labels.at(-1)
  if (sort === 'dns-version' && labels.length === 1) return type === 'TXT' ? some(['1.1.0'], owner) : none('NXDOMAIN', owner)
  if (sort === undefined) return none('NODATA', owner)
  if (sort === 'pod') return podAnswer(reader, labels.slice(0, -1), type, owner)
  if (sort !== 'svc') return none('NXDOMAIN', owner)
  const namespace = labels.at(-2)
  if (namespace === undefined) return none('NODATA', owner)
  if (reader.get('Namespace', '', namespace) === undefined) return none('NXDOMAIN', owner)
  const serviceName = labels.at(-3)
  if (serviceName === undefined) return none('NODATA', owner)
  const wanted = wantedOf(labels.slice(0, -3))
  const service = wanted === undefined ? undefined : reader.get('Service', namespace, serviceName)
  if (wanted === undefined || service === undefined) return none('NXDOMAIN', owner)
  return serviceAnswer(reader, service, wanted, asked)
}

/** `pods insecure`: the address in the name is the answer, whether or not such a Pod exists. */
const podAnswer = (reader: Reader, labels: readonly string[], type: string, owner: string): DnsAnswer => {
  const [address, namespace] = [labels.at(-2), labels.at(-1)]
  if (namespace === undefined) return none('NODATA', owner)
  if (reader.get('Namespace', '', namespace) === undefined) return none('NXDOMAIN', owner)
  if (address === undefined) return none('NODATA', owner)
  const ip = address.replaceAll('-', '.')
  if (!isAddress(ip) || labels.length > 2) return none('NXDOMAIN', owner)
  return type === 'A' ? some([ip], owner) : none('NODATA', owner)
}
