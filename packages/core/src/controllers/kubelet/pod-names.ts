/** The names a Pod knows itself by: host name, /etc/hosts, /etc/resolv.conf. */
import type { Pod } from '../../api/generated/types.js'
import type { WorldSettings } from '../../cluster/world.js'

// Follows GeneratePodHostNameAndDomain in pkg/kubelet/kubelet_pods.go.
export const hostnameOf = (pod: Pod): string => {
  if (pod.spec.hostNetwork === true) return pod.spec.nodeName ?? pod.metadata.name
  const name =
    pod.spec.hostnameOverride ?? (pod.spec.hostname === undefined || pod.spec.hostname === '' ? pod.metadata.name : pod.spec.hostname)
  return name.slice(0, 63).replace(/[-.]+$/, '')
}

/** `web-0.nginx.default.svc.cluster.local`; undefined without a subdomain. */
export const fullNameOf = (pod: Pod, clusterDomain: string): string | undefined =>
  pod.spec.subdomain === undefined || pod.spec.subdomain === '' || pod.spec.hostNetwork === true
    ? undefined
    : `${hostnameOf(pod)}.${pod.spec.subdomain}.${pod.metadata.namespace ?? ''}.svc.${clusterDomain}`

// Follows managedHostsFileContent in pkg/kubelet/kubelet_pods.go.
export const etcHostsOf = (pod: Pod, address: string | undefined, clusterDomain: string): string => {
  const hostname = hostnameOf(pod)
  const fullName = fullNameOf(pod, clusterDomain)
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...(address === undefined ? [] : [fullName === undefined ? `${address}\t${hostname}` : `${address}\t${fullName}\t${hostname}`]),
  ]
  const aliases = (pod.spec.hostAliases ?? []).map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}`)
  const extra = aliases.length === 0 ? [] : ['', '# Entries added by HostAliases.', ...aliases]
  return `${[...lines, ...extra].join('\n')}\n`
}

// Follows GetPodDNS in pkg/kubelet/network/dns/dns.go.
export const resolvConfOf = (pod: Pod, { clusterDomain, dnsAddress }: Pick<WorldSettings, 'clusterDomain' | 'dnsAddress'>): string => {
  const { dnsConfig, hostNetwork } = pod.spec
  const policy = pod.spec.dnsPolicy ?? 'ClusterFirst'
  const usesCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && hostNetwork !== true)
  const namespace = pod.metadata.namespace ?? ''
  const searches = usesCluster ? [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain] : []
  const nameservers = usesCluster ? [dnsAddress] : policy === 'None' ? [] : ['192.0.2.254']
  const options = new Map<string, string | undefined>(usesCluster ? [['ndots', '5']] : [])
  for (const { name = '', value } of dnsConfig?.options ?? []) options.set(name, value)
  const allSearches = [...new Set([...searches, ...(dnsConfig?.searches ?? [])])]
  const allServers = [...new Set([...nameservers, ...(dnsConfig?.nameservers ?? [])])].slice(0, 3)
  const optionTexts = [...options].map(([name, value]) => (value === undefined ? name : `${name}:${value}`))
  return [
    ...(allSearches.length === 0 ? [] : [`search ${allSearches.join(' ')}\n`]),
    ...allServers.map((server) => `nameserver ${server}\n`),
    ...(optionTexts.length === 0 ? [] : [`options ${optionTexts.join(' ')}\n`]),
  ].join('')
}
