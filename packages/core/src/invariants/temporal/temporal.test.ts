import { describe, expect, it } from 'vitest'
import type { ClusterEvent } from '../../cluster/events.js'
import { defineController } from '../../simulation/define-controller.js'
import { defaultClusterSettings, makeControllers } from '../../simulation/default-controllers.js'
import { beginHistory, plainSet, type History } from '../../testing/history.js'
import type { RecordedEvent } from '../../kernel/recorded-event.js'
import { debtsOf } from './convergence.js'
import { findDisorder } from './log-order.js'
import { unrestIn } from './quiet.js'

const history: History = {
  seed: 2,
  nodes: 1,
  set: { ...plainSet, replicas: 2 },
  steps: [],
}

describe('what is owed', () => {
  it('is nothing once the desired state is reached', () => {
    const simulation = beginHistory(history)
    simulation.runUntil(60_000)
    expect(debtsOf(simulation.state().cluster)).toEqual([])
  })

  it('names the whole chain: the set waits for a Pod, the Pod for its claim, the claim for a provisioner', () => {
    const simulation = beginHistory({ ...history, set: { ...history.set, claims: 'immediate' } })
    simulation.submit({
      kind: 'ActOnWorld',
      event: { kind: 'BehaviourSet', behaviour: { kind: 'ProvisionerFailing', provisioners: '*', message: 'quota exceeded' } },
    })
    simulation.runUntil(60_000)
    const debts = debtsOf(simulation.state().cluster)
    const ofSet = debts.find(({ of }) => of === 'StatefulSet default/web')
    expect(ofSet?.message).toBe('web-0 is Pending; expected it to be Ready')
    const chain = ofSet?.waitsFor.join('\n') ?? ''
    expect(chain).toContain(
      'web-0 is not Running and Ready; OrderedReady neither creates, removes nor updates other Pods before it is (statefulset-controller)',
    )
    expect(chain).toContain('pod has unbound immediate PersistentVolumeClaims')
    expect(chain).toContain('quota exceeded')
    const ofClaim = debts.find(({ of }) => of === 'Claim default/www-web-0')
    expect(ofClaim?.waitsFor.join('\n')).toContain('quota exceeded')
  })

  it('tells of a name that is taken', () => {
    const simulation = beginHistory(history)
    simulation.runUntil(60_000)
    simulation.submit({
      kind: 'PatchObject',
      target: { kind: 'Pod', namespace: 'default', name: 'web-1' },
      patchType: 'merge',
      patch: { metadata: { labels: { app: 'other' } } },
    })
    simulation.runUntil(70_000)
    expect(debtsOf(simulation.state().cluster)[0]?.waitsFor[0]).toBe(
      'the name web-1 is taken by a Pod of nobody: the set cannot create its own until that is gone',
    )
  })
})

describe('a cluster that nobody disturbs', () => {
  it('falls silent', () => {
    const simulation = beginHistory(history)
    simulation.runUntil(60_000)
    const from = simulation.log().length
    simulation.runUntil(600_000)
    expect(unrestIn(simulation.log().slice(from))).toBeUndefined()
  })

  it('does not when two controllers undo each other: the cycle is named', () => {
    const pingPong = (name: string, value: string) =>
      defineController({
        name,
        watches: { Service: ({ object }) => [{ key: object.metadata.name }] },
        plan: ({ reader }) =>
          reader.get('Service', 'default', 'web')?.metadata.labels?.['owner'] === value
            ? []
            : [
                {
                  kind: 'PatchObject',
                  target: { kind: 'Service', namespace: 'default', name: 'web' },
                  patchType: 'merge',
                  patch: { metadata: { labels: { owner: value } } },
                },
              ],
      })
    const simulation = beginHistory(
      { ...history, set: { ...history.set, replicas: 0 } },
      { controllers: [...makeControllers(defaultClusterSettings), pingPong('ping', 'ping'), pingPong('pong', 'pong')] },
    )
    simulation.runUntil(1_000)
    const from = simulation.log().length
    simulation.runUntil(3_000)
    const unrest = unrestIn(
      simulation
        .log()
        .slice(from)
        .filter(({ actor }) => actor === 'ping' || actor === 'pong'),
    )
    expect(new Set(unrest?.cycle)).toEqual(new Set(['ping ServiceChanged Service/default/web', 'pong ServiceChanged Service/default/web']))
    expect(unrest?.repeats).toBeGreaterThan(100)
  })
})

describe('the order of a log', () => {
  const event: ClusterEvent = { kind: 'ControllerCrashed', controller: 'kubelet' }
  const recorded = (seq: number, rest: Partial<RecordedEvent<ClusterEvent>> = {}): RecordedEvent<ClusterEvent> => ({
    seq,
    turn: seq,
    at: seq * 10,
    causedBy: null,
    actor: 'user',
    event,
    ...rest,
  })

  it.each([
    ['event 2 (ControllerCrashed) follows event 0', [recorded(0), recorded(2)]],
    [
      'event 1 (ControllerCrashed) is at 5 ms, after event 0 at 9 ms; expected time never to fall',
      [recorded(0, { at: 9 }), recorded(1, { at: 5 })],
    ],
    ['event 1 (ControllerCrashed) is in turn 0, after turn 3', [recorded(0, { turn: 3 }), recorded(1, { turn: 0 })]],
    ['event 1 (ControllerCrashed) is at 10 ms, but its turn 0 is at 0 ms', [recorded(0), recorded(1, { turn: 0 })]],
    ['event 0 (ControllerCrashed) names event 0 as its cause; expected an earlier one', [recorded(0, { causedBy: 0 })]],
    ['event 0 (ControllerCrashed) does not say who did it', [recorded(0, { actor: '' })]],
  ])('%s', (sentence, log) => {
    expect(findDisorder(log)).toBe(sentence)
  })

  it('is right in every run', () => {
    const simulation = beginHistory(history)
    simulation.runUntil(60_000)
    expect(findDisorder(simulation.log())).toBeUndefined()
    expect(findDisorder([])).toBeUndefined()
  })
})
