/** The public surface of the simulator: explicit named exports, in the order of the picture. */
export { engineVersion } from './engine-version.js'
export type { Json, JsonObject } from './kernel/json.js'
export { isJsonObject } from './kernel/json.js'
export type { SimTime } from './kernel/sim-time.js'
export { microTimestampOf, simTimeOf, timestampOf } from './kernel/sim-time.js'
export type { KubernetesObject, ObjectRef, StoredObjectMeta, UnstoredObject } from './api/object.js'
export type { ApiStatus, ApiStatusReason, FieldError } from './api/api-status.js'
export type { ApiCommand, FieldValidation, ApiResult, DeleteOptions, Subresource } from './cluster/api-commands.js'
export type { Kind, Reader } from './cluster/reader.js'
export type { ApiResource } from './api/resources.js'
export { allResources, apiVersionOf, qualifiedResource, resourceOfKind, resourceOfName, resourcesOfCategory } from './api/resources.js'
export type { Table, TableColumn, TableRow } from './api/tables/table.js'
export { tableOf } from './api/tables/table.js'
export { ageOf, humanDuration } from './api/tables/human-duration.js'
export type { Quantity } from './api/quantity.js'
export {
  addQuantities,
  compareQuantities,
  formatQuantity,
  integerValueOf,
  milliValueOf,
  parseQuantity,
  quantityOf,
  zeroQuantity,
} from './api/quantity.js'
export { formatLabelSelector, matchesSelector, parseSelector, selectorMatches } from './api/label-selector.js'
export { fieldSelectorRefusal, matchesFieldSelector, parseFieldSelector } from './api/field-selector.js'
export type { Choose, ChoiceAddress } from './kernel/choose.js'
export { overriddenChoose, seededChoose } from './kernel/choose.js'
export type { DecideContext, Decider } from './kernel/decider.js'
export type { RecordedEvent } from './kernel/recorded-event.js'
export type { RunningHash, Sha256 } from './kernel/hash.js'
export { portableSha256, utf8Bytes } from './kernel/hash.js'
export { chainDigest, digestStart } from './kernel/log-digest.js'
export { canonicalJson } from './kernel/canonical-json.js'
export { AssertionFailed, assert } from './kernel/assert.js'
export { limits } from './kernel/limits.js'
export { forEachDifference } from './kernel/map-difference.js'
export { entriesOf, getAt, hasAt, sizeOf, valuesOf, type PersistentMap } from './kernel/persistent-map.js'
export { applyDifference, deepEqual, differenceOf } from './kernel/object-difference.js'
export { itemsOf, type AgendaItem } from './kernel/agenda.js'
export { controllerRefOf, keyOf, keyOfObject, refOf, splitKey } from './api/object.js'
export { warningsOfRequest } from './cluster/warnings-of-request.js'
export type { Container, Kinds, Node, Pod, PersistentVolume, PersistentVolumeClaim, Service, StatefulSet } from './api/generated/types.js'
export type { ClusterCommand, EngineCommand } from './cluster/commands.js'
export { ClusterEvent } from './cluster/events.js'
export { isObjectChanged, isObjectCreated, isObjectDeleted, splitObjectPath, subjectNameOf } from './cluster/object-events.js'
export type { KubernetesEventRecorded, KubernetesEventRepeated } from './cluster/object-events.js'
export type { ClusterSettings, ClusterState } from './cluster/state.js'
export { initialState, readerOf, storeOf } from './cluster/state.js'
export { claimNamesOf, parentAndOrdinalOf } from './resources/pod/queries.js'
export { afterProcessesOfPods } from './cluster/reduce-world.js'
export { reduce } from './cluster/reduce.js'
export { toldEventsFold, withEventsLater, type ToldEventsFold } from './cluster/fold-told-events.js'
export { involvedAs, storedAs, type StoredAs } from './cluster/told-events.js'
export type {
  Asset,
  ContainerProcess,
  FileEntry,
  ImageBehaviour,
  Machine,
  MsRange,
  PodProcesses,
  World,
  WorldCommand,
  WorldSettings,
} from './cluster/world.js'
export {
  actOnWorld,
  containerOf,
  imageBehaviourOf,
  layerOf,
  machineIsReachable,
  machineOf,
  matchesPattern,
  podAtAddress,
  podBehaviour,
  processesOf,
} from './cluster/world.js'
export type { WorldEvent } from './cluster/world-events.js'
export type { Controller, Plan, PlanContext, PlanOutcome, Waiting, Wake, WatchNotification } from './controllers/controller.js'
export type { Invariant, Observation, ObservedChange, ObservedRequest, Violation } from './invariants/invariant.js'
export type { ObservedTurn, TurnSide } from './invariants/observed-turn.js'
export { allInvariants, alwaysInvariants } from './invariants/all-invariants.js'
export { debtsOf, type Debt } from './invariants/temporal/convergence.js'
export { findDisorder } from './invariants/temporal/log-order.js'
export { brokenPromises, overdueIn } from './invariants/temporal/overdue.js'
export { isTalk, unrestIn, type Unrest } from './invariants/temporal/quiet.js'
export { differencesOfEnds, type RunEnd } from './invariants/temporal/same-end.js'
export { lostWakeUps, unrestAfter, type Forkable } from './invariants/temporal/stability.js'
export { temporalProperties } from './invariants/temporal/temporal-properties.js'
export type { Overdue, Owed, TemporalProperty } from './invariants/temporal/temporal-property.js'
export { textOfBase64 } from './controllers/kubelet/base64.js'
export { answerDns, type DnsAnswer, type DnsQuestion } from './views/dns.js'
export { defineController, type ControllerDefinition } from './simulation/define-controller.js'
export { apiFaults, type ApiFault } from './cluster/engine-events.js'
export { createSimulation } from './simulation/create-simulation.js'
export type { FoundViolation, Interference, IssuedCommand, Mood, Recorded, Simulation, SimulationOptions } from './simulation/simulation.js'
export type { RunState } from './simulation/run-state.js'
export { makeLookMemory, type LookMemory } from './simulation/look-memory.js'
export type { DueWork, LaggingInformer } from './cluster/pending-work.js'
export { interchangeableMax, isNamedIn, makeSymmetricHasher } from './simulation/interchangeable-nodes.js'
export { makeStateHasher, type StateHash, type StateHasher, type StateSums } from './simulation/state-hash.js'
export { loadRun, saveRun } from './simulation/save-run.js'
export { bootstrap, type ClusterSpec, type NodeSpec, type StorageClassSpec } from './simulation/bootstrap.js'
export { importObjects, type ImportRefusal } from './simulation/import-objects.js'
export { defaultClusterSettings, makeControllers, recordedClusterSettings } from './simulation/default-controllers.js'
export { threeWayStrategicPatch } from './api/patch/strategic-diff.js'
export { threeWayJsonMergePatch } from './api/json-merge-patch.js'
export { typeNameOfKind } from './api/field-schema.js'
export { describedFields, type DescribedField } from './api/described-fields.js'
export { applyPatch } from './api/patch/apply-patch.js'
export { fileSystemOf, normalPath, type FileSystem } from './controllers/kubelet/file-system.js'
export { environmentOf } from './controllers/kubelet/environment.js'
export { fullNameOf, hostnameOf } from './controllers/kubelet/pod-names.js'
export { programOf } from './controllers/kubelet/container-program.js'
// Faults: things that go wrong, as commands with names.
export { containerCrash, containerCrashLoop, healContainerCrashLoop } from './faults/container-crash.js'
export { containerOutOfMemory, containerOutOfMemoryLoop, healContainerOutOfMemoryLoop } from './faults/container-oom.js'
export { imagePullFailure, healImagePullFailure } from './faults/image-pull-failure.js'
export { kubeletHang, kubeletResume } from './faults/kubelet-hang.js'
export { nodeCrash } from './faults/node-crash.js'
export { nodePartition, nodeReconnect } from './faults/node-partition.js'
export { nodeRestart } from './faults/node-restart.js'
export { probeFailure, healProbeFailure } from './faults/probe-failure.js'
export { provisionerDelay, healProvisionerDelay } from './faults/provisioner-delay.js'
export { provisionerFailure, healProvisionerFailure } from './faults/provisioner-failure.js'
export { slowStart, healSlowStart } from './faults/slow-start.js'
export { stuckAttach, healStuckAttach } from './faults/stuck-attach.js'
export { stuckDetach, healStuckDetach } from './faults/stuck-detach.js'
