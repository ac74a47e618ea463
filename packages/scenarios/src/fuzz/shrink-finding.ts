/** The same violation with less: fewer steps first, then a smaller cluster, fewer replicas, less waiting. */
import type { JsonObject } from '@statefold/core'
import { isJsonObject } from '@statefold/core'
import type { ScenarioStep } from '../format/scenario-codec.js'
import type { ClusterShape } from '../format/history-codec.js'
import { shrinkHistory } from './shrink-history.js'

export interface Case {
  readonly cluster: ClusterShape | undefined
  readonly steps: readonly ScenarioStep[]
}

export interface ShrunkCase extends Case {
  readonly attempts: number
}

/** Waits are kept when a step goes: what comes later comes at the same time. Then shorter waits are tried. */
const timed = (steps: readonly ScenarioStep[]): readonly { readonly at: number; readonly step: ScenarioStep }[] => {
  let at = 0
  return steps.map((step) => {
    at += step.after ?? 0
    return { at, step }
  })
}

const untimed = (steps: readonly { readonly at: number; readonly step: ScenarioStep }[]): readonly ScenarioStep[] => {
  let now = 0
  return steps.map(({ at, step }) => {
    const after = at - now
    now = at
    const { after: _after, ...rest } = step
    return after > 0 ? { ...rest, after } : rest
  })
}

const withReplicas = (object: JsonObject, replicas: number): JsonObject => ({
  ...object,
  spec: { ...(isJsonObject(object['spec']) ? object['spec'] : {}), replicas },
})

const replicasIn = (object: JsonObject): number | undefined => {
  const { spec } = object
  return isJsonObject(spec) && typeof spec['replicas'] === 'number' ? spec['replicas'] : undefined
}

/** Fields of a set that can go without it being another kind of set. */
const plainer = (object: JsonObject): readonly JsonObject[] => {
  const { spec } = object
  if (object['kind'] !== 'StatefulSet' || !isJsonObject(spec)) return []
  const optional = [
    'volumeClaimTemplates',
    'persistentVolumeClaimRetentionPolicy',
    'ordinals',
    'revisionHistoryLimit',
    'minReadySeconds',
    'updateStrategy',
  ]
  return optional.flatMap((field) => {
    if (!(field in spec)) return []
    const { [field]: _gone, ...rest } = spec
    if (field !== 'volumeClaimTemplates') return [{ ...object, spec: rest }]
    const { template } = spec
    const podSpec = isJsonObject(template) && isJsonObject(template['spec']) ? template['spec'] : {}
    const containers = (Array.isArray(podSpec['containers']) ? podSpec['containers'] : []).filter(isJsonObject)
    const bare = containers.map(({ volumeMounts: _mounts, ...container }) => container)
    return [
      { ...object, spec: { ...rest, template: { ...(isJsonObject(template) ? template : {}), spec: { ...podSpec, containers: bare } } } },
    ]
  })
}

const applied = (step: ScenarioStep): JsonObject | undefined => {
  const [object] = Array.isArray(step.apply) ? step.apply : []
  return isJsonObject(object) ? object : undefined
}

/** Simpler forms of one step, the simplest first. */
const simplerSteps = (step: ScenarioStep): readonly ScenarioStep[] => {
  const found: ScenarioStep[] = []
  const object = applied(step)
  if (object !== undefined) {
    const again = (simpler: JsonObject): ScenarioStep => ({ ...step, apply: [simpler as never] })
    for (const simpler of plainer(object)) found.push(again(simpler))
    const replicas = replicasIn(object) ?? 0
    for (let fewer = 0; fewer < replicas; fewer += 1) found.push(again(withReplicas(object, fewer)))
  }
  if (step.scale !== undefined)
    for (const [workload, replicas] of Object.entries(step.scale))
      for (let fewer = 0; fewer < replicas; fewer += 1) found.push({ ...step, scale: { ...step.scale, [workload]: fewer } })
  return found
}

const simplerClusters = (cluster: ClusterShape): readonly ClusterShape[] => [
  ...Array.from({ length: cluster.nodes - 1 }, (_, index) => ({ ...cluster, nodes: index + 1 })),
  ...(cluster.pace === 'quick' ? [] : [{ ...cluster, pace: 'quick' as const }]),
  ...(cluster.room === 'ample' ? [] : [{ ...cluster, room: 'ample' as const }]),
  ...(cluster.maxUnavailable ? [{ ...cluster, maxUnavailable: false }] : []),
]

const shorterWaits = [0, 100, 1_000, 5_000, 10_000, 30_000]

export const shrinkCase = (found: Case, stillBreaks: (one: Case) => boolean, attemptsMax = 1_500): ShrunkCase => {
  let { cluster, steps } = found
  let attempts = 0
  const tries = (one: Case): boolean => {
    if (attempts >= attemptsMax) return false
    attempts += 1
    if (!stillBreaks(one)) return false
    ;({ cluster, steps } = one)
    return true
  }
  const leaveOut = (): void => {
    // With the time that the others keep, and then with the time that is left when a step goes.
    const kept = shrinkHistory(timed(steps), (fewer) => tries({ cluster, steps: untimed(fewer) }), attemptsMax)
    steps = untimed(kept.steps)
    steps = shrinkHistory(steps, (fewer) => tries({ cluster, steps: fewer }), attemptsMax).steps
  }
  leaveOut()
  if (cluster !== undefined)
    for (let again = true; again;)
      again = cluster !== undefined && simplerClusters(cluster).some((simpler) => tries({ cluster: simpler, steps }))
  for (let at = 0; at < steps.length; at += 1) {
    for (let again = true; again;) {
      const step = steps[at]
      again = step !== undefined && simplerSteps(step).some((simpler) => tries({ cluster, steps: steps.with(at, simpler) }))
    }
    const step = steps[at]
    const wait = step?.after ?? 0
    if (step === undefined || wait === 0) continue
    const { after: _after, ...rest } = step
    shorterWaits.some(
      (shorter) => shorter < wait && tries({ cluster, steps: steps.with(at, shorter === 0 ? rest : { ...rest, after: shorter }) }),
    )
  }
  leaveOut()
  return { cluster, steps, attempts }
}
