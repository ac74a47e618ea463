import { describe, expect, it } from 'vitest'
import { environmentOf } from './environment.js'
import { fileSystemOf } from './file-system.js'
import { planKubelet } from './plan.js'
import { etcHostsOf, hostnameOf, resolvConfOf } from './pod-names.js'
import { processesOf as processesIn } from '../../cluster/world.js'
import { bench, type Bench } from '../../testing/kubelet-bench.js'

const nginx = { name: 'nginx', image: 'nginx:1.27' }

/** Only the Pod's own lines, without Events. */
const rows = (lines: readonly string[]): readonly string[] => lines.filter((line) => !/^\S+ {3}/.test(line))
const told = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => /^\S+ {3}/.test(line)).map((line) => line.replace(/^\S+ +/, ''))

describe('the real kubelet', () => {
  it('starts a Pod in three writes when the image has to be pulled', () => {
    expect(bench('kubelet', { containers: [nginx] }).until(10)).toEqual([
      '1.0 Pending nginx=ContainerCreating',
      '1.5   Pulling: Pulling image "nginx:1.27"',
      '1.5 Pending nginx=ContainerCreating',
      '3.5   Pulled: Successfully pulled image "nginx:1.27" in 2s (2s including waiting). Image size: 72099410 bytes.',
      '4.0   Created: Container created',
      '4.0   Started: Container started',
      '4.0 Running nginx=running+',
    ])
  })

  it('backs off 0, 10, 20, 40 seconds, with the reason shown until the next process runs', () => {
    const pod = bench('kubelet', { containers: [nginx] })
    pod.until(30)
    pod.set({ kind: 'Crashing', pods: 'web-0' })
    expect(rows(pod.until(110))).toEqual([
      '30.0 Running nginx=Error:1',
      '30.5 Running nginx=Error:1#1',
      '31.5 Running nginx=CrashLoopBackOff#1',
      '41.0 Running nginx=Error:1#2',
      '42.0 Running nginx=CrashLoopBackOff#2',
      '61.5 Running nginx=Error:1#3',
      '62.5 Running nginx=CrashLoopBackOff#3',
      '102.0 Running nginx=Error:1#4',
      '103.0 Running nginx=CrashLoopBackOff#4',
    ])
    const { state, lastState } = pod.pod().status.containerStatuses?.[0] ?? {}
    expect(state?.waiting?.message).toMatch(/^back-off 1m20s restarting failed container=nginx pod=web-0_default\(.{36}\)$/)
    expect(lastState?.terminated?.exitCode).toBe(1)
  })

  it('tries an image again after 10, 20, 40 seconds', () => {
    const pod = bench('kubelet', { containers: [nginx] })
    pod.set({ kind: 'ImageUnpullable', images: 'nginx:*', message: 'not found' })
    const lines = pod.until(40)
    expect(rows(lines)).toEqual([
      '1.0 Pending nginx=ContainerCreating',
      '1.5 Pending nginx=ContainerCreating',
      '3.5 Pending nginx=ErrImagePull',
      '4.5 Pending nginx=ImagePullBackOff',
      '15.5 Pending nginx=ErrImagePull',
      '16.5 Pending nginx=ImagePullBackOff',
      '37.5 Pending nginx=ErrImagePull',
      '38.5 Pending nginx=ImagePullBackOff',
    ])
    expect(told(lines).slice(0, 5)).toEqual([
      'Pulling: Pulling image "nginx:1.27"',
      'Failed: Failed to pull image "nginx:1.27": not found',
      'Failed: Error: ErrImagePull',
      'BackOff: Back-off pulling image "nginx:1.27"',
      'Failed: Error: ImagePullBackOff',
    ])
  })

  it('counts failed liveness probes to the threshold and then starts the container again', () => {
    const pod = bench('kubelet', { containers: [{ ...nginx, livenessProbe: { tcpSocket: { port: 80 } } }] })
    pod.until(30)
    pod.set({ kind: 'ProbeFailing', pods: 'web-*', probe: 'liveness' })
    const lines = pod.until(60)
    expect(rows(lines)).toEqual(['54.0 Running nginx=Completed:0', '54.5 Running nginx=running+#1'])
    expect(
      told(lines)
        .slice(0, 4)
        .map((line) => line.replace(/\d+\.\d+\.\d+\.\d+/, 'IP')),
    ).toEqual([
      'Unhealthy: Liveness probe failed: dial tcp IP:80: connect: connection refused',
      'Unhealthy: Liveness probe failed: dial tcp IP:80: connect: connection refused x2',
      'Unhealthy: Liveness probe failed: dial tcp IP:80: connect: connection refused x3',
      'Killing: Container nginx failed liveness probe, will be restarted',
    ])
  })

  it('is ready only after the readiness probe has succeeded, and unready after three failures', () => {
    const pod = bench('kubelet', { containers: [{ ...nginx, readinessProbe: { tcpSocket: { port: 80 }, initialDelaySeconds: 5 } }] })
    expect(rows(pod.until(30))).toEqual([
      '1.0 Pending nginx=ContainerCreating',
      '1.5 Pending nginx=ContainerCreating',
      '4.0 Running nginx=running',
      '14.0 Running nginx=running+',
    ])
    pod.set({ kind: 'ProbeFailing', pods: 'web-0' })
    expect(rows(pod.until(70))).toEqual(['54.0 Running nginx=running'])
    pod.clear('ProbeFailing')
    expect(rows(pod.until(100))).toEqual(['74.0 Running nginx=running+'])
  })

  it('says the same failure again and again as an Event, and records it no more; it still notices on its tick', () => {
    const pod = bench('kubelet', { containers: [{ ...nginx, readinessProbe: { tcpSocket: { port: 80 } } }] })
    pod.until(30)
    pod.set({ kind: 'ProbeFailing', pods: 'web-0' })
    const answers = (): number => pod.simulation.log().filter(({ event }) => event.kind === 'ProbeAnswered').length
    const before = answers()
    const hours = told(pod.until(3 * 3_600))
    expect(answers() - before).toBe(3)
    // 25 at once, and then one in five minutes: what the correlator lets pass.
    expect(hours.filter((line) => line.startsWith('Unhealthy')).length).toBeGreaterThan(50)
    expect(hours.slice(0, 3).map((line) => / x\d+$/.exec(line)?.[0] ?? '')).toEqual(['', ' x2', ' x3'])
    pod.clear('ProbeFailing')
    expect(rows(pod.until(3 * 3_600 + 60))).toEqual(['10804.0 Running nginx=running+'])
  })

  it('holds the other probes back until the startup probe has succeeded', () => {
    const probe = { tcpSocket: { port: 80 } }
    const pod = bench('kubelet', {
      containers: [{ ...nginx, startupProbe: { ...probe, failureThreshold: 30 }, livenessProbe: probe, readinessProbe: probe }],
    })
    pod.set({ kind: 'WarmUpSlow', pods: 'web-0', forMs: 45_000 })
    expect(rows(pod.until(120)).slice(2)).toEqual(['4.0 Running nginx=running', '54.0 Running nginx=running+'])
  })

  it('runs init containers one after another before the main ones', () => {
    const init = (name: string, script: string): { name: string; image: string; command: string[] } => ({
      name,
      image: 'busybox:1.36',
      command: ['sh', '-c', script],
    })
    const pod = bench('kubelet', { initContainers: [init('first', 'sleep 2'), init('second', 'echo done')], containers: [nginx] })
    expect(rows(pod.until(20))).toEqual([
      '1.0 Pending first=PodInitializing second=PodInitializing nginx=PodInitializing',
      '1.5 Pending first=PodInitializing second=PodInitializing nginx=PodInitializing',
      '4.0 Pending first=running second=PodInitializing nginx=PodInitializing',
      '6.1 Pending first=Completed:0+ second=PodInitializing nginx=PodInitializing',
      '6.6 Pending first=Completed:0+ second=running nginx=PodInitializing',
      '6.7 Pending first=Completed:0+ second=Completed:0+ nginx=PodInitializing',
      '9.2 Running first=Completed:0+ second=Completed:0+ nginx=running+',
    ])
  })

  it('keeps a sidecar beside the main containers and stops it when they are done', () => {
    const pod = bench('kubelet', {
      restartPolicy: 'Never',
      initContainers: [{ name: 'side', image: 'nginx:1.27', restartPolicy: 'Always' }],
      containers: [{ name: 'job', image: 'busybox:1.36', command: ['sh', '-c', 'sleep 5; exit 3'] }],
    })
    expect(rows(pod.until(60)).slice(2)).toEqual([
      '4.0 Pending side=running+ job=PodInitializing',
      '6.5 Running side=running+ job=running+',
      '11.5 Failed side=running+ job=Error:3',
      '11.7 Failed side=Completed:0 job=Error:3',
    ])
  })

  const endings: readonly {
    readonly what: string
    readonly container: object
    readonly spec?: object
    readonly grace?: number
    readonly rows: readonly string[]
  }[] = [
    {
      what: 'a program that obeys SIGTERM',
      container: {},
      rows: [
        '30.0 Running terminating c=running+',
        '30.0 Running terminating c=running+',
        '30.2 Succeeded terminating c=Completed:0',
        '30.5 Succeeded terminating c=Completed:0',
        '30.5 gone terminating',
      ],
    },
    {
      what: 'sleep as process 1, which takes no notice of SIGTERM',
      container: { image: 'busybox:1.36', command: ['sleep', '3600'] },
      spec: { terminationGracePeriodSeconds: 5 },
      rows: [
        '30.0 Running terminating c=running+',
        '30.0 Running terminating c=running+',
        '35.0 Failed terminating c=Error:137',
        '35.3 Failed terminating c=Error:137',
        '35.3 gone terminating',
      ],
    },
    {
      what: 'a preStop hook before SIGTERM',
      container: { lifecycle: { preStop: { exec: { command: ['sleep', '3'] } } } },
      rows: [
        '30.0 Running terminating c=running+',
        '30.0 Running terminating c=running+',
        '33.2 Succeeded terminating c=Completed:0',
        '33.5 Succeeded terminating c=Completed:0',
        '33.5 gone terminating',
      ],
    },
    {
      what: 'a preStop hook longer than the grace period: two more seconds',
      container: { lifecycle: { preStop: { exec: { command: ['sleep', '60'] } } } },
      spec: { terminationGracePeriodSeconds: 10 },
      rows: [
        '30.0 Running terminating c=running+',
        '30.0 Running terminating c=running+',
        '42.0 Failed terminating c=Error:137',
        '42.3 Failed terminating c=Error:137',
        '42.3 gone terminating',
      ],
    },
  ]
  for (const { what, container, spec, rows: expected } of endings)
    it(`ends a Pod: ${what}`, () => {
      const pod = bench('kubelet', { containers: [{ name: 'c', image: 'nginx:1.27', ...container }], ...spec })
      pod.until(30)
      pod.remove()
      expect(rows(pod.until(90))).toEqual(expected)
    })

  it('begins anew after a reboot: another address, one restart, init containers again', () => {
    const pod = bench('kubelet', { initContainers: [{ name: 'init', image: 'busybox:1.36', command: ['true'] }], containers: [nginx] })
    pod.until(30)
    const before = pod.pod().status.podIP
    pod.world({ kind: 'NodeCrashed', node: 'node-1' })
    expect(pod.until(60)).toEqual([])
    pod.world({ kind: 'NodeRestarted', node: 'node-1' })
    const lines = pod.until(90)
    expect(told(lines)[0]).toBe('SandboxChanged: Pod sandbox changed, it will be killed and re-created.')
    expect(rows(lines).at(-1)).toBe('61.6 Running init=Completed:0+#1 nginx=running+#1')
    expect(pod.pod().status.podIP).not.toBe(before)
  })

  it('lets a process on a partitioned node go on after its object was force-deleted, until the node is back', () => {
    const volumes = [{ name: 'shared', nfs: { server: 'nfs.example.com', path: '/exports' } }]
    const pod = bench('kubelet', { containers: [{ ...nginx, volumeMounts: [{ name: 'shared', mountPath: '/data' }] }], volumes })
    pod.until(30)
    const { uid } = pod.pod().metadata
    pod.world({ kind: 'NodePartitioned', node: 'node-1' })
    pod.remove(0)
    pod.until(600)
    const { simulation } = pod
    const state = (): string | undefined => containerState(pod, uid)
    expect(state()).toBe('running')
    const files = fileSystemOf(simulation.state().cluster.world, simulation.reader(), uid, 'nginx')
    const written = files?.write('/data/ghost', 'still here')
    expect(written).toEqual({ kind: 'FileWritten', asset: 'nfs:nfs.example.com/exports', path: '/ghost', content: 'still here' })
    pod.world({ kind: 'NodeReconnected', node: 'node-1' })
    pod.until(610)
    expect(state()).toBe(undefined)
  })

  it('waits for a volume and says why, with doubling delays', () => {
    const pod = bench('kubelet', { containers: [nginx], volumes: [{ name: 'settings', configMap: { name: 'web' } }] })
    const message = 'FailedMount: MountVolume.SetUp failed for volume "settings" : configmap "web" not found'
    expect(told(pod.until(6))).toEqual([message, `${message} x2`, `${message} x3`, `${message} x4`])
    pod.send({ kind: 'CreateObject', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web', namespace: 'default' } } })
    expect(rows(pod.until(20)).at(-1)).toBe('11.5 Running nginx=running+')
  })

  it('starts crashed containers again on a partitioned node and says so when it is back', () => {
    const pod = bench('kubelet', { containers: [nginx] })
    pod.until(30)
    const { uid } = pod.pod().metadata
    pod.world({ kind: 'NodePartitioned', node: 'node-1' })
    pod.world({ kind: 'ContainerExited', podUid: uid, container: 'nginx', exitCode: 1, reason: 'Error', unexpected: true })
    expect(pod.until(60)).toEqual([])
    expect(containerState(pod, uid)).toBe('running')
    pod.world({ kind: 'NodeReconnected', node: 'node-1' })
    expect(rows(pod.until(70))).toEqual(['60.0 Running nginx=running+#1'])
  })

  it('starts a container again with the image that was set', () => {
    const pod = bench('kubelet', { containers: [nginx] })
    pod.until(30)
    const patch = { spec: { containers: [{ name: 'nginx', image: 'nginx:1.28' }] } }
    pod.send({ kind: 'PatchObject', target: { kind: 'Pod', namespace: 'default', name: 'web-0' }, patchType: 'strategic', patch })
    const lines = pod.until(60)
    expect(told(lines).slice(0, 2)).toEqual([
      'Killing: Container nginx definition changed, will be restarted',
      'Pulling: Pulling image "nginx:1.28"',
    ])
    expect(rows(lines).at(-1)).toBe('32.5 Running nginx=running+#1')
  })

  it('fails a Pod at its deadline', () => {
    const pod = bench('kubelet', { containers: [nginx], activeDeadlineSeconds: 20, restartPolicy: 'Never' })
    expect(rows(pod.until(60)).slice(-2)).toEqual(['21.0 Failed nginx=running+', '21.2 Failed nginx=Completed:0'])
    expect(pod.pod().status.reason).toBe('DeadlineExceeded')
  })

  it('evicts a Pod once and keeps it as Failed', () => {
    const pod = bench('kubelet', { containers: [nginx] })
    pod.until(30)
    pod.set({ kind: 'EvictionDue', pods: 'web-*' })
    expect(rows(pod.until(60))).toEqual(['30.0 Failed nginx=Error:137'])
    expect(pod.pod().status.reason).toBe('Evicted')
    expect(pod.pod().status.conditions?.map(({ type }) => type)).toContain('DisruptionTarget')
  })
})

const containerState = ({ simulation }: Bench, uid: string): string | undefined => {
  const { world } = simulation.state().cluster
  return processesIn(world, uid)?.containers[0]?.state
}

describe("the recordings' kubelet", () => {
  it('starts in two writes and stops in two, then deletes', () => {
    const pod = bench('recorded', { containers: [nginx] })
    expect(pod.until(3)).toEqual([
      '1.0 Pending nginx=ContainerCreating',
      '1.3   Pulled: Container image "nginx:1.27" already present on machine and can be accessed by the pod',
      '1.3   Created: Container created',
      '1.3   Started: Container started',
      '1.3 Running nginx=running+',
    ])
    pod.remove()
    expect(pod.until(9)).toEqual([
      '3.0 Running terminating nginx=running+',
      '3.0   Killing: Stopping container nginx',
      '3.0 Running terminating nginx=running+',
      '3.2 Succeeded terminating nginx=Completed:0',
      '3.2 Succeeded terminating nginx=Completed:0',
      '3.2 gone terminating',
    ])
  })

  it('counts a crash as one restart and the release as another', () => {
    const pod = bench('recorded', { containers: [nginx] })
    pod.until(3)
    pod.set({ kind: 'Crashing', pods: 'web-*' })
    expect(rows(pod.until(60))).toEqual(['3.0 Running nginx=CrashLoopBackOff#1'])
    pod.clear('Crashing', 'web-0')
    expect(rows(pod.until(90))).toEqual(['60.0 Running nginx=running+#2'])
  })

  it('holds starts and stops until they are released', () => {
    const pod = bench('recorded', { containers: [nginx] })
    pod.set({ kind: 'StartHeld', pods: 'web-0' })
    expect(rows(pod.until(20))).toEqual(['1.0 Pending nginx=ContainerCreating'])
    pod.clear('StartHeld')
    expect(rows(pod.until(30))).toEqual(['20.0 Running nginx=running+'])
    pod.set({ kind: 'StopHeld', pods: 'web-0' })
    pod.remove()
    expect(rows(pod.until(50))).toEqual(['30.0 Running terminating nginx=running+', '30.0 Running terminating nginx=running+'])
    pod.clear('StopHeld')
    expect(rows(pod.until(60)).at(-1)).toBe('50.0 gone terminating')
  })

  it('gives up on an image that cannot be pulled at once', () => {
    const pod = bench('recorded', { containers: [{ name: 'nginx', image: 'nginx:no-such-tag' }] })
    expect(rows(pod.until(90))).toEqual(['1.0 Pending nginx=ContainerCreating', '1.3 Pending nginx=ImagePullBackOff'])
    pod.remove()
    expect(rows(pod.until(99)).slice(-2)).toEqual(['90.2 Failed terminating nginx=ContainerStatusUnknown:137', '90.2 gone terminating'])
  })
})

describe('a second look', () => {
  for (const profile of ['kubelet', 'recorded'] as const)
    it(`asks for nothing when nothing happened (${profile})`, () => {
      const probe = { tcpSocket: { port: 80 }, periodSeconds: 3 }
      const pod = bench(profile, { containers: [{ ...nginx, readinessProbe: probe, livenessProbe: probe }] })
      const { uid } = pod.pod().metadata
      const lookAgain = (): void => {
        const { simulation } = pod
        const { cluster } = simulation.state()
        for (const key of [`node-1/default/web-0/${uid}`, 'node-1']) {
          const context = {
            key,
            now: simulation.now(),
            reader: simulation.reader(),
            world: cluster.world,
            choose: () => 0,
            memory: 1,
            failures: 0,
          }
          expect(planKubelet(profile, context).next().done).toBe(true)
        }
      }
      const to = (seconds: number): void => {
        for (const { simulation } = pod; simulation.step(seconds * 1_000);) {
          // Between two turns of one instant a kubelet may have work left; it has none once the instant is over.
          if ((simulation.nextDueAt() ?? Number.MAX_SAFE_INTEGER) > simulation.now()) lookAgain()
        }
        pod.simulation.runUntil(seconds * 1_000)
      }
      to(20)
      pod.set({ kind: 'ProbeFailing', pods: 'web-0', probe: 'liveness' })
      to(50)
      pod.clear('ProbeFailing')
      pod.set({ kind: 'Crashing', pods: 'web-0' })
      to(100)
      pod.clear('Crashing')
      to(200)
      pod.world({ kind: 'NodeRestarted', node: 'node-1' })
      to(300)
      pod.remove()
      to(400)
    })
})

describe('what a container sees', () => {
  const claim = {
    kind: 'CreateObject' as const,
    object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web', namespace: 'default' }, data: { 'nginx.conf': 'listen 80;' } },
  }
  const spec = {
    hostname: 'web-0',
    subdomain: 'nginx',
    containers: [
      {
        ...nginx,
        env: [
          { name: 'ME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'URL', value: 'http://$(ME).nginx/$$(x)$(unknown)' },
        ],
        envFrom: [{ prefix: 'C_', configMapRef: { name: 'web' } }],
        volumeMounts: [
          { name: 'html', mountPath: '/usr/share/nginx/html' },
          { name: 'settings', mountPath: '/etc/nginx' },
        ],
      },
    ],
    volumes: [
      { name: 'html', emptyDir: {} },
      { name: 'settings', configMap: { name: 'web' } },
    ],
  }

  it('merges layer, image and mounts', () => {
    const pod = bench('kubelet', spec, [claim])
    pod.until(30)
    const { simulation } = pod
    const files = (): NonNullable<ReturnType<typeof fileSystemOf>> => {
      const found = fileSystemOf(simulation.state().cluster.world, simulation.reader(), pod.pod().metadata.uid, 'nginx')
      if (found === undefined) throw new Error('no such container')
      return found
    }
    const apply = (fact: ReturnType<ReturnType<typeof files>['write']>): void => {
      if (typeof fact === 'string') throw new Error(fact)
      pod.world(fact)
    }
    expect(files().read('/usr/share/nginx/html/index.html')).toBe(undefined)
    apply(files().write('/usr/share/nginx/html/index.html', 'web-0'))
    expect(files().read('/usr/share/nginx/html/index.html')).toBe('web-0')
    expect(files().list('/usr/share/nginx/html')).toEqual(['index.html'])
    expect(files().read('/etc/nginx/nginx.conf')).toBe('listen 80;')
    expect(files().write('/etc/nginx/nginx.conf', '')).toBe('Read-only file system')
    expect(files().write('/no/where', '')).toBe('No such file or directory')
    expect(files().read('/etc/hostname')).toBe('web-0\n')
    apply(files().write('/tmp/note', 'gone with the container'))
    pod.world({
      kind: 'ContainerExited',
      podUid: pod.pod().metadata.uid,
      container: 'nginx',
      exitCode: 1,
      reason: 'Error',
      unexpected: true,
    })
    pod.until(60)
    expect(files().read('/tmp/note')).toBe(undefined)
    expect(files().read('/usr/share/nginx/html/index.html')).toBe('web-0')
    expect(files().list('/')).toEqual(['bin/', 'dev/', 'etc/', 'home/', 'proc/', 'root/', 'run/', 'sys/', 'tmp/', 'usr/', 'var/'])
  })

  it('knows its names and its environment', () => {
    const bed = bench('kubelet', spec, [claim])
    bed.until(30)
    const pod = bed.pod()
    const [container] = pod.spec.containers
    if (container === undefined) throw new Error('no container')
    const environment = environmentOf(pod, container, bed.simulation.reader())
    expect(environment['URL']).toBe('http://web-0.nginx/$(x)$(unknown)')
    expect(environment['C_nginx.conf']).toBe('listen 80;')
    expect(environment['HOSTNAME']).toBe('web-0')
    expect(hostnameOf(pod)).toBe('web-0')
    expect(etcHostsOf(pod, '10.244.0.2', 'cluster.local')).toMatch(/\n10\.244\.0\.2\tweb-0\.nginx\.default\.svc\.cluster\.local\tweb-0\n$/)
    expect(resolvConfOf(pod, { clusterDomain: 'cluster.local', dnsAddress: '10.96.0.10' })).toBe(
      'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
    )
  })
})
