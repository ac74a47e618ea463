/** What the README's first command prints, line by line. Refresh with `pnpm golden` and read the difference. */
import { fileURLToPath } from 'node:url'
import { formatTimeline, timelineOf } from '@statefold/replay'
import { formatRunReport, plainReportPaint } from '@statefold/scenarios'
import { runScenarioFile } from '@statefold/scenarios/node'
import { expect, it } from 'vitest'

it('tells the story of the canary', async () => {
  const { simulation, report } = runScenarioFile(fileURLToPath(new URL('../../../examples/canary/canary.yaml', import.meta.url)), {
    again: 'statefold run examples/canary/canary.yaml --seed 7',
  })
  const text = `${formatTimeline(timelineOf(simulation.log()))}\n${formatRunReport(report, plainReportPaint)}`
  await expect(text).toMatchFileSnapshot('golden/canary.timeline.txt')
})
