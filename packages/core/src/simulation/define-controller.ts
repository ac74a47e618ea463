/** How anyone makes a controller: a name, what it watches, and a pure plan. */
import type { ApiCommand, ApiResult } from '../cluster/api-commands.js'
import type { ClusterCommand } from '../cluster/commands.js'
import type { Controller, Plan, PlanContext, PlanOutcome, Wake, Watches } from '../controllers/controller.js'
import type { Reader } from '../cluster/reader.js'

export interface ControllerDefinition {
  readonly name: string
  /** For each kind: which keys a notification wakes. */
  readonly watches: Watches
  /**
   * What is to be done for a key: a list of commands, or a generator that yields one command at a time and receives the API's answer.
   * Pure: it reads through `context.reader` only, and every chance is `context.choose`.
   */
  readonly plan: (context: PlanContext) => readonly ApiCommand[] | Generator<ApiCommand, PlanOutcome | undefined, ApiResult>
  readonly start?: (reader: Reader) => readonly Wake[]
}

const isGenerator = (
  answer: readonly ApiCommand[] | Generator<ApiCommand, PlanOutcome | undefined, ApiResult>,
): answer is Generator<ApiCommand, PlanOutcome | undefined, ApiResult> => !Array.isArray(answer)

function* planOf(definition: ControllerDefinition, context: PlanContext): Plan {
  const answer = definition.plan(context)
  if (isGenerator(answer)) return (yield* answer as Generator<ClusterCommand, PlanOutcome | undefined, ApiResult>) ?? {}
  for (const command of answer) {
    const result = yield command
    // The first refusal ends a listed plan: the key is looked at again after the work queue's back-off.
    if (result._tag === 'Left') return { error: result.left }
  }
  return {}
}

export const defineController = (definition: ControllerDefinition): Controller => ({
  name: definition.name,
  watches: definition.watches,
  plan: (context) => planOf(definition, context),
  ...(definition.start === undefined ? undefined : { start: definition.start }),
})
