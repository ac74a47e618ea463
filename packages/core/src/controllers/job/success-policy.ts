/** Whether enough of the indexes have succeeded for the Job to be a success already. Follows pkg/controller/job/success_policy.go. */
import type { Job } from '../../api/generated/types.js'
import { parseIndexes } from './indexes.js'

/** What the condition says, or undefined where no rule is met. Follows matchSuccessPolicy. */
export const metSuccessRule = ({ spec }: Job, succeeded: ReadonlySet<number>): string | undefined => {
  if (succeeded.size === 0) return undefined
  const position = (spec.successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && succeeded.size >= succeededCount
    const required = parseIndexes(succeededIndexes, spec.completions ?? 0)
    if (required.size === 0) return false
    const present = [...required].filter((index) => succeeded.has(index)).length
    return present === required.size || (succeededCount !== undefined && present >= succeededCount)
  })
  return position < 0 ? undefined : `Matched rules at index ${position}`
}
