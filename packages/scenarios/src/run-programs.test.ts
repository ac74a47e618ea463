import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { entriesOf, type JsonObject } from '@statefold/core'
import { makeConsole } from './make-console.js'
import { runScenario, type ScenarioRun } from './run-scenario.js'
import { noScenarioFiles, scenario } from './scenario.js'
import { at, next } from './write-script.js'

type Script = string | readonly string[]
interface Shape {
  readonly init?: readonly Script[]
  readonly main?: Script
  readonly image?: string
  readonly restartPolicy?: string
  readonly probe?: JsonObject
}
const commandOf = (script: Script): readonly string[] => (typeof script === 'string' ? ['sh', '-c', script] : script)
const aPod = ({ init = [], main = 'sleep 3600', image = 'busybox:1.36', restartPolicy = 'Always', probe }: Shape) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    restartPolicy,
    volumes: [{ name: 'work', emptyDir: {} }],
    initContainers: init.map((script, index) => ({
      name: `init-${index}`,
      image,
      command: commandOf(script),
      volumeMounts: [{ name: 'work', mountPath: '/work' }],
    })),
    containers: [
      {
        name: 'main',
        image,
        command: commandOf(main),
        env: [{ name: 'WHO', value: 'world' }],
        volumeMounts: [{ name: 'work', mountPath: '/work' }],
        ...(probe === undefined ? undefined : { livenessProbe: probe }),
      },
    ],
  },
})
const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'db' }, spec: { clusterIP: 'None', ports: [{ port: 80 }] } }

const runOf = (shape: Shape, until = '20s', later: readonly object[] = []): ScenarioRun => {
  const result = runScenario(
    scenario({
      manifests: [aPod(shape)],
      steps: [at(until).settle('1ms'), ...later.flatMap((object) => [next.apply(object as never), next.sleep('10s')])],
    }),
  )
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}
const ask = (run: ScenarioRun, line: string): string => makeConsole(run.simulation, noScenarioFiles).run(line).shown
const seen = (shape: Shape, line: string, until?: string): string => ask(runOf(shape, until), line)
const phase = (run: ScenarioRun): string =>
  ask(run, 'kubectl get pod web --no-headers').replace(/ {2,}/g, ' ').split(' ').slice(1, 4).join(' ')

describe('an init container', () => {
  it('leaves its files in the volume that the main one sees', () =>
    expect(
      seen({ init: ['echo hello > /work/index.html', ['cp', '/work/index.html', '/work/copy']] }, 'kubectl exec web -- cat /work/copy'),
    ).toContain('hello\n'))
  it('waits for a name as long as the name takes', () => {
    const init = ['until nslookup db.default.svc.cluster.local; do echo waiting for db; sleep 2; done']
    const run = runOf({ init }, '5m')
    expect(phase(run)).toBe('0/1 Init:0/1 0')
    expect(ask(run, 'kubectl logs web -c init-0 | grep -c "waiting for db"')).toBe('24\n')
    expect(ask(run, 'kubectl logs web -c main')).toBe(
      'Error from server (BadRequest): container "main" in pod "web" is waiting to start: PodInitializing\n',
    )
    const endpoints = {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'db' },
      subsets: [{ addresses: [{ ip: '192.0.2.9' }], ports: [{ port: 80 }] }],
    }
    expect(phase(runOf({ init }, '5m', [service, endpoints]))).toBe('1/1 Running 0')
  })
  it.each<readonly [string, Script, string]>([
    ['ends as its script ends', 'echo no >&2; test -f /work/none || exit 4', '0/1 Init:CrashLoopBackOff 2'],
    ['succeeds where all is well', 'test -f /work/none || echo made > /work/none', '1/1 Running 0'],
    ['that calls what nobody knows succeeds', 'set -e; some-tool --prepare; other-tool', '1/1 Running 0'],
    ['that asks the world outside succeeds', 'wget -O /work/index.html http://info.example.org', '1/1 Running 0'],
    ['that says what this shell cannot do succeeds', 'f() { exit 1; }; f', '1/1 Running 0'],
  ])('%s', (_, init, expected) => expect(phase(runOf({ init: [init] }, '30s'))).toBe(expected))
})

describe('a main container', () => {
  it('is heard by kubectl logs, with what its environment says', () =>
    expect(seen({ main: 'echo hello $WHO; echo $(hostname); sleep 3600' }, 'kubectl logs web')).toBe('hello world\nweb\n'))
  it('is heard after its end, and the process before it with --previous', () => {
    const run = runOf({ main: 'echo $(date +%s) bye; exit 3' }, '30s')
    expect(ask(run, 'kubectl logs web')).toMatch(/^\d+ bye\n$/)
    expect(ask(run, 'kubectl logs web --previous')).toMatch(/^\d+ bye\n$/)
    expect(ask(run, 'kubectl logs web')).not.toBe(ask(run, 'kubectl logs web --previous'))
    expect(phase(run)).toMatch(/^0\/1 (?:CrashLoopBackOff|Error) /)
  })
  it('ends when its Pod goes, and so does what it said', () => {
    const run = runOf({ main: 'echo hello; sleep 3600' })
    ask(run, 'kubectl delete pod web --force --grace-period=0')
    run.simulation.runUntil(run.simulation.now() + 60_000)
    const { assets } = run.simulation.state().cluster.world
    expect(entriesOf(assets).flatMap(([name]) => (name.startsWith('log:') ? [name] : []))).toEqual([])
  })
  it('fails the probe of a file that it removes', () => {
    const shape = {
      main: 'touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600',
      probe: { exec: { command: ['cat', '/tmp/healthy'] }, initialDelaySeconds: 5, periodSeconds: 5 },
    }
    expect(phase(runOf(shape, '30s'))).toBe('1/1 Running 0')
    expect(phase(runOf(shape, '90s'))).toMatch(/^1\/1 Running 1/)
  })
  it('does not keep the cluster awake with a loop', () => {
    const run = runOf({ main: 'while true; do date >> /work/times; sleep 5; done' }, '10m')
    expect(ask(run, 'kubectl exec web -- wc -l /work/times')).toContain('5 /work/times')
    expect(run.simulation.nextDueAt() ?? Number.MAX_SAFE_INTEGER).toBeGreaterThan(run.simulation.now() + 60_000)
  })
})

describe('a command without a shell', () => {
  it('is said in the log, also where shells have it of their own', () =>
    expect(seen({ main: ['echo', 'hello', '$(WHO)'], restartPolicy: 'Never' }, 'kubectl logs web')).toBe('hello world\n'))
  it.each([
    ['echo hi there', 'hi there\n'],
    ['basename /a/b', 'b\n'],
    ['--verbose', ''],
  ])('is what arguments alone are when they begin with a program: %s', (words, log) => {
    const run = runOf({})
    ask(run, `kubectl run said --image=busybox --restart=Never -- ${words}`)
    expect(ask(run, 'sleep 10; kubectl logs said')).toBe(log)
  })
})
