/** Facts about the run itself, beside those about objects and the world. */
import * as t from 'io-ts'

/** Something came from outside: a user's request, a step of a scenario. Running a log again feeds these. */
export const CommandReceived = t.type({ kind: t.literal('CommandReceived'), command: t.unknown })
/** The API refused a command. */
export const CommandRejected = t.intersection([
  t.type({ kind: t.literal('CommandRejected'), command: t.string, on: t.string, reason: t.string, message: t.string }),
  t.partial({ code: t.number }),
])
/** What the plan of a key waits for has changed; an empty list: it waits for nothing. */
export const WaitingChanged = t.type({
  kind: t.literal('WaitingChanged'),
  controller: t.string,
  key: t.string,
  waitingFor: t.readonlyArray(t.type({ kind: t.string, on: t.string, because: t.string })),
})
export const ControllerCrashed = t.type({ kind: t.literal('ControllerCrashed'), controller: t.string })
export const ControllerRestarted = t.type({ kind: t.literal('ControllerRestarted'), controller: t.string })
/** An informer now lags behind the store by so many milliseconds (0: no longer). */
export const InformerLagSet = t.type({ kind: t.literal('InformerLagSet'), controller: t.string, objectKind: t.string, lagMs: t.number })
const apiFault = t.keyof({ conflict: null, 'lost-answer': null, 'lost-request': null, 'too-many-requests': null, 'internal-error': null })
/** The next matching API calls go wrong. */
export const ApiFaultSet = t.intersection([
  t.type({
    kind: t.literal('ApiFaultSet'),
    fault: apiFault,
    times: t.number,
  }),
  t.partial({ controller: t.string, command: t.string, on: t.string }),
])
/** What an API call may be answered instead. */
export type ApiFault = t.TypeOf<typeof apiFault>
// The keys of a codec's table are its literals.
export const apiFaults = Object.keys(apiFault.keys) as readonly ApiFault[]
/** One of them went wrong. */
export const ApiFaultStruck = t.type({ kind: t.literal('ApiFaultStruck'), fault: t.string, command: t.string, on: t.string })

export type CommandReceived = t.TypeOf<typeof CommandReceived>
export type CommandRejected = t.TypeOf<typeof CommandRejected>
export type WaitingChanged = t.TypeOf<typeof WaitingChanged>
export type ApiFaultSet = t.TypeOf<typeof ApiFaultSet>
export type EngineEvent =
  | CommandReceived
  | CommandRejected
  | WaitingChanged
  | t.TypeOf<typeof ControllerCrashed>
  | t.TypeOf<typeof ControllerRestarted>
  | t.TypeOf<typeof InformerLagSet>
  | ApiFaultSet
  | t.TypeOf<typeof ApiFaultStruck>

const engineKinds: ReadonlySet<string> = new Set([
  'CommandReceived',
  'CommandRejected',
  'WaitingChanged',
  'ControllerCrashed',
  'ControllerRestarted',
  'InformerLagSet',
  'ApiFaultSet',
  'ApiFaultStruck',
])
export const isEngineEvent = (event: { readonly kind: string }): event is EngineEvent => engineKinds.has(event.kind)
