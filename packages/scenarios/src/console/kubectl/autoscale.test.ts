import { describe, expect, it } from 'vitest'
import { runLine } from './testing/fake-cluster.js'
import { sampleCluster } from './testing/sample-objects.js'

const run = (line: string) => runLine(line.split(' '), { objects: sampleCluster, now: 60_000 })
const made = (line: string) => run(line).requests.flatMap((request) => (request.kind === 'CreateObject' ? [request.object] : []))

describe('kubectl autoscale', () => {
  it('makes an autoscaler, and warns that it does nothing here', () => {
    const { exit, stdout, stderr } = run('autoscale sts web --min=2 --max=5')
    expect({ exit, stdout, stderr }).toEqual({
      exit: 0,
      stdout: 'horizontalpodautoscaler.autoscaling/web autoscaled\n',
      stderr: 'Warning: HorizontalPodAutoscalers are stored, not simulated: this one will not scale anything\n',
    })
    expect(made('autoscale sts web --min=2 --max=5')).toMatchObject([
      { spec: { maxReplicas: 5, minReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web' } } },
    ])
  })
  it.each([
    ['--cpu=70%', [{ resource: { name: 'cpu', target: { averageUtilization: 70, type: 'Utilization' } }, type: 'Resource' }]],
    ['--cpu=500', [{ resource: { name: 'cpu', target: { averageValue: '500m', type: 'AverageValue' } }, type: 'Resource' }]],
    ['--memory=1Gi', [{ resource: { name: 'memory', target: { averageValue: '1Gi', type: 'AverageValue' } }, type: 'Resource' }]],
    ['--cpu-percent=50', [{ resource: { name: 'cpu', target: { averageUtilization: 50, type: 'Utilization' } }, type: 'Resource' }]],
  ])('%s is a target', (flag, metrics) => expect(made(`autoscale sts web --max=5 ${flag}`)).toMatchObject([{ spec: { metrics } }]))
  it.each([
    ['autoscale sts web', 'required flag(s) "max" not set'],
    ['autoscale sts web --max=0', '--max=MAXPODS is required and must be at least 1, max: 0'],
    ['autoscale sts web --max=1 --min=2', '--max=MAXPODS must be larger or equal to --min=MINPODS, max: 1, min: 2'],
    ['autoscale sts web --max=1 --cpu=x', 'invalid resource cpu value: x'],
    ['autoscale sts web --max=1 --cpu=-1%', 'invalid percentage value: -1'],
    [
      'autoscale pod web-0 --max=2',
      'cannot autoscale a Pod: could not find scale subresource for /v1, Resource=pods in discovery information',
    ],
  ])('%s is refused', (line, text) => expect(run(line)).toMatchObject({ exit: 1, stderr: `error: ${text}\n`, requests: [] }))
  it('shows in a dry run of the client what it would make', () =>
    expect(run('autoscale sts web --max=3 --dry-run=client -o yaml').stdout).toBe(
      'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: web\nspec:\n  maxReplicas: 3\n  scaleTargetRef:\n' +
        '    apiVersion: apps/v1\n    kind: StatefulSet\n    name: web\nstatus:\n  currentMetrics: null\n  desiredReplicas: 0\n',
    ))
})
