/**
 * Which change made a Service's endpoints what they are: the earliest change that was not seen before, for the annotation
 * `endpoints.kubernetes.io/last-change-trigger-time`. Shared by the controllers of Endpoints and EndpointSlices.
 */
import type { Pod, Service } from '../api/generated/types.js'
import { isJsonObject, type Json } from '../kernel/json.js'

export const lastChangeTriggerTime = 'endpoints.kubernetes.io/last-change-trigger-time'

/** Timestamps sort as text. */
interface Seen {
  readonly service: string
  readonly pods: { readonly [name: string]: string }
}

export interface Trigger {
  /** Absent when nothing new triggered this look. */
  readonly time: string | undefined
  /** What has been seen by now: the memory of the key. */
  readonly memory: Json
}

const nothingSeen: Seen = { service: '', pods: {} }

const seenOf = (memory: Json | undefined): Seen => {
  if (!isJsonObject(memory) || typeof memory['service'] !== 'string' || !isJsonObject(memory['pods'])) return nothingSeen
  // Only this module writes this memory, and it writes texts.
  return { service: memory['service'], pods: memory['pods'] as Seen['pods'] }
}

// Follows ComputeEndpointLastChangeTriggerTime in staging/src/k8s.io/endpointslice/util/trigger_time_tracker.go.
export const triggerOf = (service: Service, pods: readonly Pod[], memory: Json | undefined): Trigger => {
  const seen = seenOf(memory)
  let time: string | undefined
  const consider = (changedAt: string, seenAt: string): void => {
    if (changedAt > seenAt && (time === undefined || changedAt < time)) time = changedAt
  }
  const seenPods: { [name: string]: string } = {}
  for (const pod of pods) {
    const changedAt = pod.status.conditions?.find((condition) => condition.type === 'Ready')?.lastTransitionTime
    if (changedAt === undefined) continue
    consider(changedAt, seen.pods[pod.metadata.name] ?? '')
    seenPods[pod.metadata.name] = changedAt
  }
  consider(service.metadata.creationTimestamp, seen.service)
  return { time, memory: { service: service.metadata.creationTimestamp, pods: seenPods } }
}
