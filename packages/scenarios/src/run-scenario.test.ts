import * as E from 'fp-ts/lib/Either.js'
import { simTimeOf } from '@statefold/core'
import { describe, expect, it } from 'vitest'
import { formatProblem } from './format/problem.js'
import { formatJUnit, formatRunReport, plainReportPaint } from './format-run-report.js'
import { always, count, eventually, never, object, sometimes } from './expectation.js'
import { runScenario, type RunOptions, type ScenarioRun } from './run-scenario.js'
import { loadManifests, loadScenario, noScenarioFiles, scenario, type Scenario } from './scenario.js'
import { runKubectl } from './console/cluster-console.js'
import { kubectlParts } from './make-console.js'
import { filesOf } from './testing/files-of.js'
import { smallSet } from './testing/small-set.js'
import { after, at, next, when } from './write-script.js'

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { clusterIP: 'None', selector: { app: 'web' }, ports: [{ port: 80 }] },
}
const set = (replicas: number, image = 'nginx:1.26') => smallSet(replicas, {}, { image })

const run = (made: Scenario, options: RunOptions = {}): ScenarioRun => {
  const result = runScenario(made, options)
  if (E.isLeft(result)) throw new Error(result.left.map(formatProblem).join('\n'))
  return result.right
}

const refusals = (source: string): readonly string[] => {
  const loaded = loadManifests('web.yaml', source, noScenarioFiles)
  if (E.isLeft(loaded)) return loaded.left.map(formatProblem)
  const result = runScenario(loaded.right)
  return E.isLeft(result) ? result.left.map(formatProblem) : []
}

const ready = object('statefulset/web', { ready: true })

describe('a scenario', () => {
  it('passes when its steps and expectations hold', () => {
    const { report } = run(
      scenario({
        manifests: [service, set(2)],
        steps: [
          when(ready).named('more of them').scale('statefulset/web', 3),
          after('10ms').check(count('pods', { labels: 'app=web', equals: 3 })),
        ],
        expect: [
          eventually(count('pods', { labels: 'app=web', ready: true, equals: 3 }), { within: '1m' }),
          always(count('pods', { labels: 'app=web', atMost: 3 })),
          never(object('pod/web-3')),
          sometimes({ waiting: 'web-2 is not Running and Ready' }),
        ],
      }),
    )
    expect(formatRunReport(report, plainReportPaint)).toContain('PASSED')
    expect(report.steps.map(({ outcome, name }) => [outcome, name])).toEqual([
      ['done', 'more of them'],
      ['done', undefined],
    ])
  })

  it('says what it waits for when it does not converge', () => {
    const { report } = run(
      scenario({
        manifests: [service, set(1, 'example.com/nowhere:1')],
        cluster: { images: [{ images: 'example.com/nowhere:1', unpullable: 'not found' }] },
        expect: [eventually(ready, { within: '1m' })],
      }),
    )
    expect(report.outcome).toBe('notConverged')
    expect(report.reason).toBe('expected within 1m: statefulset/web is ready; found: 0 of 1 replicas are ready')
    expect(report.unsettled.map(({ object: name }) => name)).toEqual(['StatefulSet default/web', 'Pod default/web-0'])
    expect(formatRunReport(report, plainReportPaint)).toMatch(/Pod default\/web-0: container nginx: (ErrImagePull|ImagePullBackOff)/)
  })

  it('stops at the first event that breaks an expectation, and says which', () => {
    const { report } = run(
      scenario({
        manifests: [service, set(3)],
        expect: [always(count('pods', { labels: 'app=web', atMost: 1 }), { because: 'one is enough' })],
      }),
    )
    expect(report.outcome).toBe('violated')
    expect(report.expectations).toMatchObject([{ kind: 'always', outcome: 'failed', found: 'there are 2', because: 'one is enough' }])
  })

  it('reaches no further step after one that failed', () => {
    const { report } = run(scenario({ manifests: [service, set(1)], steps: [next.delete('pod/web-7'), next.settle()] }))
    expect(report.outcome).toBe('violated')
    expect(report.steps.map(({ outcome }) => outcome)).toEqual(['failed', 'not reached'])
    expect(report.steps[0]?.message).toBe('expected exit code 0, found 1: Error from server (NotFound): pods "web-7" not found')
  })

  it('can expect a refusal', () => {
    const { report } = run(
      scenario({
        manifests: [service, set(1)],
        steps: [
          {
            patch: { object: 'statefulset/web', patch: { spec: { serviceName: 'other' } } },
            refused: 'updates to statefulset spec for fields other than',
          },
        ],
      }),
    )
    expect(report.outcome).toBe('passed')
  })

  it('gives the same events for the same seed, and others for another', () => {
    const made = scenario({ manifests: [service, set(3)] })
    const logOf = (seed: number): string => JSON.stringify(run(made, { seed }).simulation.log())
    expect(logOf(4)).toBe(logOf(4))
    expect(logOf(4)).not.toBe(logOf(5))
  })

  it('names the limit that ended it', () => {
    const { report } = run(scenario({ manifests: [service, set(2_147_483_647)] }))
    expect(report.outcome).toBe('unknown')
    expect(report.limit).toMatch(/^StatefulSet web asks for 2147483647 replicas; this simulator runs at most \d+ \(limits.replicasMax\)$/)
  })

  it('names the limit also when a step goes beyond it', () => {
    const { report } = run(scenario({ manifests: [service, set(1)], steps: [at('20s').scale('statefulset/web', 2_000_000_000)] }))
    expect(report.outcome).toBe('unknown')
  })

  it('ends at the time it is given', () => {
    const { report } = run(scenario({ manifests: [service, set(3)], steps: [at('1h').settle()] }), { untilMs: 60_000 })
    expect(report.steps.map(({ outcome }) => outcome)).toEqual(['not reached'])
  })

  it('leaves out what follows a step it does not reach, and waits no longer than it is given', () => {
    const steps = [at('1h').settle(), at('1s').settle()]
    const { report } = run(scenario({ manifests: [service, set(3)], steps }), { untilMs: 60_000 })
    expect(report.steps.map(({ outcome }) => outcome)).toEqual(['not reached', 'not reached'])
    expect(report.outcome).toBe('unknown')
    const waits = [{ settle: true as const, when: { object: 'statefulset/web', path: '{.status.readyReplicas}', equals: 9 } }]
    const waited = run(scenario({ manifests: [service, set(3)], steps: waits }), { untilMs: 60_000 })
    expect(waited.report.steps.map(({ outcome }) => outcome)).toEqual(['not reached'])
    expect(waited.report.at).toBeLessThanOrEqual(60_000)
  })

  it('keeps bytes in a volume and follows faults', () => {
    const withClaim = {
      ...set(1),
      spec: {
        ...set(1).spec,
        volumeClaimTemplates: [
          { metadata: { name: 'www' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
        ],
      },
    }
    const template = {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'nginx', image: 'nginx', volumeMounts: [{ name: 'www', mountPath: '/data' }] }] },
    }
    const { report } = run(
      scenario({
        manifests: [service, { ...withClaim, spec: { ...withClaim.spec, template } }],
        steps: [
          when(ready).writeFile({ pod: 'web-0', path: '/data/x', content: 'kept\n' }),
          next.delete({ object: 'pod/web-0', wait: true }),
          when(ready).check({ file: { pod: 'web-0', path: '/data/x' }, equals: 'kept' }),
          next.crashNode('{node of web-0}'),
          when({ object: 'pod/web-0', ready: false }).check({ event: { reason: 'NodeNotReady' } }),
        ],
      }),
    )
    expect(report.steps.map(({ message }) => message)).toEqual([undefined, undefined, undefined, undefined, undefined])
  })

  it('runs shell transcripts in one console, and says at which line of the file they differ', () => {
    const written = `apiVersion: statefold.dev/v1
kind: Scenario
manifests: [web.yaml]
steps:
  - when: { object: statefulset/web, ready: true }
    console: |
      $ for i in 0 1; do kubectl exec web-$i -- hostname; done
      web-0
      web-1
      $ NAME=web-1
  - console: |
      $ echo $NAME
      web-1
  - kubectl: exec web-0 -- sh -c 'echo hi > /tmp/x; cat /tmp/x'
    output: hi
  - check: { command: kubectl exec web-0 -- cat /tmp/x, equals: hi }
  - console: |
      $ kubectl get pods -o name
      pod/web-0
      pod/web-7
expect:
  - eventually: { dns: { name: web }, atLeast: 2 }
`
    const manifests = [service, set(2)].map((manifest) => JSON.stringify(manifest)).join('\n---\n')
    const loaded = loadScenario('s.yaml', written, filesOf({ 'web.yaml': manifests }))
    if (E.isLeft(loaded)) throw new Error(loaded.left.map(formatProblem).join('\n'))
    const { report } = run(loaded.right)
    expect(report.steps.map(({ message }) => message)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      's.yaml:20: $ kubectl get pods -o name: expected "pod/web-7", found "pod/web-1"',
    ])
  })

  it('never shows what a Secret holds, also when somebody prints it', () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, stringData: { password: 'correct horse\nbattery' } }
    const { report } = run(
      scenario({
        manifests: [secret],
        steps: [
          next.console("$ kubectl get secret key -o jsonpath='{.data.password}' | base64 -d\n$ kubectl get secret key -o yaml"),
          next.patch('secret/key', { stringData: { password: 'another staple' } }),
          next.check(object('secret/key', { path: '{.data.password}', equals: 'x' })),
        ],
      }),
    )
    const shown = `${JSON.stringify(report)}${formatRunReport(report, plainReportPaint)}${formatJUnit(report)}`
    expect(report.steps.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'failed'])
    for (const part of ['correct horse', 'Y29ycmVjdCBob3JzZQ', 'another staple', 'YW5vdGhlciBzdGFwbGU']) expect(shown).not.toContain(part)
  })

  it('is refused in code as it is in a file', () => {
    // The types refuse this too; files have none.
    const wrong = { manifests: [], stepps: [] } as unknown as Parameters<typeof scenario>[0]
    expect(() => scenario(wrong, { name: 'mine' })).toThrow('unknown field "stepps" in scenario; did you mean "steps"?')
  })

  it('writes JUnit with a case for each promise', () => {
    const { report } = run(scenario({ title: 'a <b> & "c"', manifests: [service, set(1)], steps: [next.delete('pod/web-7')] }))
    const xml = formatJUnit(report)
    expect(xml).toContain('<testsuite name="a &lt;b&gt; &amp; &quot;c&quot;"')
    expect(xml).toContain('<testcase classname="a &lt;b&gt; &amp; &quot;c&quot;" name="step 1: delete pod/web-7" time="0">\n      <failure')
  })
})

describe('a run that starts from a real cluster', () => {
  const printed = (kinds: string): string => {
    const { simulation } = run(scenario({ manifests: [service, set(3)], steps: [when(ready).settle()] }))
    return runKubectl(kubectlParts(simulation, noScenarioFiles), ['get', kinds, '-o', 'yaml'], '').stdout
  }
  const kinds = 'nodes,storageclasses,pv,pvc,services,controllerrevisions,statefulsets,pods'

  it.each(['nodes,', ''])('keeps statuses, starts nothing again, and goes on from there (%s…)', (nodes) => {
    const { report, simulation } = run(
      scenario(
        {
          cluster: { from: 'real.yaml' },
          steps: [at('2m').check(ready), next.scale('statefulset/web', 2)],
          expect: [eventually(count('pods', { equals: 2 })), never(object('statefulset/web', { path: '{.status.replicas}', atMost: 1 }))],
        },
        { files: filesOf({ 'real.yaml': printed(kinds.replace('nodes,', nodes)) }) },
      ),
    )
    expect([report.outcome, report.reason]).toEqual(['passed', undefined])
    const acted = simulation.log().filter(({ actor, at: time }) => actor !== 'import' && actor !== 'bootstrap' && time < 120_000)
    expect(acted.filter(({ event }) => /^Pod|^Container|^Revision|^Claim/.test(event.kind)).map(({ event }) => event.kind)).toEqual([])
  })
})

describe('a run that starts from a cluster in the middle of things', () => {
  const claimed = {
    ...set(1),
    spec: {
      ...set(1).spec,
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          initContainers: [
            { name: 'once', image: 'busybox', command: ['true'] },
            { name: 'beside', image: 'busybox', command: ['sleep', 'infinity'], restartPolicy: 'Always' },
          ],
          containers: [{ name: 'nginx', image: 'nginx:1.26', volumeMounts: [{ name: 'www', mountPath: '/www' }] }],
        },
      },
      volumeClaimTemplates: [
        { metadata: { name: 'www' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
      ],
    },
  }
  const podOf = (name: string, command: readonly string[], grace = 30) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { terminationGracePeriodSeconds: grace, containers: [{ name: 'shell', image: 'busybox', command }] },
  })
  const cluster = {
    nodes: 2,
    storageClasses: [{ name: 'disks', provisioner: 'ebs.csi.aws.com', default: true, volumeBindingMode: 'WaitForFirstConsumer' }],
  } as const
  const kinds = 'namespaces,nodes,storageclasses,pv,pvc,services,controllerrevisions,statefulsets,pods'
  const printed = (): string => {
    const { simulation } = run(
      scenario({
        cluster,
        manifests: [service, claimed, podOf('crashing', ['sh', '-c', 'sleep 1; exit 3']), podOf('going', ['sleep', 'infinity'], 600)],
        steps: [
          when(ready).cordon('node-1'),
          when(object('pod/going', { ready: true })).kubectl('delete pod going --wait=false'),
          after('2m').check(ready),
        ],
      }),
    )
    return runKubectl(kubectlParts(simulation, noScenarioFiles), ['get', kinds, '-o', 'yaml'], '').stdout
  }
  const imported = (...steps: readonly ReturnType<typeof next.sleep>[]) =>
    run(
      scenario(
        { cluster: { from: 'real.yaml' }, steps: [at('30s').check(ready), ...steps] },
        { files: filesOf({ 'real.yaml': printed() }) },
      ),
    ).simulation

  it('leaves what runs alone: init containers, sidecars, attached disks, cordons', () => {
    const simulation = imported()
    const acted = simulation.log().filter(({ actor, at: time }) => actor !== 'import' && actor !== 'bootstrap' && time > 0)
    const kindsOf = (actor: string) => acted.filter((recorded) => recorded.actor === actor).map(({ event }) => event.kind)
    expect(kindsOf('attachdetach-controller')).toEqual([])
    expect(kindsOf('statefulset-controller').filter((kind) => kind !== 'WaitingChanged')).toEqual([])
    expect(acted.filter(({ event }) => 'object' in event && event.object === 'Pod/default/web-0').map(({ event }) => event.kind)).toEqual(
      [],
    )
    expect(simulation.reader().get('Node', '', 'node-1')?.spec).toEqual({
      taints: [{ effect: 'NoSchedule', key: 'node.kubernetes.io/unschedulable', timeAdded: expect.any(String) }],
      unschedulable: true,
    })
  })

  it('counts restarts on, and waits out the back-off that was running', () => {
    const crashes = (simulation: ReturnType<typeof imported>) =>
      simulation.reader().get('Pod', 'default', 'crashing')?.status.containerStatuses?.[0]
    const before = crashes(imported())
    expect([before?.restartCount, before?.state?.waiting?.reason]).toEqual([4, 'CrashLoopBackOff'])
    expect(crashes(imported(after('1m30s').check(ready)))?.restartCount).toBe(5)
  })

  it('goes on deleting what was being deleted, with the grace that is left', () => {
    const pod = imported().reader().get('Pod', 'default', 'going')
    // Of ten minutes of grace as many are left as after the two minutes in the other cluster.
    const left = simTimeOf(pod?.metadata.deletionTimestamp ?? '') ?? 0
    expect(Math.abs(left - 525_000)).toBeLessThan(10_000)
    const tainted = simTimeOf(imported().reader().get('Node', '', 'node-1')?.spec.taints?.[0]?.timeAdded ?? '') ?? 0
    expect(Math.abs(left - 600_000 - tainted)).toBeLessThan(10_000)
    expect(imported(after('9m').check(ready)).reader().get('Pod', 'default', 'going')).toBeUndefined()
  })
})

describe('manifests are refused in the words of the API server, at their place', () => {
  const written = (spec: string): string => `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: web
spec:
  serviceName: web
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: nginx}]}
${spec}
`
  it.each<readonly [string, string, readonly string[]]>([
    [
      'negative replicas',
      written('  replicas: -1'),
      ['web.yaml:11:13: The StatefulSet "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'a wrong type',
      written('  replicas: five'),
      [
        'web.yaml:11:13: Error from server (BadRequest): StatefulSet in version "v1" cannot be handled as a StatefulSet: json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32',
      ],
    ],
    [
      'an unknown field',
      written('  replica: 5'),
      [
        'web.yaml:11:3: Error from server (BadRequest): StatefulSet in version "v1" cannot be handled as a StatefulSet: strict decoding error: unknown field "spec.replica"',
      ],
    ],
    [
      'a bad name',
      'apiVersion: v1\nkind: Service\nmetadata:\n  name: Web\nspec:\n  ports: [{port: 80}]\n',
      [expect.stringMatching(/^web.yaml:4:9: The Service "Web" is invalid: metadata.name: Invalid value: "Web": /) as unknown as string],
    ],
    [
      'a kind nobody knows',
      'apiVersion: v1\nkind: Servise\nmetadata: {name: web}\n',
      [expect.stringContaining('no matches for kind "Servise" in version "v1"') as unknown as string],
    ],
    [
      'no kind',
      'apiVersion: v1\nmetadata: {name: web}\n',
      ['web.yaml:1:1: expected a Kubernetes object with apiVersion and kind, found no kind'],
    ],
    [
      'a second document',
      `${written('  replicas: 1')}---\n# more\nkind: [\n`,
      ['web.yaml:15:1: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ],
    ['nothing at all', '# empty\n', ['web.yaml:1:1: expected Kubernetes objects, found none']],
  ])('%s', (_name, source, problems) => {
    expect(refusals(source)).toEqual(problems)
  })

  it('says every mistake of an object at its own line', () => {
    const source = written('  replicas: -1').replace('labels: {app: web}', 'labels: {app: other}')
    expect(refusals(source).map((problem) => problem.slice(0, 14))).toEqual(['web.yaml:11:13', 'web.yaml:9:24:'])
  })

  it('finds out before the run begins about manifests that come later', () => {
    const made = scenario({ manifests: [service], steps: [at('1m').apply({ ...set(-3) })] })
    const result = runScenario(made)
    expect(E.isLeft(result) ? result.left.map(({ message }) => message) : []).toEqual([
      'The StatefulSet "web" is invalid: spec.replicas: Invalid value: -3: must be greater than or equal to 0',
    ])
  })
})
