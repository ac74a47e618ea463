/** The environment of a container's process. Follows makeEnvironmentVariables in pkg/kubelet/kubelet_pods.go. */
import type { Container, EnvVarSource, Pod } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { fieldOfPod, resourceOfContainer } from './pod-fields.js'
import { hostnameOf } from './pod-names.js'
import { configMapFiles, secretFiles } from './projected-files.js'

export type Environment = { readonly [name: string]: string }

/** Service variables first, then envFrom, then env; a later one replaces an earlier. `image` are the image's own. */
export const environmentOf = (pod: Pod, container: Container, reader: Reader, image: Environment = {}): Environment => {
  const { namespace = '' } = pod.metadata
  const result: { [name: string]: string } = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ...image,
    HOSTNAME: hostnameOf(pod),
    HOME: '/root',
    ...serviceVariables(pod, reader),
  }
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const entries =
      configMapRef !== undefined
        ? configMapFiles(reader, namespace, configMapRef.name ?? '')
        : secretRef === undefined
          ? undefined
          : secretFiles(reader, namespace, secretRef.name ?? '')
    for (const [key, value] of entries ?? []) result[`${prefix}${key}`] = value
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const resolved = valueFrom === undefined ? expand(value ?? '', result) : sourceValue(pod, container, reader, valueFrom)
    if (resolved !== undefined) result[name] = resolved
  }
  return result
}

/** Why the container cannot be configured, in the kubelet's words; undefined when all that it refers to is there. */
export const configurationErrorOf = (pod: Pod, container: Container, reader: Reader): string | undefined => {
  const { namespace = '' } = pod.metadata
  const missingKey = (kind: string, name: string, key: string): string => `couldn't find key ${key} in ${kind} ${namespace}/${name}`
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    if (
      configMapRef !== undefined &&
      configMapRef.optional !== true &&
      reader.get('ConfigMap', namespace, configMapRef.name ?? '') === undefined
    )
      return `configmap "${configMapRef.name ?? ''}" not found`
    if (secretRef !== undefined && secretRef.optional !== true && reader.get('Secret', namespace, secretRef.name ?? '') === undefined)
      return `secret "${secretRef.name ?? ''}" not found`
  }
  for (const { valueFrom } of container.env ?? []) {
    const configMapKey = valueFrom?.configMapKeyRef
    if (configMapKey !== undefined && configMapKey.optional !== true) {
      const { name = '', key } = configMapKey
      const files = configMapFiles(reader, namespace, name)
      if (files === undefined) return `configmap "${name}" not found`
      if (!files.has(key)) return missingKey('ConfigMap', name, key)
    }
    const secretKey = valueFrom?.secretKeyRef
    if (secretKey !== undefined && secretKey.optional !== true) {
      const { name = '', key } = secretKey
      const files = secretFiles(reader, namespace, name)
      if (files === undefined) return `secret "${name}" not found`
      if (!files.has(key)) return missingKey('Secret', name, key)
    }
  }
  return undefined
}

const sourceValue = (pod: Pod, container: Container, reader: Reader, source: EnvVarSource): string | undefined => {
  const { namespace = '' } = pod.metadata
  if (source.fieldRef !== undefined) return fieldOfPod(pod, source.fieldRef.fieldPath)
  if (source.resourceFieldRef !== undefined)
    return resourceOfContainer(pod, source.resourceFieldRef.containerName ?? container.name, source.resourceFieldRef)
  if (source.configMapKeyRef !== undefined)
    return configMapFiles(reader, namespace, source.configMapKeyRef.name ?? '')?.get(source.configMapKeyRef.key)
  if (source.secretKeyRef !== undefined) return secretFiles(reader, namespace, source.secretKeyRef.name ?? '')?.get(source.secretKeyRef.key)
  return undefined
}

// Follows Expand in third_party/forked/golang/expansion: $(NAME) is replaced if known, $$ escapes.
const expand = (text: string, known: Environment): string =>
  text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) =>
    whole === '$$' ? '$' : name === undefined ? whole : (known[name] ?? whole),
  )

const variableName = (name: string): string => name.toUpperCase().replaceAll('-', '_')

// Follows FromServices in pkg/kubelet/envvars/envvars.go: Services with a cluster IP, of the own namespace, and always `kubernetes`.
const serviceVariables = (pod: Pod, reader: Reader): Environment => {
  const { namespace = '' } = pod.metadata
  const variables: { [name: string]: string } = {}
  const own = pod.spec.enableServiceLinks === false ? [] : reader.list('Service', namespace)
  const master = reader.get('Service', 'default', 'kubernetes')
  const services = [...(master === undefined || (namespace === 'default' && own.length > 0) ? [] : [master]), ...own]
  for (const service of services) {
    const { clusterIP, ports = [] } = service.spec
    const [first] = ports
    if (clusterIP === undefined || clusterIP === '' || clusterIP === 'None' || first === undefined) continue
    const prefix = variableName(service.metadata.name)
    variables[`${prefix}_SERVICE_HOST`] = clusterIP
    variables[`${prefix}_SERVICE_PORT`] = String(first.port)
    for (const { name, port } of ports)
      if (name !== undefined && name !== '') variables[`${prefix}_SERVICE_PORT_${variableName(name)}`] = String(port)
    variables[`${prefix}_PORT`] = `${(first.protocol ?? 'TCP').toLowerCase()}://${clusterIP}:${first.port}`
    for (const { port, protocol = 'TCP' } of ports) {
      const portPrefix = `${prefix}_PORT_${port}_${protocol}`
      variables[portPrefix] = `${protocol.toLowerCase()}://${clusterIP}:${port}`
      variables[`${portPrefix}_PROTO`] = protocol.toLowerCase()
      variables[`${portPrefix}_PORT`] = String(port)
      variables[`${portPrefix}_ADDR`] = clusterIP
    }
  }
  return variables
}
