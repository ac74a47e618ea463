/** What `kubectl logs` can get of a container: what its process has said, or the kubelet's reason why there is nothing to read. */
import { getAt, machineOf, type Pod, type Simulation } from '@statefold/core'
import type { KubectlCluster } from '../kubectl/kubectl-cluster.js'

/** Where the kubelet keeps what a process says; it stays until the Pod's object goes, and one process longer than the container's own. */
export const logOf = (podUid: string, container: string, attempt: number): string => `log:${podUid}/${container}/${attempt}`
export const outputPath = '/output'

const statusesOf = ({ status }: Pod) => [
  ...(status.initContainerStatuses ?? []),
  ...(status.containerStatuses ?? []),
  ...(status.ephemeralContainerStatuses ?? []),
]

// Follows validateContainerLogStatus in pkg/kubelet/kubelet_pods.go.
const problemOf = (pod: Pod, container: string, previous: boolean): string | undefined => {
  const named = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)}`
  const status = statusesOf(pod).find(({ name }) => name === container)
  if ((pod.spec.nodeName ?? '') === '') return `pod ${pod.metadata.name} does not have a host assigned`
  if (status === undefined) return `${named} is not available`
  const { waiting } = status.state ?? {}
  const last = status.lastState?.terminated
  if (previous) return last === undefined ? `previous terminated ${named} not found` : undefined
  if (waiting === undefined || last !== undefined) return undefined
  switch (waiting.reason) {
    case 'ErrImagePull':
      return `${named} is waiting to start: image can't be pulled`
    case 'ImagePullBackOff':
      return `${named} is waiting to start: trying and failing to pull image`
    default:
      return `${named} is waiting to start: ${waiting.reason ?? ''}`
  }
}

export const containerLogs =
  (simulation: Simulation): KubectlCluster['logsOf'] =>
  (namespace, name, container, previous) => {
    const pod = simulation.reader().get('Pod', namespace, name)
    if (pod === undefined) return `pods "${name}" not found`
    const problem = problemOf(pod, container, previous)
    if (problem !== undefined) return problem
    const { world } = simulation.state().cluster
    const machine = machineOf(world, pod.spec.nodeName ?? '')
    if (machine?.power === 'off')
      return `Get "https://${machine.address}:10250/containerLogs/${namespace}/${name}/${container}": dial tcp ${machine.address}:10250: connect: no route to host`
    const attempt = (statusesOf(pod).find((status) => status.name === container)?.restartCount ?? 0) - (previous ? 1 : 0)
    const asset = getAt(world.assets, logOf(pod.metadata.uid, container, attempt))
    const output = asset === undefined ? undefined : getAt(asset.files, outputPath)
    if (output?.kind !== 'file' || output.content === '') return []
    return output.content
      .replace(/\n$/, '')
      .split('\n')
      .map((text) => ({ at: output.at, text }))
  }
