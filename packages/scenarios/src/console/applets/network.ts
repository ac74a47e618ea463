/**
 * What a program sees of the network: names, addresses, connections. All of it is read from the cluster at the moment of asking:
 * Services and EndpointSlices, Pod addresses, machines that are cut off.
 */
import {
  answerDns,
  imageBehaviourOf,
  machineOf,
  podAtAddress,
  processesOf,
  programOf,
  valuesOf,
  type Choose,
  type ContainerProcess,
  type DnsAnswer,
  type Pod,
  type PodProcesses,
  type Reader,
  type Service,
  type SimTime,
  type World,
} from '@statefold/core'

export interface ClusterView {
  readonly now: () => SimTime
  readonly reader: () => Reader
  readonly world: () => World
  readonly choose: Choose
}

/** Where packets come from: a Pod, a node, or the user's own machine, which stands beside the nodes. */
export interface NetworkPlace {
  readonly view: ClusterView
  /** Undefined: the user's machine. */
  readonly node: string | undefined
  /** The Pod whose loopback this is. */
  readonly podUid: string | undefined
}

export type Connection =
  | { readonly kind: 'connected'; readonly server: PodProcesses; readonly container: ContainerProcess; readonly port: number }
  | { readonly kind: 'refused' }
  /** Packets go nowhere: the caller's patience decides. */
  | { readonly kind: 'timeout' }
  /** Nobody has the address. */
  | { readonly kind: 'unreachable' }

export const isAddress = (text: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(text)

const addressOfPlace = ({ view, podUid, node }: NetworkPlace): string | undefined => {
  const processes = podUid === undefined ? undefined : processesOf(view.world(), podUid)
  if (processes?.sandbox !== undefined) return processes.sandbox.address
  return node === undefined ? undefined : machineOf(view.world(), node)?.address
}

/** Packets leave the place at all. */
const isCutOff = ({ view, node }: NetworkPlace): boolean => {
  const machine = node === undefined ? undefined : machineOf(view.world(), node)
  return machine !== undefined && (machine.network === 'partitioned' || machine.power === 'off')
}

/** From the place to a machine. */
const reaches = (place: NetworkPlace, node: string): boolean => {
  if (place.node === node) return true
  const machine = machineOf(place.view.world(), node)
  return !isCutOff(place) && machine !== undefined && machine.power === 'on' && machine.network === 'connected'
}

const clusterIpsOf = ({ spec }: Service): readonly string[] => spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP])

interface Backend {
  readonly address: string
  readonly port: number
}

const serviceNameLabel = 'kubernetes.io/service-name'

/** Ready endpoints; without any, those that still serve while they end. Follows getReadyEndpoints and its like in pkg/proxy/topology.go. */
const backendsOf = (reader: Reader, service: Service, portName: string): readonly Backend[] => {
  const slices = reader
    .list('EndpointSlice', service.metadata.namespace ?? '')
    .filter((slice) => slice.metadata.labels?.[serviceNameLabel] === service.metadata.name)
  const chosen = (
    isChosen: (conditions: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean }) => boolean,
  ): readonly Backend[] =>
    slices.flatMap((slice) => {
      const port = slice.ports?.find(({ name }) => (name ?? '') === portName)?.port
      if (port === undefined) return []
      return (slice.endpoints ?? [])
        .filter((endpoint) => isChosen(endpoint.conditions ?? {}))
        .flatMap(({ addresses }) => addresses.map((address) => ({ address, port })))
    })
  const ready = chosen((conditions) => conditions.ready !== false)
  const backends = ready.length > 0 ? ready : chosen((conditions) => conditions.serving === true && conditions.terminating === true)
  return [...backends].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port))
}

const throughService = (place: NetworkPlace, service: Service, portName: string): Connection => {
  const { view } = place
  const backends = backendsOf(view.reader(), service, portName)
  const source = addressOfPlace(place) ?? 'outside'
  const name = `${service.metadata.namespace ?? ''}/${service.metadata.name}:${portName}`
  const sticks = service.spec.sessionAffinity === 'ClientIP'
  const chosen =
    backends[
      view.choose(
        { stream: 'kube-proxy/endpoint', key: `${source} ${name}${sticks ? '' : ` ${view.now()}`}` },
        Math.max(1, backends.length),
      )
    ]
  // No endpoint at all: the packet is rejected at once.
  return chosen === undefined ? { kind: 'refused' } : connectToPod(place, chosen)
}

const connectToPod = (place: NetworkPlace, { address, port }: Backend): Connection => {
  const { view } = place
  const processes = podAtAddress(view.world(), address)
  if (processes === undefined) return isCutOff(place) ? { kind: 'timeout' } : { kind: 'unreachable' }
  if (processes.uid !== place.podUid && !reaches(place, processes.node)) return { kind: 'timeout' }
  return listening(view, processes, port)
}

const listening = (view: ClusterView, processes: PodProcesses, port: number): Connection => {
  const pod = podOf(view, processes)
  for (const container of processes.containers)
    if (container.state === 'running' && listensOn(view, processes, pod, container, port))
      return { kind: 'connected', server: processes, container, port }
  return { kind: 'refused' }
}

export const podOf = (view: ClusterView, { namespace, name, uid }: PodProcesses): Pod | undefined => {
  const pod = view.reader().get('Pod', namespace, name)
  return pod?.metadata.uid === uid ? pod : undefined
}

/** A program that only waits: what it was to serve is not there, whatever ports were declared. */
const waitsOnly = (words: readonly string[]): boolean => {
  const text = words.join(' ')
  return (
    /^(?:\S*\/)?(?:sleep|tail|cat|true|pause)\b/.test(text) ||
    (/^(?:\S*\/)?(?:ba|a|da)?sh\b/.test(text) &&
      /\b(?:sleep|tail -f|read)\b/.test(text) &&
      !/\b(?:nginx|httpd|nc|python\S*|node|java|serve\w*|busybox)\b/.test(text))
  )
}

/** The ports a container declares and those its image is known for, once its program answers. */
const listensOn = (
  view: ClusterView,
  processes: PodProcesses,
  pod: Pod | undefined,
  container: ContainerProcess,
  port: number,
): boolean => {
  const world = view.world()
  const written = pod?.spec.containers.find(({ name }) => name === container.name)
  const image = imageBehaviourOf(world, container.image)
  const runsImage = written?.command === undefined
  const declared = waitsOnly([...(written?.command ?? []), ...(written?.args ?? [])])
    ? []
    : (written?.ports ?? []).map(({ containerPort }) => containerPort)
  // A known server listens where it listens; declaring another port does not move it.
  const ports = runsImage && image?.listens !== undefined && image.listens.length > 0 ? image.listens : declared
  if (!ports.includes(port)) return false
  const answersAfterMs = pod === undefined || written === undefined ? 0 : programOf(world, pod, written, false).answersAfterMs
  return view.now() - (container.startedAt ?? 0) >= answersAfterMs && processes.sandbox?.alive !== false
}

/** Opens a connection from the place. */
export const connect = (place: NetworkPlace, address: string, port: number): Connection => {
  const { view } = place
  const reader = view.reader()
  const own = addressOfPlace(place)
  const ownProcesses = place.podUid === undefined ? undefined : processesOf(view.world(), place.podUid)
  if (address.startsWith('127.') || address === '0.0.0.0' || (address === own && ownProcesses !== undefined))
    return ownProcesses === undefined ? { kind: 'refused' } : listening(view, ownProcesses, port)
  const service = reader
    .list('Service')
    .find((candidate) => clusterIpsOf(candidate).includes(address) || (candidate.spec.externalIPs ?? []).includes(address))
  if (service !== undefined) {
    const found = service.spec.ports?.find((candidate) => candidate.port === port && (candidate.protocol ?? 'TCP') === 'TCP')
    // The address itself is nowhere: only its ports are forwarded.
    return found === undefined ? { kind: 'timeout' } : throughService(place, service, found.name ?? '')
  }
  const machine = valuesOf(view.world().machines).find((candidate) => candidate.address === address)
  if (machine !== undefined) {
    if (!reaches(place, machine.node)) return { kind: 'timeout' }
    for (const candidate of reader.list('Service')) {
      const found = candidate.spec.ports?.find(({ nodePort }) => nodePort === port)
      if (found !== undefined) return throughService({ ...place, node: machine.node, podUid: undefined }, candidate, found.name ?? '')
    }
    const onHost = podAtAddress(view.world(), address)
    return onHost === undefined ? { kind: 'refused' } : listening(view, onHost, port)
  }
  return connectToPod(place, { address, port })
}

/** An echo comes back. */
export const answersPing = (place: NetworkPlace, address: string): 'yes' | 'no' | 'unreachable' => {
  const { view } = place
  if (address.startsWith('127.') || address === addressOfPlace(place)) return 'yes'
  const machine = valuesOf(view.world().machines).find((candidate) => candidate.address === address)
  if (machine !== undefined) return reaches(place, machine.node) ? 'yes' : 'no'
  const processes = podAtAddress(view.world(), address)
  if (processes !== undefined) return reaches(place, processes.node) ? 'yes' : 'no'
  // A cluster IP forwards connections, not echoes.
  if (
    isCutOff(place) ||
    view
      .reader()
      .list('Service')
      .some((service) => clusterIpsOf(service).includes(address))
  )
    return 'no'
  return 'unreachable'
}

/** One question to a server; undefined: no answer came. */
// Differs from Kubernetes: names outside the cluster's zone do not exist (there is no resolver behind CoreDNS).
export const askDns = (place: NetworkPlace, server: string, name: string, type: string): DnsAnswer | undefined => {
  const { view } = place
  const { dnsAddress, clusterDomain } = view.world().settings
  if (server !== dnsAddress || isCutOff(place)) return undefined
  const answer = answerDns(view.reader(), { name, type }, clusterDomain)
  return answer.rcode === 'SERVFAIL' ? { ...answer, rcode: 'NXDOMAIN' } : answer
}

export interface ResolverSettings {
  readonly servers: readonly string[]
  readonly search: readonly string[]
  readonly ndots: number
  readonly hosts: ReadonlyMap<string, readonly string[]>
}

/** From /etc/resolv.conf and /etc/hosts. */
export const resolverSettingsOf = (resolvConf: string, etcHosts: string): ResolverSettings => {
  const lines = resolvConf.split('\n').map((line) => line.trim().split(/\s+/))
  const hosts = new Map<string, readonly string[]>()
  for (const line of etcHosts.split('\n')) {
    const [address, ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/)
    if (address === undefined || address === '' || address.includes(':')) continue
    for (const name of names) hosts.set(name.toLowerCase(), [...(hosts.get(name.toLowerCase()) ?? []), address])
  }
  const options = lines.filter(([word]) => word === 'options').flat()
  return {
    servers: lines.flatMap(([word, value]) => (word === 'nameserver' && value !== undefined ? [value] : [])),
    search:
      lines
        .filter(([word]) => word === 'search')
        .at(-1)
        ?.slice(1) ?? [],
    ndots: Number(options.find((option) => option.startsWith('ndots:'))?.slice('ndots:'.length) ?? '1'),
    hosts,
  }
}

/** The full names to try, in order. */
export const candidatesOf = ({ search, ndots }: ResolverSettings, name: string): readonly string[] => {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const longer = search.map((suffix) => `${name}.${suffix}`)
  return name.split('.').length - 1 >= ndots ? [name, ...longer] : [...longer, name]
}

export type Lookup =
  | { readonly kind: 'found'; readonly name: string; readonly addresses: readonly string[] }
  | { readonly kind: 'unknown' }
  /** No server answered. */
  | { readonly kind: 'silence' }

/** As getaddrinfo does for IPv4: hosts first, then DNS with the search list; an answer ends where its aliases end. */
export const lookUp = (place: NetworkPlace, settings: ResolverSettings, name: string): Lookup => {
  if (isAddress(name)) return { kind: 'found', name, addresses: [name] }
  const known = settings.hosts.get(name.toLowerCase())
  if (known !== undefined) return { kind: 'found', name, addresses: [...new Set(known)] }
  if (name === 'localhost') return { kind: 'found', name, addresses: ['127.0.0.1'] }
  const [server] = settings.servers
  if (server === undefined) return { kind: 'unknown' }
  for (const candidate of candidatesOf(settings, name)) {
    const found = askDns(place, server, candidate, 'A')
    if (found === undefined) return { kind: 'silence' }
    if (found.answers.length > 0) return { kind: 'found', name: candidate, addresses: found.answers }
  }
  return { kind: 'unknown' }
}
