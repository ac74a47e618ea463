/** A random history as a scenario file would say it: the cluster, the sets, the steps. */
import type { ScenarioFile, ScenarioStep, WrittenScenario } from '../format/scenario-codec.js'
import { scenario, writeScenario, type Scenario } from '../scenario.js'
import { searchStart } from '../explore/search-space.js'
import type { ClusterShape } from '../format/history-codec.js'

type WrittenCluster = NonNullable<WrittenScenario['cluster']>

const paces: Readonly<Record<ClusterShape['pace'], Partial<WrittenCluster>>> = {
  quick: {
    imagesArePresent: true,
    tolerationSeconds: 20,
    latencies: {
      sandbox: '0s',
      containerStart: '200ms',
      containerStop: '200ms',
      podCleanUp: '0s',
      provision: '50ms',
      attach: '0s',
      detach: '0s',
    },
  },
  usual: { imagesArePresent: true, tolerationSeconds: 60 },
  pulls: { tolerationSeconds: 60, latencies: { imagePull: '4s' } },
}

const clusterOf = ({ nodes, pace, room, maxUnavailable }: ClusterShape): WrittenCluster => ({
  nodes: room === 'ample' ? nodes : Array.from({ length: nodes }, (_, index) => ({ name: `node-${index + 1}`, capacity: { cpu: '250m' } })),
  storageClasses: [
    { name: 'immediate', provisioner: 'disk.example.com', volumeBindingMode: 'Immediate' },
    { name: 'waiting', provisioner: 'disk.example.com', volumeBindingMode: 'WaitForFirstConsumer' },
  ],
  ...(maxUnavailable ? { featureGates: { MaxUnavailableStatefulSet: true } } : {}),
  ...paces[pace],
})

/** The cluster alone, at rest. */
export const scenarioOfCluster = (shape: ClusterShape): Scenario =>
  scenario({ title: 'a random history', seed: shape.chance, cluster: clusterOf(shape), steps: [{ settle: true }] }, { name: 'random.yaml' })

/** The scenario up to where its own set-up ends: its first settle step, or the manifests at rest. */
export const setUpOf = (whole: Scenario): Scenario => {
  const { search: _search, choices: _choices, expect: _expect, until: _until, ...written } = whole.written
  const start = searchStart(written.steps ?? [])
  const own = (written.steps ?? []).slice(0, start)
  return {
    ...whole,
    isPlain: false,
    written: { ...written, steps: own.length === 0 ? [{ settle: true }] : own },
    applied: new Map([...whole.applied].filter(([index]) => index < start)),
  }
}

/** Where a kubectl line of the file asks the API server, counted from its beginning, and how long it lasts. */
const [asksAfterMs, lastsMs] = [40, 46] as const

const isLine = ({ fault, heal, sleep }: ScenarioStep): boolean => fault === undefined && heal === undefined && sleep === undefined

/** The same moments in a file, where a command takes the time that kubectl takes. */
const asLines = (steps: readonly ScenarioStep[]): readonly ScenarioStep[] => {
  let wanted = 0
  let now = 0
  return steps.map((step) => {
    wanted += step.after ?? 0
    const begins = wanted - (isLine(step) ? asksAfterMs : 0)
    const after = Math.max(0, begins - now)
    now += after + (isLine(step) ? lastsMs : 0)
    const { after: _after, ...rest } = step
    return after > 0 ? { ...rest, after } : rest
  })
}

/** The steps after the set-up, then time for what follows from them. */
export const scenarioOfSteps = (
  base: Scenario,
  steps: readonly ScenarioStep[],
  seed: number,
  property: string,
  afterwardsMs: number,
  withLines = true,
): Scenario => {
  const written: ScenarioFile = {
    ...base.written,
    title: `${base.written.title ?? base.file}: ${property}`,
    seed,
    steps: [...(base.written.steps ?? []), ...(withLines ? asLines(steps) : steps), { sleep: afterwardsMs }],
  }
  if (base.manifests.length > 0 || base.applied.size > 0 || base.imported.length > 0) {
    const own = base.written.steps?.length ?? 0
    const applied = new Map(base.applied)
    for (const [index, { apply }] of steps.entries())
      if (Array.isArray(apply))
        applied.set(
          own + index,
          base.manifests.filter(({ object }) => apply.some((one) => sameName(one, object))),
        )
    return { ...base, written, applied }
  }
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = writeScenario(written)
  return scenario(rest, { name: base.file })
}

const nameIn = (object: unknown): string => {
  const { kind, metadata } = (object ?? {}) as { readonly kind?: string; readonly metadata?: { readonly name?: string } }
  return `${kind ?? ''}/${metadata?.name ?? ''}`
}

const sameName = (left: unknown, right: unknown): boolean => nameIn(left) === nameIn(right)
