/**
 * Steps in TypeScript that read as they are told: `at('30s').scale('statefulset/web', 5)`. Each call makes one step in the very form that
 * YAML files have, so a script can be written to a file and back.
 */
import type { Condition } from './format/condition-codec.js'
import type { WrittenFault, WrittenHeal, WrittenStep } from './format/scenario-codec.js'

/** Nodes and Kubernetes objects as plain data. */
type Manifest = NonNullable<WrittenStep['apply']>
type Timing = Pick<WrittenStep, 'name' | 'at' | 'after' | 'when' | 'within'>

export interface StepMaker {
  /** What the step is for; shown in the timeline. */
  readonly named: (name: string) => StepMaker
  readonly apply: (manifest: Manifest) => WrittenStep
  readonly delete: (object: NonNullable<WrittenStep['delete']>) => WrittenStep
  readonly scale: (workload: string, replicas: number) => WrittenStep
  readonly setImage: (workload: string, image: string) => WrittenStep
  readonly patch: (object: string, patch: NonNullable<WrittenStep['patch']>['patch'], type?: 'strategic' | 'merge' | 'json') => WrittenStep
  readonly cordon: (node: string) => WrittenStep
  readonly uncordon: (node: string) => WrittenStep
  readonly drain: (node: string) => WrittenStep
  readonly fault: (fault: WrittenFault) => WrittenStep
  readonly heal: (heal: WrittenHeal) => WrittenStep
  readonly crashNode: (node: string) => WrittenStep
  readonly restartNode: (node: string) => WrittenStep
  readonly partitionNode: (node: string) => WrittenStep
  readonly reconnectNode: (node: string) => WrittenStep
  readonly kubectl: (line: string, expected?: Pick<WrittenStep, 'input' | 'exit' | 'output' | 'contains' | 'refused'>) => WrittenStep
  readonly console: (transcript: string) => WrittenStep
  readonly settle: (quiet?: string) => WrittenStep
  readonly sleep: (time: string) => WrittenStep
  readonly writeFile: (file: NonNullable<WrittenStep['writeFile']>) => WrittenStep
  readonly check: (condition: Condition | readonly Condition[]) => WrittenStep
}

const makerOf = (timing: Timing): StepMaker => ({
  named: (name) => makerOf({ ...timing, name }),
  apply: (apply) => ({ ...timing, apply }),
  delete: (object) => ({ ...timing, delete: object }),
  scale: (workload, replicas) => ({ ...timing, scale: { [workload]: replicas } }),
  setImage: (workload, image) => ({ ...timing, setImage: { [workload]: image } }),
  patch: (object, patch, type) => ({ ...timing, patch: { object, patch, ...(type === undefined ? undefined : { type }) } }),
  cordon: (cordon) => ({ ...timing, cordon }),
  uncordon: (uncordon) => ({ ...timing, uncordon }),
  drain: (drain) => ({ ...timing, drain }),
  fault: (fault) => ({ ...timing, fault }),
  heal: (heal) => ({ ...timing, heal }),
  crashNode: (nodeCrash) => ({ ...timing, fault: { nodeCrash } }),
  restartNode: (nodeCrash) => ({ ...timing, heal: { nodeCrash } }),
  partitionNode: (nodePartition) => ({ ...timing, fault: { nodePartition } }),
  reconnectNode: (nodePartition) => ({ ...timing, heal: { nodePartition } }),
  kubectl: (kubectl, expected = {}) => ({ ...timing, kubectl, ...expected }),
  console: (console) => ({ ...timing, console }),
  settle: (quiet) => ({ ...timing, settle: quiet ?? true }),
  sleep: (sleep) => ({ ...timing, sleep }),
  writeFile: (writeFile) => ({ ...timing, writeFile }),
  check: (check) => ({ ...timing, check }),
})

/** Right after the step before. */
export const next: StepMaker = makerOf({})
/** Not before this time of the run. */
export const at = (time: string): StepMaker => makerOf({ at: time })
/** This long after the step before. */
export const after = (time: string): StepMaker => makerOf({ after: time })
/** As soon as the condition holds (within ten minutes, unless `within` says otherwise). */
export const when = (condition: Condition | readonly Condition[], { within }: { readonly within?: string } = {}): StepMaker =>
  makerOf({ when: condition, ...(within === undefined ? undefined : { within }) })
