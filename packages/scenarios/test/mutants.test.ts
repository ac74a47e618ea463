/** Some of the planted bugs, each caught by the property that is meant to catch it, with a file that is small and fails by itself. All: `pnpm mutants`. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { exempts, mutants } from '../mutants/registry.js'

const runner = fileURLToPath(new URL('../../../tools/mutants.mjs', import.meta.url))
/** Of each sort one that is quick: order, identity, caches, rollout, claims, the API, determinism. */
const bugs = [4, 12, 13, 26, 34, 42, 48, 50]

interface Line {
  readonly bug: number
  readonly by: readonly string[]
  readonly expectedBy: string
  readonly steps: number
  readonly choices: number
  readonly failsByItself: boolean | null
}

const packages = fileURLToPath(new URL('../../', import.meta.url))

it('knows all fifty bugs, and where each is planted in the source as it is', () => {
  expect([...mutants, ...exempts].map(({ bug }) => bug).toSorted((left, right) => left - right)).toEqual(
    Array.from({ length: 50 }, (_, index) => index + 1),
  )
  const lost = mutants.flatMap(({ bug, edits }) =>
    edits.flatMap(({ file, find }) => {
      const inCore = `${packages}core/src/${file}`
      const found = readFileSync(existsSync(inCore) ? inCore : `${packages}${file}`, 'utf8').split(find).length - 1
      return found === 1 ? [] : [`bug ${bug}: ${file}: expected once, found ${found} times: ${find.trim()}`]
    }),
  )
  expect(lost).toEqual([])
})

it('catches planted bugs by their own property, and shows each in a small file', { timeout: 300_000 }, () => {
  const printed = execFileSync(process.execPath, [runner, '--json', '--only', bugs.join(',')], { encoding: 'utf8' })
  // What our own tool prints.
  const lines = printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
  expect(lines.map(({ bug }) => bug)).toEqual(bugs)
  for (const { by, expectedBy, steps, choices, failsByItself } of lines) {
    expect(by).toContain(expectedBy)
    expect(steps).toBeLessThanOrEqual(12)
    expect(choices).toBeLessThanOrEqual(40)
    expect(failsByItself).not.toBe(false)
  }
})
