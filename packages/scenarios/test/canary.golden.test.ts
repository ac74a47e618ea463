/** The README's story, event by event. Refresh with `pnpm golden` and read the difference. */
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runScenarioFile, scenarioTest } from '../src/node.js'

const path = fileURLToPath(new URL('../../../examples/canary/canary.yaml', import.meta.url))

describe('the canary', () => {
  it('passes, and twice the same', scenarioTest(path))

  it('goes as it went', async () => {
    const { simulation, report } = runScenarioFile(path)
    const lines = simulation
      .log()
      .map(({ seq, at, actor, event }) => `${seq} ${at} ${actor} ${event.kind}${'object' in event ? ` ${String(event.object)}` : ''}`)
    expect(report.outcome).toBe('passed')
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('golden/canary.events.txt')
  })
})
