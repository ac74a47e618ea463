/** Which containers are started again, and when. */
import type { Container, Pod } from '../../api/generated/types.js'
import type { ContainerProcess, FinishedProcess } from '../../cluster/world.js'
import { backOffMaxMs } from '../../cluster/reduce-world.js'
import type { SimTime } from '../../kernel/sim-time.js'

/** An init container that goes on beside the main ones. */
export const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always'

// Follows ShouldContainerBeRestarted in pkg/kubelet/container/helpers.go.
export const mustRestart = (pod: Pod, container: Container, isInit: boolean, finished: FinishedProcess): boolean => {
  if (isSidecar(container)) return true
  if (isInit) return finished.exitCode !== 0 && pod.spec.restartPolicy !== 'Never'
  const policy = container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always'
  return policy === 'Always' || (policy === 'OnFailure' && finished.exitCode !== 0)
}

/** When a process that ended may be followed by the next. */
// Follows doBackOff in pkg/kubelet/kuberuntime/kuberuntime_manager.go with client-go/util/flowcontrol/backoff.go.
export const restartAt = ({ finished, backOff }: ContainerProcess): SimTime => {
  if (finished === undefined) return 0
  const expired = backOff === undefined || finished.finishedAt - backOff.at > 2 * backOffMaxMs
  return finished.finishedAt + (expired ? 0 : backOff.delayMs)
}
