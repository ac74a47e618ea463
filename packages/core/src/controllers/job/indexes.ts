/** Completion indexes of a Job: where a Pod carries its own, and sets of them in the short form `0-2,5`. Follows pkg/controller/job/indexed_job_utils.go. */
import type { Container, EnvVar, Pod, PodSpec } from '../../api/generated/types.js'

export const completionIndexKey = 'batch.kubernetes.io/job-completion-index'
const indexVariable = 'JOB_COMPLETION_INDEX'
const generatedNameBaseMax = 58

/** Undefined where there is none, or no number. */
export const indexOf = (pod: Pod): number | undefined => {
  const text = pod.metadata.annotations?.[completionIndexKey] ?? ''
  return /^\d+$/.test(text) ? Number(text) : undefined
}

/** `0-2,5` as numbers below the bound. Follows parseIndexesFromString: what cannot be read is left out. */
export const parseIndexes = (text: string | undefined, bound: number): ReadonlySet<number> => {
  const found = new Set<number>()
  for (const part of (text ?? '').split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part)
    if (match === null) continue
    const last = match[2] === undefined ? Number(match[1]) : Number(match[2])
    for (let index = Number(match[1]); index <= last && index < bound; index += 1) found.add(index)
  }
  return found
}

/** Two neighbours stay `3,4`; three or more become `3-5`. Follows orderedIntervals.String. */
export const formatIndexes = (indexes: ReadonlySet<number>): string => {
  const parts: string[] = []
  const sorted = [...indexes].sort((one, other) => one - other)
  for (let begin = 0; begin < sorted.length;) {
    let end = begin
    while (sorted[end + 1] === (sorted[end] ?? 0) + 1) end += 1
    const [first, last] = [sorted[begin] ?? 0, sorted[end] ?? 0]
    parts.push(first === last ? `${first}` : last === first + 1 ? `${first},${last}` : `${first}-${last}`)
    begin = end + 1
  }
  return parts.join(',')
}

/** The lowest ones that are not taken. Follows firstPendingIndexes. */
export const firstPendingIndexes = (taken: ReadonlySet<number>, count: number, completions: number): readonly number[] => {
  const pending: number[] = []
  for (let index = 0; index < completions && pending.length < count; index += 1) if (!taken.has(index)) pending.push(index)
  return pending
}

// Follows addCompletionIndexEnvVariables: containers that say something else keep it.
export const withIndexVariable = (spec: PodSpec): PodSpec => {
  const variable: EnvVar = { name: indexVariable, valueFrom: { fieldRef: { fieldPath: `metadata.labels['${completionIndexKey}']` } } }
  const extended = (container: Container): Container =>
    (container.env ?? []).some(({ name }) => name === indexVariable)
      ? container
      : { ...container, env: [...(container.env ?? []), variable] }
  return {
    ...spec,
    containers: spec.containers.map(extended),
    ...(spec.initContainers === undefined ? undefined : { initContainers: spec.initContainers.map(extended) }),
  }
}

/** The index is never cut, the Job's name is. Follows podGenerateNameWithIndex. */
export const generateNameWithIndex = (jobName: string, index: number): string =>
  `${jobName.slice(0, generatedNameBaseMax - `-${index}-`.length)}-${index}-`
