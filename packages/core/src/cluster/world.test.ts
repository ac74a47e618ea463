import { describe, expect, it } from 'vitest'
import { isRight } from 'fp-ts/lib/Either.js'
import { containerCrashLoop, healContainerCrashLoop } from '../faults/container-crash.js'
import { imagePullFailure } from '../faults/image-pull-failure.js'
import { stuckAttach } from '../faults/stuck-attach.js'
import { canonicalJson } from '../kernel/canonical-json.js'
import { reduceWorld } from './reduce-world.js'
import { WorldEvent } from './world-events.js'
import {
  disksInUseOn,
  initialWorld,
  jsonOfWorld,
  lastHeartbeatOf,
  matchesPattern,
  podAtAddress,
  podBehaviour,
  processesOf,
  pullRefusalOf,
  recordedSettings,
  storageBehaviour,
  worldOfJson,
  type World,
} from './world.js'

const happened = (...facts: readonly (readonly [number, WorldEvent])[]): World =>
  facts.reduce((world, [at, event]) => reduceWorld(world, event, at), initialWorld(recordedSettings))

const added = (node: string): readonly [number, WorldEvent] => [0, { kind: 'MachineAdded', node, address: '192.0.2.1' }]
const sandbox: readonly [number, WorldEvent] = [
  10,
  {
    kind: 'SandboxCreated',
    podUid: 'u',
    namespace: 'default',
    name: 'web-0',
    node: 'n1',
    address: '10.244.0.3',
    readyAt: 10,
    volumes: [
      { name: 'data', asset: 'disk:d1' },
      { name: 'scratch', asset: 'empty:u/scratch' },
    ],
  },
]
const created = (at: number): readonly [number, WorldEvent] => [
  at,
  { kind: 'ContainerCreated', podUid: 'u', container: 'c', image: 'nginx', startsAt: at },
]
const started = (at: number): readonly [number, WorldEvent] => [at, { kind: 'ContainerStarted', podUid: 'u', container: 'c' }]
const exited = (at: number): readonly [number, WorldEvent] => [
  at,
  { kind: 'ContainerExited', podUid: 'u', container: 'c', exitCode: 1, reason: 'Error' },
]

describe('machines', () => {
  it('are heard of every period until they fall silent, and again from their return', () => {
    const world = happened(added('n1'), [4_200, { kind: 'NodePartitioned', node: 'n1' }])
    expect(lastHeartbeatOf(happened(added('n1')), 'n1', 3_999)).toBe(3_000)
    expect(lastHeartbeatOf(world, 'n1', 60_000)).toBe(4_000)
    expect(lastHeartbeatOf(reduceWorld(world, { kind: 'NodeReconnected', node: 'n1' }, 70_500), 'n1', 72_000)).toBe(71_500)
  })

  it('lose processes and addresses with their power, but not their files', () => {
    const world = happened(
      added('n1'),
      sandbox,
      created(20),
      started(20),
      [30, { kind: 'FileWritten', asset: 'disk:d1', path: '/a', content: 'x' }],
      [40, { kind: 'NodeCrashed', node: 'n1' }],
    )
    expect(processesOf(world, 'u')?.containers[0]).toMatchObject({ state: 'exited', finished: { exitCode: 255, reason: 'Unknown' } })
    expect(podAtAddress(world, '10.244.0.3')).toBe(undefined)
    expect(world.assets.size).toBe(1)
  })
})

describe('containers', () => {
  const delays = [
    { what: 'first exit', exits: 1, delayMs: undefined },
    { what: 'second', exits: 2, delayMs: 10_000 },
    { what: 'third', exits: 3, delayMs: 20_000 },
    { what: 'seventh', exits: 7, delayMs: 300_000 },
    { what: 'ninth', exits: 9, delayMs: 300_000 },
  ]
  for (const { what, exits, delayMs } of delays)
    it(`back off: ${what}`, () => {
      const facts = [added('n1'), sandbox]
      for (let exit = 0; exit < exits; exit += 1) facts.push(created(100 * exit + 20), started(100 * exit + 20), exited(100 * exit + 30))
      expect(processesOf(happened(...facts), 'u')?.containers[0]?.backOff?.delayMs).toBe(delayMs)
    })

  it('begin from the start after ten good minutes', () => {
    const world = happened(
      added('n1'),
      sandbox,
      created(20),
      started(20),
      exited(30),
      created(40),
      started(40),
      exited(50),
      created(60),
      started(60),
      exited(700_000),
      created(700_010),
    )
    expect(processesOf(world, 'u')?.containers[0]?.backOff?.delayMs).toBe(10_000)
  })

  it('cannot end twice', () => {
    expect(() => happened(added('n1'), sandbox, created(20), started(20), exited(30), exited(31))).toThrow('exited twice')
  })

  it('leave nothing but what outlives them', () => {
    const files: readonly WorldEvent[] = ['disk:d1', 'empty:u/scratch', 'layer:u/c/0'].map((asset) => ({
      kind: 'FileWritten',
      asset,
      path: '/a',
      content: 'x',
    }))
    const world = files.reduce((before, event) => reduceWorld(before, event, 30), happened(added('n1'), sandbox, created(20), started(20)))
    expect(disksInUseOn(world, 'n1')).toEqual(['d1'])
    const after = reduceWorld(world, { kind: 'SandboxRemoved', podUid: 'u' }, 40)
    expect(Object.keys(jsonOfWorld(after)['assets'] ?? {})).toEqual(['disk:d1'])
    expect(disksInUseOn(after, 'n1')).toEqual([])
  })
})

describe('behaviours', () => {
  const pod = { namespace: 'default', name: 'web-1' }

  it('hold for a pattern, and a name inside it can be exempted', () => {
    const looping = happened([0, containerCrashLoop({ pods: 'web-*' }).event])
    expect(podBehaviour(looping, 'Crashing', pod)?.exitCode).toBe(1)
    const healed = reduceWorld(looping, healContainerCrashLoop('web-1').event, 1)
    expect(podBehaviour(healed, 'Crashing', pod)).toBe(undefined)
    expect(podBehaviour(healed, 'Crashing', { ...pod, name: 'web-2' })?.exitCode).toBe(1)
    const again = reduceWorld(healed, containerCrashLoop({ pods: 'web-1', exitCode: 3 }).event, 2)
    expect(podBehaviour(again, 'Crashing', pod)?.exitCode).toBe(3)
  })

  it('reach images and volumes', () => {
    const world = happened([0, imagePullFailure({ images: 'redis:*' }).event], [0, stuckAttach({ volumes: 'pvc-*', node: 'n1' }).event])
    expect(pullRefusalOf(world, 'redis:7')).toBe('not found')
    expect(pullRefusalOf(world, 'nginx:no-such-tag')).toBe('not found')
    expect(pullRefusalOf(world, 'nginx:1')).toBe(undefined)
    expect(storageBehaviour(world, 'AttachStuck', ['h1', 'pvc-1'], 'n1')?.kind).toBe('AttachStuck')
    expect(storageBehaviour(world, 'AttachStuck', ['h1', 'pvc-1'], 'n2')).toBe(undefined)
  })

  const patterns: readonly (readonly [string, string, boolean])[] = [
    ['web-*', 'web-0', true],
    ['web-?', 'web-10', false],
    ['*-0', 'a-b-0', true],
    ['*', '', true],
    ['web', 'web-0', false],
    ['w*b*0', 'web-b-00', true],
  ]
  for (const [pattern, text, expected] of patterns)
    it(`${pattern} ${expected ? 'matches' : 'does not match'} ${text === '' ? 'nothing' : text}`, () =>
      expect(matchesPattern(pattern, text)).toBe(expected))
})

describe('a saved world', () => {
  const facts = [
    added('n1'),
    sandbox,
    created(20),
    started(20),
    exited(30),
    [40, { kind: 'VolumeAttached', volume: 'd1', node: 'n1' }] as const,
    [50, containerCrashLoop({ pods: 'web-*' }).event] as const,
  ]

  it('is the same when it is read again', () => {
    const json = JSON.stringify(jsonOfWorld(happened(...facts)))
    const read = worldOfJson(JSON.parse(json))
    expect(canonicalJson(jsonOfWorld(read))).toBe(canonicalJson(JSON.parse(json)))
    const next: WorldEvent = { kind: 'NodeRestarted', node: 'n1' }
    expect(JSON.stringify(jsonOfWorld(reduceWorld(read, next, 60)))).toBe(
      JSON.stringify(jsonOfWorld(reduceWorld(happened(...facts), next, 60))),
    )
  })

  it('has facts that the log can hold', () => {
    for (const [, event] of facts) expect(isRight(WorldEvent.decode(JSON.parse(JSON.stringify(event))))).toBe(true)
    expect(isRight(WorldEvent.decode({ kind: 'NodeExploded', node: 'n1' }))).toBe(false)
  })
})
