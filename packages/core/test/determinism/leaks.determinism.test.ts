/** Runtime traps: while a simulation runs, everything that could leak the outside world into it throws. Lint forbids the same things in the source. */
import { afterEach, describe, expect, it } from 'vitest'
import { defineController } from '../../src/simulation/define-controller.js'
import { defaultClusterSettings, makeControllers } from '../../src/simulation/default-controllers.js'
import { allInvariants } from '../../src/invariants/all-invariants.js'
import { debtsOf } from '../../src/invariants/temporal/convergence.js'
import { saveRun, loadRun } from '../../src/simulation/save-run.js'
import { deepFreeze } from '../../src/testing/deep-freeze.js'
import { beginHistory, heal, runHistory, takeStep } from '../../src/testing/history.js'
import { sampleHistories } from './sample-histories.js'

const undo: (() => void)[] = []
const replace = (owner: object, name: string, value: unknown): void => {
  const former = Object.getOwnPropertyDescriptor(owner, name)
  Object.defineProperty(owner, name, { configurable: true, writable: true, value })
  undo.push(() => {
    if (former === undefined) Reflect.deleteProperty(owner, name)
    else Object.defineProperty(owner, name, former)
  })
}
const removeTraps = (): void => {
  for (let restore = undo.pop(); restore !== undefined; restore = undo.pop()) restore()
}
afterEach(removeTraps)

class Leak extends Error {}

/** Throws whatever is done with it. */
const poison = (name: string): unknown => {
  const leak = (): never => {
    throw new Leak(name)
  }
  // A target that can be constructed, so that `new` is trapped too.
  return new Proxy(class {}, { get: leak, apply: leak, construct: leak, has: leak, ownKeys: leak })
}

const globals = [
  'Date',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'performance',
  'Intl',
  'crypto',
  'fetch',
  'process',
  'WeakRef',
  'FinalizationRegistry',
  'navigator',
]
const methods: readonly (readonly [object, string])[] = [
  [Math, 'random'],
  [String.prototype, 'localeCompare'],
  [String.prototype, 'toLocaleLowerCase'],
  [String.prototype, 'toLocaleUpperCase'],
  [Number.prototype, 'toLocaleString'],
  [Array.prototype, 'toLocaleString'],
  [Object.prototype, 'toLocaleString'],
]

const trapped = <T>(work: () => T): T => {
  for (const name of globals) replace(globalThis, name, poison(name))
  for (const [owner, name] of methods) replace(owner, name, poison(name))
  try {
    return work()
  } finally {
    removeTraps()
  }
}

describe('a simulation', { timeout: 120_000 }, () => {
  it('reads no clock, chance, timer, locale or environment', () => {
    const histories = sampleHistories(15, 21)
    const events = trapped(() =>
      histories.map((history) => {
        const simulation = runHistory(history, { invariants: allInvariants })
        heal(history, simulation)
        simulation.runUntil(simulation.now() + 400_000)
        debtsOf(simulation.state().cluster)
        loadRun(saveRun(simulation.state()))
        return simulation.log().length
      }),
    )
    expect(events.every((count) => count > 20)).toBe(true)
  })

  it.each<readonly [string, () => unknown]>([
    ['Date', () => new Date()],
    ['Date', () => Date.now()],
    ['random', () => Math.random()],
    ['performance', () => performance.now()],
    ['setTimeout', () => setTimeout(() => undefined, 0)],
    ['queueMicrotask', () => queueMicrotask(() => undefined)],
    ['localeCompare', () => 'ä'.localeCompare('z')],
    ['toLocaleString', () => (1_234.5).toLocaleString()],
    ['Intl', () => new Intl.DateTimeFormat().format()],
    ['process', () => process.env['HOME']],
    ['crypto', () => crypto.randomUUID()],
    ['WeakRef', () => new WeakRef({})],
  ])('is caught when a controller uses %s', (name, leak) => {
    const leaky = defineController({
      name: 'leaky-controller',
      watches: { StatefulSet: () => [{ key: 'any' }] },
      plan: () => {
        leak()
        return []
      },
    })
    const history = sampleHistories(1, 22)[0]
    if (history === undefined) throw new Error('no history')
    expect(() =>
      trapped(() => {
        const simulation = beginHistory(history, { controllers: [...makeControllers(defaultClusterSettings), leaky] })
        simulation.runUntil(1_000)
      }),
    ).toThrow(new Leak(name))
  })

  it('changes nothing that it has handed out: every state is frozen to the bottom, and runs on', { timeout: 120_000 }, () => {
    for (const history of sampleHistories(6, 23)) {
      const simulation = beginHistory(history, { invariants: allInvariants })
      const freezeAll = (): void => {
        deepFreeze(simulation.state())
        deepFreeze(simulation.log().at(-1))
      }
      freezeAll()
      for (const step of history.steps) {
        if (step.kind === 'Wait') {
          const until = simulation.now() + Math.min(step.ms, 6_000)
          while (simulation.step(until)) freezeAll()
          simulation.advanceTo(until)
        } else takeStep(step, history, simulation)
        freezeAll()
      }
    }
  })

  it('has no state outside its state: two that take turns do not disturb each other', () => {
    const [one, other] = sampleHistories(2, 24)
    if (one === undefined || other === undefined) throw new Error('no history')
    const alone = runHistory(one)
    alone.runUntil(alone.now() + 30_000)
    const first = beginHistory(one)
    const second = beginHistory(other)
    for (let index = 0; index < Math.max(one.steps.length, other.steps.length); index += 1) {
      const [left, right] = [one.steps[index], other.steps[index]]
      if (left !== undefined) takeStep(left, one, first)
      if (right !== undefined) takeStep(right, other, second)
    }
    second.runUntil(second.now() + 30_000)
    first.runUntil(alone.now())
    expect(first.log()).toEqual(alone.log())
  })
})
