/**
 * kubectl without a network: one line of words in, the texts and the exit code of the real client out. It reads and writes the cluster only
 * through `KubectlCluster`, has no clock of its own, and yields whenever simulated time must pass.
 */
import type { ConsoleOutput, ConsoleWait, KubectlCluster } from './kubectl-cluster.js'

/** One kubectl line (without the word `kubectl`); the answer is the exit code. */
export function* kubectl(
  args: readonly string[],
  stdin: string,
  cluster: KubectlCluster,
  output: ConsoleOutput,
): Generator<ConsoleWait, number, void> {
  void stdin
  void cluster
  output.stderr(`error: unknown command "${args[0] ?? ''}" for "kubectl"\n`)
  return yield* (function* (): Generator<ConsoleWait, number, void> {
    return 1
  })()
}
