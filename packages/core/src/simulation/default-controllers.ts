/** The controllers of a cluster, in the order in which they hear of a write. */
import type { ClusterSettings } from '../cluster/state.js'
import type { Controller } from '../controllers/controller.js'
import { recordedSettings } from '../cluster/world.js'
import { attachDetachController } from '../controllers/attach-detach/controller.js'
import { claimProtectionController } from '../controllers/claim-protection/controller.js'
import { cronJobController } from '../controllers/cron-job/controller.js'
import { daemonSetController } from '../controllers/daemon-set/controller.js'
import { deploymentController } from '../controllers/deployment/controller.js'
import { disruptionController } from '../controllers/disruption/controller.js'
import { endpointSliceController } from '../controllers/endpoint-slice/controller.js'
import { endpointSliceMirroringController } from '../controllers/endpoint-slice-mirroring/controller.js'
import { endpointsController } from '../controllers/endpoints/controller.js'
import { externalResizerController } from '../controllers/external-resizer/controller.js'
import { garbageCollectorController } from '../controllers/garbage-collector/controller.js'
import { jobController } from '../controllers/job/controller.js'
import { ttlAfterFinishedController } from '../controllers/job/ttl-after-finished.js'
import { kubeSchedulerController } from '../controllers/kube-scheduler/controller.js'
import { makeKubelet } from '../controllers/kubelet/controller.js'
import { kubeletSettings } from '../controllers/kubelet/standard-images.js'
import { namespaceController } from '../controllers/namespace/controller.js'
import { makeNodeLifecycleController } from '../controllers/node-lifecycle/controller.js'
import { podGarbageCollectorController } from '../controllers/pod-garbage-collector/controller.js'
import { provisionerController } from '../controllers/provisioner/controller.js'
import { replicaSetController } from '../controllers/replica-set/controller.js'
import { replicationController } from '../controllers/replication-controller/controller.js'
import { makeStatefulSetController } from '../controllers/stateful-set/controller.js'
import { taintEvictionController } from '../controllers/taint-eviction/controller.js'
import { volumeBinderController } from '../controllers/volume-binder/controller.js'
import { volumeProtectionController } from '../controllers/volume-protection/controller.js'

export const makeControllers = (settings: ClusterSettings): readonly Controller[] => [
  makeStatefulSetController({
    maxUnavailable: settings.featureGates.maxUnavailableStatefulSet,
    staleReadProtection: settings.featureGates.staleReadProtection,
  }),
  endpointsController,
  endpointSliceController,
  endpointSliceMirroringController,
  deploymentController,
  replicaSetController,
  replicationController,
  daemonSetController,
  jobController,
  cronJobController,
  ttlAfterFinishedController,
  disruptionController,
  volumeBinderController,
  provisionerController,
  externalResizerController,
  claimProtectionController,
  volumeProtectionController,
  attachDetachController,
  garbageCollectorController,
  namespaceController,
  podGarbageCollectorController,
  makeNodeLifecycleController(settings),
  taintEvictionController,
  kubeSchedulerController,
  makeKubelet(settings.world.profile),
]

const commonSettings: Omit<ClusterSettings, 'world'> = {
  tolerationSeconds: 300,
  featureGates: { maxUnavailableStatefulSet: false, staleReadProtection: true },
  nodeMonitorPeriodMs: 5_000,
  nodeMonitorGraceMs: 50_000,
  serviceNetwork: '10.96.0.0/16',
}

/** The cluster of the conformance recordings. */
export const recordedClusterSettings: ClusterSettings = { ...commonSettings, world: recordedSettings }

/** The cluster of scenarios: the real kubelet's rules, images that are pulled once a node, latencies drawn by the seed. */
export const defaultClusterSettings: ClusterSettings = { ...commonSettings, world: kubeletSettings }
