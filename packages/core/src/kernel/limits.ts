/** Every bound in one place, each with its reason. Reaching one is a named outcome, never a hang. */
export const limits = {
  /** Commands of one plan: a sync of a set of 5,000 replicas needs about 15,000; more is a loop. */
  commandsPerPlanMax: 200_000,
  /** Turns at one instant of simulated time: a healthy cluster needs a few hundred for each Pod; more is a hot loop. */
  turnsPerInstantMax: 2_000_000,
  /** Turns of one run unless the caller says otherwise: a day of a small cluster. */
  turnsPerRunMax: 50_000_000,
  /** First delay and cap of the work queue's back-off, ms. Follows DefaultTypedControllerRateLimiter in client-go/util/workqueue. */
  backOffFirstMs: 5,
  backOffMaxMs: 1_000_000,
  /** How long one API write keeps a controller's worker busy: 4 to 8 ms in recordings of a real control plane. */
  apiWriteMs: 4,
  /** Writes go out in parallel batches, so a long sync is not busy longer than this. */
  syncWritingMaxMs: 100,
  /** Events of one object kept for correlation, ten minutes. Follows client-go/tools/record/events_cache.go. */
  eventSimilarMax: 10,
  eventWindowMs: 600_000,
  /** Replicas above this end a scenario's run before they eat the memory: 100,000 Pods take 4 GB. */
  replicasMax: 100_000,
  /** What a report says of one set that it lacks: more is the same once more. */
  debtsOfSetMax: 1_000,
} as const
