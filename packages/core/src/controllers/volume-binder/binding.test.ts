import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { Event } from '../../api/generated/types.js'
import type { UnstoredObject } from '../../api/object.js'
import type { ClusterCommand } from '../../cluster/commands.js'
import { isObjectChanged, isObjectCreated, isObjectDeleted } from '../../cluster/object-events.js'
import { recordedClusterSettings } from '../../simulation/default-controllers.js'
import { createSimulation } from '../../simulation/create-simulation.js'
import type { Simulation } from '../../simulation/simulation.js'
import { claimProtectionController } from '../claim-protection/controller.js'
import { kubeSchedulerController } from '../kube-scheduler/controller.js'
import { provisionerController } from '../provisioner/controller.js'
import { volumeProtectionController } from '../volume-protection/controller.js'
import { volumeBinderController } from './controller.js'

const cluster = (): Simulation =>
  createSimulation({
    seed: 1,
    settings: recordedClusterSettings,
    controllers: [
      volumeBinderController,
      provisionerController,
      claimProtectionController,
      volumeProtectionController,
      kubeSchedulerController,
    ],
  })

const submit = (simulation: Simulation, command: ClusterCommand): void => {
  const answer = simulation.submit(command)
  if (E.isLeft(answer)) throw new Error(answer.left.message)
}
const make = (simulation: Simulation, object: object): void => {
  submit(simulation, { kind: 'CreateObject', object: object as UnstoredObject })
}

interface VolumeShape {
  readonly size?: string
  readonly modes?: readonly string[]
  readonly className?: string
  readonly policy?: string
  readonly labels?: { readonly [key: string]: string }
  readonly claimRef?: object
}
const aVolume = (name: string, { size = '1Gi', modes = ['ReadWriteOnce'], className, policy, labels, claimRef }: VolumeShape = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name, labels },
  spec: {
    capacity: { storage: size },
    accessModes: modes,
    storageClassName: className,
    persistentVolumeReclaimPolicy: policy,
    claimRef,
    nfs: { server: 'nfs.example.com', path: `/${name}` },
  },
})
interface ClaimShape {
  readonly size?: string
  readonly modes?: readonly string[]
  readonly className?: string
  readonly volumeName?: string
  readonly selector?: object
}
const aClaim = (name: string, { size = '1Gi', modes = ['ReadWriteOnce'], className = '', volumeName, selector }: ClaimShape = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default' },
  spec: { accessModes: modes, resources: { requests: { storage: size } }, storageClassName: className, volumeName, selector },
})
const aClass = (name: string, provisioner: string, volumeBindingMode = 'Immediate', reclaimPolicy = 'Delete') => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner,
  volumeBindingMode,
  reclaimPolicy,
})
const namespaces = [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } }]

const clean = (object: object): object => JSON.parse(JSON.stringify(object)) as object

const after = (ms: number, ...objects: readonly object[]): Simulation => {
  const simulation = cluster()
  for (const object of [...namespaces, ...objects]) make(simulation, clean(object))
  simulation.runUntil(ms)
  return simulation
}

const volumeOf = (simulation: Simulation, claim: string): string =>
  simulation.reader().get('PersistentVolumeClaim', 'default', claim)?.spec.volumeName ?? 'nothing'
const told = (simulation: Simulation, name: string): readonly string[] =>
  simulation
    .reader()
    .list('Event')
    .filter((event: Event) => event.involvedObject.name === name)
    .map(({ type, reason, message }) => `${type ?? ''} ${reason ?? ''} ${message ?? ''}`)
const phases = (simulation: Simulation, volume: string): string | undefined =>
  simulation.reader().get('PersistentVolume', '', volume)?.status.phase

describe('a claim takes', () => {
  it.each([
    [
      'the smallest volume that is large enough',
      [aVolume('a', { size: '5Gi' }), aVolume('b', { size: '2Gi' }), aVolume('c', { size: '3Gi' })],
      aClaim('www', { size: '2Gi' }),
      'b',
    ],
    ['the first by name of equal ones', [aVolume('b'), aVolume('a')], aClaim('www'), 'a'],
    [
      'a large one with few access modes rather than a small one with many',
      [aVolume('a', { size: '100Gi' }), aVolume('b', { modes: ['ReadWriteOnce', 'ReadWriteMany'] })],
      aClaim('www'),
      'a',
    ],
    ['one with more modes when nothing else is there', [aVolume('b', { modes: ['ReadWriteOnce', 'ReadWriteMany'] })], aClaim('www'), 'b'],
    ['nothing that lacks its mode', [aVolume('a', { modes: ['ReadWriteMany'] })], aClaim('www'), 'nothing'],
    ['nothing that is too small', [aVolume('a')], aClaim('www', { size: '2Gi' }), 'nothing'],
    ['nothing of another class', [aVolume('a', { className: 'fast' })], aClaim('www'), 'nothing'],
    [
      'one of its own class though nobody made the class',
      [aVolume('a', { className: 'manual' })],
      aClaim('www', { className: 'manual' }),
      'a',
    ],
    [
      'only what its selector allows',
      [aVolume('a'), aVolume('b', { labels: { tier: 'gold' } })],
      aClaim('www', { selector: { matchLabels: { tier: 'gold' } } }),
      'b',
    ],
    [
      'what is reserved for it, though it is larger',
      [aVolume('a'), aVolume('b', { size: '9Gi', claimRef: { namespace: 'default', name: 'www' } })],
      aClaim('www'),
      'b',
    ],
    [
      'nothing that is reserved for another',
      [aVolume('a', { claimRef: { namespace: 'default', name: 'other' } })],
      aClaim('www'),
      'nothing',
    ],
    ['the volume it names', [aVolume('a'), aVolume('b', { size: '9Gi' })], aClaim('www', { volumeName: 'b' }), 'b'],
  ])('%s', (_, volumes, claim, expected) => {
    const simulation = after(100, ...volumes)
    make(simulation, clean(claim))
    simulation.runUntil(200)
    expect(volumeOf(simulation, 'www')).toBe(expected)
  })

  it('four writes, in this order, and the size of the volume', () => {
    const simulation = after(100, aVolume('a', { size: '5Gi' }))
    make(simulation, clean(aClaim('www')))
    const before = simulation.state().seq
    simulation.runUntil(200)
    const writes = simulation
      .log()
      .filter(({ seq, event }) => seq >= before && (isObjectChanged(event) || isObjectCreated(event) || isObjectDeleted(event)))
    expect(writes.map(({ event }) => event.kind)).toEqual(['VolumeChanged', 'VolumeBound', 'ClaimChanged', 'ClaimBound'])
    expect(simulation.reader().get('PersistentVolumeClaim', 'default', 'www')?.status).toEqual({
      phase: 'Bound',
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '5Gi' },
    })
  })

  it('one volume each, though all ask at the same instant', () => {
    const simulation = after(100, aVolume('a'), aVolume('b'))
    for (const name of ['x', 'y', 'z']) make(simulation, clean(aClaim(name)))
    simulation.runUntil(200)
    expect(new Set(['x', 'y', 'z'].map((name) => volumeOf(simulation, name)))).toEqual(new Set(['a', 'b', 'nothing']))
  })
})

describe('a claim that waits', () => {
  it('finds a new volume at the next resync, not before', () => {
    const simulation = after(100, aClaim('www'))
    make(simulation, clean(aVolume('a')))
    simulation.runUntil(14_900)
    expect([phases(simulation, 'a'), volumeOf(simulation, 'www')]).toEqual(['Available', 'nothing'])
    simulation.runUntil(15_010)
    expect([phases(simulation, 'a'), volumeOf(simulation, 'www')]).toEqual(['Bound', 'a'])
  })

  it.each([
    ['no class', aClaim('www'), [], 'Normal FailedBinding no persistent volumes available for this claim and no storage class is set'],
    [
      'a class that does not exist',
      aClaim('www', { className: 'x' }),
      [],
      'Warning ProvisioningFailed storageclass.storage.k8s.io "x" not found',
    ],
    [
      'a class that makes nothing',
      aClaim('www', { className: 'x' }),
      [aClass('x', 'kubernetes.io/no-provisioner')],
      'Warning ProvisioningFailed no volume plugin matched name: kubernetes.io/no-provisioner',
    ],
    [
      'a class that waits',
      aClaim('www', { className: 'x' }),
      [aClass('x', 'example.com/nfs', 'WaitForFirstConsumer')],
      'Normal WaitForFirstConsumer waiting for first consumer to be created before binding',
    ],
    [
      'a volume that is too small',
      aClaim('www', { volumeName: 'a', size: '2Gi' }),
      [aVolume('a')],
      'Warning VolumeMismatch Cannot bind to requested volume "a": requested PV is too small',
    ],
    [
      'a volume of another claim',
      aClaim('www', { volumeName: 'a' }),
      [aVolume('a', { claimRef: { namespace: 'default', name: 'other' } })],
      'Warning FailedBinding volume "a" already bound to a different claim.',
    ],
    [
      'a provisioner that nobody runs',
      aClaim('www', { className: 'x' }),
      [aClass('x', 'example.org/unknown')],
      "Normal ExternalProvisioning Waiting for a volume to be created either by the external provisioner 'example.org/unknown' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
    ],
  ])('says that it waits for %s', (_, claim, others, message) => {
    expect(told(after(500, ...others, claim), 'www')).toContain(message)
  })
})

describe('when its claim is gone, a volume', () => {
  const story = (policy: string): Simulation => {
    const simulation = after(100, aVolume('a', { policy }))
    make(simulation, clean(aClaim('www')))
    simulation.runUntil(200)
    submit(simulation, { kind: 'DeleteObject', target: { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'www' }, options: {} })
    simulation.runUntil(400)
    return simulation
  }
  it('is kept as it was, and serves nobody any more', () => {
    const simulation = story('Retain')
    expect(phases(simulation, 'a')).toBe('Released')
    make(simulation, clean(aClaim('www')))
    simulation.runUntil(40_000)
    expect(volumeOf(simulation, 'www')).toBe('nothing')
  })
  it('is emptied and free again', () => expect(phases(story('Recycle'), 'a')).toBe('Available'))
  it('fails when nobody can delete it', () => {
    const simulation = story('Delete')
    expect(phases(simulation, 'a')).toBe('Failed')
    expect(told(simulation, 'a')).toContain(
      'Warning VolumeFailedDelete error getting deleter volume plugin for volume "a": no deletable volume plugin matched',
    )
  })
})

describe('a volume made on demand', () => {
  const nfs = aClass('standard', 'example.com/nfs')
  it('comes with its claim, at the provisioner’s place, and goes with it', () => {
    const simulation = after(500, nfs, aClaim('www', { className: 'standard' }))
    const name = volumeOf(simulation, 'www')
    const volume = simulation.reader().get('PersistentVolume', '', name)
    expect(name).toBe(`pvc-${simulation.reader().get('PersistentVolumeClaim', 'default', 'www')?.metadata.uid ?? ''}`)
    expect(volume?.spec.nfs).toEqual({ server: 'nfs.example.com', path: `/exports/default-www-${name}` })
    expect(volume?.metadata.annotations).toEqual({ 'pv.kubernetes.io/provisioned-by': 'example.com/nfs' })
    expect(told(simulation, 'www').map((text) => text.split(' ')[1])).toEqual(
      expect.arrayContaining(['Provisioning', 'ProvisioningSucceeded', 'ExternalProvisioning']),
    )
    submit(simulation, { kind: 'DeleteObject', target: { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'www' }, options: {} })
    simulation.runUntil(1_000)
    expect(simulation.reader().list('PersistentVolume')).toEqual([])
  })

  it('is tried again when the provisioner fails, and made when it is well again', () => {
    const simulation = after(0, nfs)
    submit(simulation, {
      kind: 'ActOnWorld',
      event: { kind: 'BehaviourSet', behaviour: { kind: 'ProvisionerFailing', provisioners: 'standard', message: 'no space left' } },
    })
    make(simulation, clean(aClaim('www', { className: 'standard' })))
    simulation.runUntil(1_000)
    expect(told(simulation, 'www')).toContain(
      'Warning ProvisioningFailed failed to provision volume with StorageClass "standard": no space left',
    )
    submit(simulation, { kind: 'ActOnWorld', event: { kind: 'BehaviourCleared', behaviour: 'ProvisionerFailing', target: 'standard' } })
    simulation.runUntil(20_000)
    expect(volumeOf(simulation, 'www')).toMatch(/^pvc-/)
  })

  it('is protected while it is bound', () => {
    const simulation = after(500, nfs, aClaim('www', { className: 'standard' }))
    const name = volumeOf(simulation, 'www')
    submit(simulation, { kind: 'DeleteObject', target: { kind: 'PersistentVolume', namespace: '', name }, options: {} })
    simulation.runUntil(5_000)
    expect(simulation.reader().get('PersistentVolume', '', name)?.metadata.deletionTimestamp).toBeDefined()
    submit(simulation, { kind: 'DeleteObject', target: { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'www' }, options: {} })
    simulation.runUntil(6_000)
    expect(simulation.reader().list('PersistentVolume')).toEqual([])
  })
})
