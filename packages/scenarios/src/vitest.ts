/**
 * Matchers for vitest. Import this file once, in a test or in a set-up file: `import '@statefold/scenarios/vitest'`.
 *
 *     expect(story).toPass()
 *     expect(story).toHoldInvariants({ controllers, invariants, runs: 500 })
 *     expect(story).toHoldInEveryOrder({ controllers, invariants })
 */
import { expect } from 'vitest'
import {
  assertInvariants,
  assertPasses,
  CannotCheck,
  exploreAll,
  PropertyBroken,
  type CheckOptions,
  type HistoryCheck,
  type OrderCheck,
} from './check-controllers.js'
import { titleOf, type Scenario } from './scenario.js'

/** What each matcher takes; the types of `expect` are made from this. */
interface ScenarioMatchers<R> {
  /** The scenario as it is written: its expectations and all invariants hold. */
  readonly toPass: (options?: CheckOptions) => R
  /** No random history on the scenario's cluster breaks an invariant. */
  readonly toHoldInvariants: (options?: HistoryCheck) => R
  /** Nothing within the scenario's `search` breaks an invariant or an expectation. */
  readonly toHoldInEveryOrder: (options?: OrderCheck) => R
}

declare module 'vitest' {
  // What vitest says is to be extended has these parameters.
  // oxlint-disable-next-line typescript/no-explicit-any, typescript/no-empty-object-type
  interface Matchers<T = any> extends ScenarioMatchers<T> {}
}

interface Verdict {
  readonly pass: boolean
  readonly message: () => string
}

const isScenario = (value: unknown): value is Scenario =>
  typeof value === 'object' && value !== null && 'written' in value && 'manifests' in value

const judge = (value: unknown, check: (scenario: Scenario) => unknown): Verdict => {
  if (!isScenario(value)) throw new CannotCheck('expected a scenario, as scenario({ … }) or readScenarioFile makes it')
  try {
    check(value)
    return { pass: true, message: () => `expected ${titleOf(value)} to break something; nothing broke` }
  } catch (error) {
    if (!(error instanceof PropertyBroken)) throw error
    return { pass: false, message: () => error.message }
  }
}

const clock = (): number => performance.now()

expect.extend({
  toPass: (value: unknown, options: CheckOptions = {}) => judge(value, (scenario) => assertPasses(scenario, options)),
  toHoldInvariants: (value: unknown, options: HistoryCheck = {}) =>
    judge(value, (scenario) => assertInvariants(scenario, { clock, ...options })),
  toHoldInEveryOrder: (value: unknown, options: OrderCheck = {}) => judge(value, (scenario) => exploreAll(scenario, { clock, ...options })),
})
