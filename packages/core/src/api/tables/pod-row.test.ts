import { describe, expect, it } from 'vitest'

import type { ContainerStatus, Pod, PodSpec, PodStatus } from '../generated/types.js'
import { podRow } from './pod-row.js'

const podOf = (status: PodStatus, spec: Partial<PodSpec> = {}, deleted = false): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web-0',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:30Z' } : {}),
  },
  spec: { containers: [{ name: 'main' }, { name: 'helper' }], ...spec },
  status,
})

const container = (name: string, state: ContainerStatus['state'], rest: Partial<ContainerStatus> = {}): ContainerStatus => ({
  name,
  image: 'i',
  imageID: '',
  ready: state?.running !== undefined,
  restartCount: 0,
  ...(state === undefined ? {} : { state }),
  ...rest,
})
const running = { running: { startedAt: '2026-01-01T00:00:01Z' } }
const ended = (exitCode: number, rest: object = {}) => ({ terminated: { exitCode, ...rest } })
const waiting = (reason: string) => ({ waiting: { reason } })
const ready = [{ type: 'Ready', status: 'True' }]
const sidecar = { initContainers: [{ name: 'proxy', restartPolicy: 'Always' as const }, { name: 'setup' }] }

describe('a Pod’s row', () => {
  it.each<readonly [what: string, pod: Pod, ready: string, status: string, restarts: string]>([
    ['nothing known yet', podOf({ phase: 'Pending' }), '0/2', 'Pending', '0'],
    [
      'scheduling gated',
      podOf({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
      '0/2',
      'SchedulingGated',
      '0',
    ],
    ['evicted', podOf({ phase: 'Failed', reason: 'Evicted' }), '0/2', 'Evicted', '0'],
    [
      'running',
      podOf({ phase: 'Running', containerStatuses: [container('main', running), container('helper', running)] }),
      '2/2',
      'Running',
      '0',
    ],
    [
      'the first container’s reason wins',
      podOf({
        phase: 'Running',
        containerStatuses: [container('main', waiting('CrashLoopBackOff')), container('helper', waiting('ImagePullBackOff'))],
      }),
      '0/2',
      'CrashLoopBackOff',
      '0',
    ],
    [
      'restarts with the latest end',
      podOf({
        phase: 'Running',
        containerStatuses: [
          container('main', running, { restartCount: 2, lastState: ended(1, { finishedAt: '2026-01-01T00:00:10Z' }) }),
          container('helper', running, { restartCount: 1, lastState: ended(1, { finishedAt: '2026-01-01T00:00:55Z' }) }),
        ],
      }),
      '2/2',
      'Running',
      '3 (5s ago)',
    ],
    ['a signal', podOf({ phase: 'Failed', containerStatuses: [container('main', ended(137, { signal: 9 }))] }), '0/2', 'Signal:9', '0'],
    ['an exit code', podOf({ phase: 'Failed', containerStatuses: [container('main', ended(3))] }), '0/2', 'ExitCode:3', '0'],
    [
      'completed, but a helper still runs, Pod ready',
      podOf({
        phase: 'Running',
        conditions: ready,
        containerStatuses: [container('main', ended(0, { reason: 'Completed' })), container('helper', running)],
      }),
      '1/2',
      'Running',
      '0',
    ],
    [
      'completed, but a helper still runs, Pod not ready',
      podOf({ phase: 'Running', containerStatuses: [container('main', ended(0, { reason: 'Completed' })), container('helper', running)] }),
      '1/2',
      'NotReady',
      '0',
    ],
    [
      'init: first of two',
      podOf({ phase: 'Pending', initContainerStatuses: [container('a', running)] }, { initContainers: [{ name: 'a' }, { name: 'b' }] }),
      '0/2',
      'Init:0/2',
      '0',
    ],
    [
      'init: crashed',
      podOf(
        { phase: 'Pending', initContainerStatuses: [container('a', ended(1), { restartCount: 4 })] },
        { initContainers: [{ name: 'a' }] },
      ),
      '0/2',
      'Init:ExitCode:1',
      '4',
    ],
    [
      'init: waiting for an image',
      podOf(
        { phase: 'Pending', initContainerStatuses: [container('a', waiting('ImagePullBackOff'))] },
        { initContainers: [{ name: 'a' }] },
      ),
      '0/2',
      'Init:ImagePullBackOff',
      '0',
    ],
    [
      'init: not its turn yet',
      podOf({ phase: 'Pending', initContainerStatuses: [container('a', waiting('PodInitializing'))] }, { initContainers: [{ name: 'a' }] }),
      '0/2',
      'Init:0/1',
      '0',
    ],
    [
      'a started sidecar counts, the setup after it holds the Pod up',
      podOf(
        { phase: 'Pending', initContainerStatuses: [container('proxy', running, { started: true }), container('setup', running)] },
        sidecar,
      ),
      '1/3',
      'Init:1/2',
      '0',
    ],
    [
      'a sidecar’s restarts count when all runs, the setup’s do not',
      podOf(
        {
          phase: 'Running',
          initContainerStatuses: [
            container('proxy', running, { started: true, restartCount: 2 }),
            container('setup', ended(0), { restartCount: 5 }),
          ],
          containerStatuses: [container('main', running), container('helper', running)],
        },
        sidecar,
      ),
      '3/3',
      'Running',
      '2',
    ],
    [
      'deleted',
      podOf({ phase: 'Running', containerStatuses: [container('main', running), container('helper', running)] }, {}, true),
      '2/2',
      'Terminating',
      '0',
    ],
    [
      'deleted, but ended',
      podOf({ phase: 'Succeeded', containerStatuses: [container('main', ended(0, { reason: 'Completed' }))] }, {}, true),
      '0/2',
      'Completed',
      '0',
    ],
    ['deleted on a lost node', podOf({ phase: 'Running', reason: 'NodeLost' }, {}, true), '0/2', 'Unknown', '0'],
  ])('%s', (_, pod, readyText, status, restarts) => {
    expect(podRow(pod, 60_000).slice(0, 5)).toEqual(['web-0', readyText, status, restarts, '60s'])
  })

  it('shows addresses, nodes and gates to those who ask for more', () => {
    const wide = podOf(
      { phase: 'Running', podIPs: [{ ip: '10.244.0.3' }], conditions: [{ type: 'example.com/open', status: 'True' }] },
      { nodeName: 'node-1', readinessGates: [{ conditionType: 'example.com/open' }, { conditionType: 'example.com/warm' }] },
    )
    expect(podRow(wide, 0).slice(5)).toEqual(['10.244.0.3', 'node-1', '<none>', '1/2'])
    expect(podRow(podOf({ phase: 'Pending' }), 0).slice(5)).toEqual(['<none>', '<none>', '<none>', '<none>'])
  })
})
