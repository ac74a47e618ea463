/** What a run says of what has not come true: the cause as one sentence, a broken promise as a violation, a hot loop with its cycle. */
import { describe, expect, it } from 'vitest'
import { defineController, makeControllers, type ClusterSettings, type Controller } from '@statefold/core'
import { formatRunReport, plainReportPaint } from './format-run-report.js'
import type { RunReport } from './run-report.js'
import { runScenario, type RunOptions } from './run-scenario.js'
import { object } from './expectation.js'
import { scenario } from './scenario.js'
import { withDeaf, withRestless } from './testing/faulty-controllers.js'
import { claims, smallSet } from './testing/small-set.js'
import { next, when } from './write-script.js'

const withClaims = smallSet(2, { volumeClaimTemplates: claims('fast') })

const reportOf = (written: Parameters<typeof scenario>[0], options: RunOptions = {}): RunReport => {
  const run = runScenario(scenario(written), options)
  if (run._tag === 'Left') throw new Error(JSON.stringify(run.left))
  return run.right.report
}

describe('a run that does not end well', { timeout: 30_000 }, () => {
  it('says from the set to the class what waits for what', () => {
    const report = reportOf({
      title: 'nothing provisions fast',
      cluster: { storageClasses: [{ name: 'fast', provisioner: 'nobody.example.com' }] },
      manifests: [withClaims],
    })
    const sentence =
      'web waits for web-0, which waits for www-web-0, which waits for a volume of class fast; nothing provisions that class: no provisioner nobody.example.com is running'
    expect(report.outcome).toBe('notConverged')
    expect(report.owed[0]).toEqual({ of: 'StatefulSet default/web', message: 'web-1 does not exist', cause: sentence })
    expect(formatRunReport(report, plainReportPaint)).toContain(`because\n  ${sentence}\n`)
  })

  it('owes nothing when it passes', () => {
    expect(reportOf({ title: 'well', manifests: [smallSet(2)] })).toMatchObject({ outcome: 'passed', owed: [], violations: [] })
  })

  it('breaks a promise when nobody can say why', () => {
    const late: Parameters<typeof scenario>[0] = {
      title: 'a Pod goes unheard',
      manifests: [smallSet(2)],
      steps: [when(object('statefulset/web', { ready: true })).delete('pod/web-1'), next.sleep('30m')],
    }
    expect(reportOf(late).outcome).toBe('passed')
    const report = reportOf(late, { controllers: withDeaf })
    expect(report.outcome).toBe('violated')
    expect(report.violations.map(({ invariant, message }) => `${invariant}: ${message}`)).toContain(
      'eventually/stateful-sets-match: web-1 does not exist; nobody says what it waits for',
    )
  })

  it('ends with what repeats when somebody does the same again and again', () => {
    const restless = { title: 'restless', manifests: [smallSet(2)] }
    const report = reportOf(restless, { controllers: withRestless })
    expect(report.outcome).toBe('violated')
    expect(report.at).toBeLessThan(60_000)
    expect(report.violations.map(({ invariant, message }) => `${invariant}: ${message}`)).toEqual([
      expect.stringMatching(
        /^temporal\/no-hot-loop: what repeats \(\d+ times within \d+ ms, and it goes on\): restless PodChanged Pod\/default\/web-1$/,
      ),
    ])
    const excepted = { ...restless, invariants: { except: ['temporal/no-hot-loop'] }, until: '20s' }
    expect(reportOf(excepted, { controllers: withRestless }).violations).toEqual([])
  })

  it('names the cycle of a cluster that does not come to rest', () => {
    const restless = (settings: ClusterSettings): readonly Controller[] => [
      ...makeControllers(settings),
      defineController({
        name: 'restless',
        watches: { StatefulSet: ({ object }) => [{ key: object.metadata.name }] },
        *plan({ reader, now }) {
          const tick = String(Math.floor(now / 10_000))
          if (reader.get('StatefulSet', 'default', 'web')?.metadata.annotations?.['tick'] !== tick)
            yield {
              kind: 'PatchObject',
              target: { kind: 'StatefulSet', namespace: 'default', name: 'web' },
              patchType: 'merge',
              patch: { metadata: { annotations: { tick } } },
            }
          return { requeueAfterMs: 10_000 }
        },
      }),
    ]
    const report = reportOf({ title: 'restless', manifests: [smallSet(2)] }, { controllers: restless })
    expect(report.outcome).toBe('notConverged')
    expect(report.reason).toMatch(
      /^not at rest after 10m; what repeats \(\d+ times at the end\): restless StatefulSetChanged StatefulSet\/default\/web$/,
    )
  })
})
