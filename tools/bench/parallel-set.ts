/** A cluster with one Parallel set and nothing else: what the speed of the engine is measured with. */
import {
  allInvariants,
  bootstrap,
  createSimulation,
  makeControllers,
  recordedClusterSettings,
  type ClusterSettings,
  type Simulation,
  type UnstoredObject,
} from '../../packages/core/src/index.js'

export const setOf = (replicas: number, podManagementPolicy: 'Parallel' | 'OrderedReady' = 'Parallel'): UnstoredObject => {
  const set = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      serviceName: 'nginx',
      replicas,
      podManagementPolicy,
      selector: { matchLabels: { app: 'nginx' } },
      template: { metadata: { labels: { app: 'nginx' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.27' }] } },
    },
  }
  return set
}

export interface ClusterOptions {
  readonly settings?: ClusterSettings
  readonly keepLog?: boolean
  /** Called before anything has happened. */
  readonly observe?: (simulation: Simulation) => void
}

export const clusterOf = (
  nodes: number,
  { settings = recordedClusterSettings, keepLog = true, observe }: ClusterOptions = {},
): Simulation => {
  const simulation = createSimulation({ seed: 1, settings, controllers: makeControllers(settings), invariants: allInvariants, keepLog })
  observe?.(simulation)
  bootstrap(simulation, {
    nodes: Array.from({ length: nodes }, (_, index) => ({ name: `node-${index + 1}` })),
    storageClasses: [],
    dns: false,
  })
  simulation.runUntil(1_000)
  return simulation
}

const readyIn = (simulation: Simulation): number => simulation.reader().get('StatefulSet', 'default', 'web')?.status.readyReplicas ?? 0

/** Turns until so many Pods are Ready. */
export const runUntilReady = (simulation: Simulation, replicas: number): void => {
  while (readyIn(simulation) !== replicas)
    if (!simulation.step()) throw new Error(`nothing is due and ${readyIn(simulation)} of ${replicas} Pods are Ready`)
}

export interface SetRun {
  readonly milliseconds: number
  readonly simulation: Simulation
}

/** Applied → all Ready. The cluster is there before the clock starts. */
export const timeSet = (replicas: number): SetRun => {
  const simulation = clusterOf(Math.max(3, Math.ceil(replicas / 50)))
  const start = performance.now()
  simulation.submit({ kind: 'CreateObject', object: setOf(replicas) })
  runUntilReady(simulation, replicas)
  const milliseconds = performance.now() - start
  if (simulation.violations().length > 0) throw new Error(`an invariant is violated: ${simulation.violations()[0]?.message ?? ''}`)
  return { milliseconds, simulation }
}

export const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0
export const least = (values: readonly number[]): number => values.reduce((a, b) => (b < a ? b : a), Number.POSITIVE_INFINITY)
