/**
 * How an object looks after the server has read it into its Go types and written it again: empty lists, maps, strings, zeros, `false` and `null`
 * vanish where the Go field says `omitempty`, and quantities get their canonical text. Shares everything that did not change.
 *
 * The table names, for each API type, the fields for which that matters: `0` a plain scalar (gone when zero), `[]` a list, `{}` a map of
 * scalars, `q` a quantity (`*q` behind a pointer), `{q}` a map of quantities, otherwise the name of the field's type (`[]Type` a list of it).
 * Fields that are not named are kept as they are. Pod templates and what they are made of are not entered: who defaults them asks for each of
 * them by itself, so that those that many objects share are looked at once.
 */
import { growingCopy } from '../../kernel/extended.js'
import { mapOf } from '../../kernel/map-of.js'
import { isJsonObject, type Json, type JsonObject } from '../../kernel/json.js'
import { canonicalQuantity, formatQuantity, milliValueOf, quantityFromMilli, quantityOf } from '../quantity.js'

const fieldsOfType = {
  AWSElasticBlockStoreVolumeSource: 'fsType:0 partition:0 readOnly:0',
  Affinity: 'nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity',
  AzureFilePersistentVolumeSource: 'readOnly:0',
  AzureFileVolumeSource: 'readOnly:0',
  CSIPersistentVolumeSource:
    'controllerExpandSecretRef:SecretReference controllerPublishSecretRef:SecretReference fsType:0 nodeExpandSecretRef:SecretReference nodePublishSecretRef:SecretReference nodeStageSecretRef:SecretReference readOnly:0 volumeAttributes:{}',
  CSIVolumeSource: 'nodePublishSecretRef:LocalObjectReference volumeAttributes:{}',
  Capabilities: 'add:[] drop:[]',
  CephFSPersistentVolumeSource: 'monitors:[] path:0 readOnly:0 secretFile:0 secretRef:SecretReference user:0',
  CephFSVolumeSource: 'monitors:[] path:0 readOnly:0 secretFile:0 secretRef:LocalObjectReference user:0',
  CinderPersistentVolumeSource: 'fsType:0 readOnly:0 secretRef:SecretReference',
  CinderVolumeSource: 'fsType:0 readOnly:0 secretRef:LocalObjectReference',
  ClusterTrustBundleProjection: 'labelSelector:LabelSelector',
  ConfigMapNodeConfigSource: 'resourceVersion:0 uid:0',
  ConfigMapProjection: 'items:[]KeyToPath',
  ConfigMapVolumeSource: 'items:[]KeyToPath',
  Container:
    'args:[] command:[] env:[]EnvVar envFrom:[]EnvFromSource image:0 imagePullPolicy:0 lifecycle:Lifecycle livenessProbe:Probe ports:[]ContainerPort readinessProbe:Probe resizePolicy:[]ContainerResizePolicy resources:ResourceRequirements restartPolicyRules:[]ContainerRestartRule securityContext:SecurityContext startupProbe:Probe stdin:0 stdinOnce:0 terminationMessagePath:0 terminationMessagePolicy:0 tty:0 volumeDevices:[]VolumeDevice volumeMounts:[]VolumeMount workingDir:0',
  ContainerPort: 'hostIP:0 hostPort:0 name:0',
  ContainerRestartRule: 'exitCodes:ContainerRestartRuleOnExitCodes',
  ContainerRestartRuleOnExitCodes: 'values:[]',
  CronJobSpec: 'concurrencyPolicy:0 jobTemplate:JobTemplateSpec',
  DaemonSetSpec: 'minReadySeconds:0 selector:LabelSelector template:PodTemplateSpec updateStrategy:DaemonSetUpdateStrategy',
  DaemonSetUpdateStrategy: 'rollingUpdate:RollingUpdateDaemonSet type:0',
  DeploymentSpec: 'minReadySeconds:0 paused:0 selector:LabelSelector strategy:DeploymentStrategy template:PodTemplateSpec',
  DeploymentStrategy: 'rollingUpdate:RollingUpdateDeployment type:0',
  DownwardAPIProjection: 'items:[]DownwardAPIVolumeFile',
  DownwardAPIVolumeFile: 'fieldRef:ObjectFieldSelector resourceFieldRef:ResourceFieldSelector',
  DownwardAPIVolumeSource: 'items:[]DownwardAPIVolumeFile',
  EmptyDirVolumeSource: 'medium:0 sizeLimit:*q',
  EnvFromSource: 'configMapRef:ConfigMapEnvSource prefix:0 secretRef:SecretEnvSource',
  EnvVar: 'value:0 valueFrom:EnvVarSource',
  EnvVarSource:
    'configMapKeyRef:ConfigMapKeySelector fieldRef:ObjectFieldSelector fileKeyRef:FileKeySelector resourceFieldRef:ResourceFieldSelector secretKeyRef:SecretKeySelector',
  EphemeralContainer:
    'args:[] command:[] env:[]EnvVar envFrom:[]EnvFromSource image:0 imagePullPolicy:0 lifecycle:Lifecycle livenessProbe:Probe ports:[]ContainerPort readinessProbe:Probe resizePolicy:[]ContainerResizePolicy resources:ResourceRequirements restartPolicy:0 restartPolicyRules:[]ContainerRestartRule securityContext:SecurityContext startupProbe:Probe stdin:0 stdinOnce:0 targetContainerName:0 terminationMessagePath:0 terminationMessagePolicy:0 tty:0 volumeDevices:[]VolumeDevice volumeMounts:[]VolumeMount workingDir:0',
  EphemeralVolumeSource: 'volumeClaimTemplate:PersistentVolumeClaimTemplate',
  ExecAction: 'command:[]',
  FCVolumeSource: 'fsType:0 readOnly:0 targetWWNs:[] wwids:[]',
  FlexPersistentVolumeSource: 'fsType:0 options:{} readOnly:0 secretRef:SecretReference',
  FlexVolumeSource: 'fsType:0 options:{} readOnly:0 secretRef:LocalObjectReference',
  FlockerVolumeSource: 'datasetName:0 datasetUUID:0',
  GCEPersistentDiskVolumeSource: 'fsType:0 partition:0 readOnly:0',
  GitRepoVolumeSource: 'directory:0 revision:0',
  GlusterfsPersistentVolumeSource: 'readOnly:0',
  GlusterfsVolumeSource: 'readOnly:0',
  HTTPGetAction: 'host:0 httpHeaders:[]HTTPHeader path:0 scheme:0',
  HostAlias: 'hostnames:[]',
  ISCSIPersistentVolumeSource: 'chapAuthDiscovery:0 chapAuthSession:0 fsType:0 portals:[] readOnly:0 secretRef:SecretReference',
  ISCSIVolumeSource: 'chapAuthDiscovery:0 chapAuthSession:0 fsType:0 portals:[] readOnly:0 secretRef:LocalObjectReference',
  ImageVolumeSource: 'pullPolicy:0 reference:0',
  JobSpec: 'podFailurePolicy:PodFailurePolicy selector:LabelSelector successPolicy:SuccessPolicy template:PodTemplateSpec',
  JobTemplateSpec: 'metadata:ObjectMeta spec:JobSpec',
  LabelSelector: 'matchExpressions:[]LabelSelectorRequirement matchLabels:{}',
  LabelSelectorRequirement: 'values:[]',
  Lifecycle: 'postStart:LifecycleHandler preStop:LifecycleHandler',
  LifecycleHandler: 'exec:ExecAction httpGet:HTTPGetAction sleep:SleepAction tcpSocket:TCPSocketAction',
  ModifyVolumeStatus: 'targetVolumeAttributesClassName:0',
  NFSVolumeSource: 'readOnly:0',
  NamespaceSpec: 'finalizers:[]',
  NodeAffinity:
    'preferredDuringSchedulingIgnoredDuringExecution:[]PreferredSchedulingTerm requiredDuringSchedulingIgnoredDuringExecution:NodeSelector',
  NodeConfigSource: 'configMap:ConfigMapNodeConfigSource',
  NodeSelector: 'nodeSelectorTerms:[]NodeSelectorTerm',
  NodeSelectorRequirement: 'values:[]',
  NodeSelectorTerm: 'matchExpressions:[]NodeSelectorRequirement matchFields:[]NodeSelectorRequirement',
  NodeSpec: 'configSource:NodeConfigSource externalID:0 podCIDR:0 podCIDRs:[] providerID:0 taints:[]Taint unschedulable:0',
  ObjectFieldSelector: 'apiVersion:0',
  ObjectMeta:
    'annotations:{} finalizers:[] generateName:0 generation:0 labels:{} name:0 namespace:0 ownerReferences:[]OwnerReference resourceVersion:0 selfLink:0 uid:0',
  ObjectReference: 'apiVersion:0 fieldPath:0 kind:0 name:0 namespace:0 resourceVersion:0 uid:0',
  PersistentVolumeClaim: 'apiVersion:0 kind:0 metadata:ObjectMeta spec:PersistentVolumeClaimSpec status:PersistentVolumeClaimStatus',
  PersistentVolumeClaimCondition: 'message:0 reason:0',
  PersistentVolumeClaimSpec:
    'accessModes:[] dataSource:TypedLocalObjectReference dataSourceRef:TypedObjectReference resources:VolumeResourceRequirements selector:LabelSelector volumeName:0',
  PersistentVolumeClaimStatus:
    'accessModes:[] allocatedResourceStatuses:{} allocatedResources:{q} capacity:{q} conditions:[]PersistentVolumeClaimCondition currentVolumeAttributesClassName:0 modifyVolumeStatus:ModifyVolumeStatus phase:0',
  PersistentVolumeClaimTemplate: 'metadata:ObjectMeta spec:PersistentVolumeClaimSpec',
  PersistentVolumeClaimVolumeSource: 'readOnly:0',
  PersistentVolumeSpec:
    'accessModes:[] awsElasticBlockStore:AWSElasticBlockStoreVolumeSource azureDisk:AzureDiskVolumeSource azureFile:AzureFilePersistentVolumeSource capacity:{q} cephfs:CephFSPersistentVolumeSource cinder:CinderPersistentVolumeSource claimRef:ObjectReference csi:CSIPersistentVolumeSource fc:FCVolumeSource flexVolume:FlexPersistentVolumeSource flocker:FlockerVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource glusterfs:GlusterfsPersistentVolumeSource hostPath:HostPathVolumeSource iscsi:ISCSIPersistentVolumeSource local:LocalVolumeSource mountOptions:[] nfs:NFSVolumeSource nodeAffinity:VolumeNodeAffinity persistentVolumeReclaimPolicy:0 photonPersistentDisk:PhotonPersistentDiskVolumeSource portworxVolume:PortworxVolumeSource quobyte:QuobyteVolumeSource rbd:RBDPersistentVolumeSource scaleIO:ScaleIOPersistentVolumeSource storageClassName:0 storageos:StorageOSPersistentVolumeSource vsphereVolume:VsphereVirtualDiskVolumeSource',
  PhotonPersistentDiskVolumeSource: 'fsType:0',
  PodAffinity:
    'preferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm requiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm',
  PodAffinityTerm: 'labelSelector:LabelSelector matchLabelKeys:[] mismatchLabelKeys:[] namespaceSelector:LabelSelector namespaces:[]',
  PodAntiAffinity:
    'preferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm requiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm',
  PodCertificateProjection: 'certificateChainPath:0 credentialBundlePath:0 keyPath:0 userAnnotations:{}',
  PodDNSConfig: 'nameservers:[] options:[]PodDNSConfigOption searches:[]',
  PodDNSConfigOption: 'name:0',
  PodDisruptionBudgetSpec: 'selector:LabelSelector',
  PodFailurePolicy: 'rules:[]PodFailurePolicyRule',
  PodFailurePolicyOnExitCodesRequirement: 'values:[]',
  PodFailurePolicyRule: 'onExitCodes:PodFailurePolicyOnExitCodesRequirement onPodConditions:[]PodFailurePolicyOnPodConditionsPattern',
  PodSecurityContext:
    'appArmorProfile:AppArmorProfile seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile supplementalGroups:[] sysctls:[]Sysctl windowsOptions:WindowsSecurityContextOptions',
  PodSpec:
    'affinity:Affinity containers:[]Container dnsConfig:PodDNSConfig dnsPolicy:0 ephemeralContainers:[]EphemeralContainer hostAliases:[]HostAlias hostIPC:0 hostNetwork:0 hostPID:0 hostname:0 imagePullSecrets:[]LocalObjectReference initContainers:[]Container nodeName:0 nodeSelector:{} os:PodOS overhead:{q} priorityClassName:0 readinessGates:[]PodReadinessGate resourceClaims:[]PodResourceClaim resources:ResourceRequirements restartPolicy:0 schedulerName:0 schedulingGates:[]PodSchedulingGate schedulingGroup:PodSchedulingGroup securityContext:PodSecurityContext serviceAccount:0 serviceAccountName:0 subdomain:0 tolerations:[]Toleration topologySpreadConstraints:[]TopologySpreadConstraint volumes:[]Volume',
  PodTemplateSpec: 'metadata:ObjectMeta spec:PodSpec',
  PortworxVolumeSource: 'fsType:0 readOnly:0',
  PreferredSchedulingTerm: 'preference:NodeSelectorTerm',
  Probe:
    'exec:ExecAction failureThreshold:0 grpc:GRPCAction httpGet:HTTPGetAction initialDelaySeconds:0 periodSeconds:0 successThreshold:0 tcpSocket:TCPSocketAction timeoutSeconds:0',
  ProjectedVolumeSource: 'sources:[]VolumeProjection',
  QuobyteVolumeSource: 'group:0 readOnly:0 tenant:0 user:0',
  RBDPersistentVolumeSource: 'fsType:0 monitors:[] readOnly:0 secretRef:SecretReference',
  RBDVolumeSource: 'fsType:0 monitors:[] readOnly:0 secretRef:LocalObjectReference',
  ReplicaSetSpec: 'minReadySeconds:0 selector:LabelSelector template:PodTemplateSpec',
  ReplicationControllerSpec: 'selector:{} template:PodTemplateSpec',
  ResourceClaim: 'request:0',
  ResourceFieldSelector: 'containerName:0 divisor:q',
  ResourceRequirements: 'claims:[]ResourceClaim limits:{q} requests:{q}',
  SELinuxOptions: 'level:0 role:0 type:0 user:0',
  ScaleIOPersistentVolumeSource: 'protectionDomain:0 readOnly:0 secretRef:SecretReference sslEnabled:0 storagePool:0 volumeName:0',
  ScaleIOVolumeSource: 'protectionDomain:0 readOnly:0 secretRef:LocalObjectReference sslEnabled:0 storagePool:0 volumeName:0',
  SecretProjection: 'items:[]KeyToPath',
  SecretReference: 'name:0 namespace:0',
  SecretVolumeSource: 'items:[]KeyToPath secretName:0',
  SecurityContext:
    'appArmorProfile:AppArmorProfile capabilities:Capabilities seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile windowsOptions:WindowsSecurityContextOptions',
  ServiceAccountTokenProjection: 'audience:0',
  ServicePort: 'name:0 nodePort:0',
  ServiceSpec:
    'clusterIP:0 clusterIPs:[] externalIPs:[] externalName:0 externalTrafficPolicy:0 healthCheckNodePort:0 ipFamilies:[] loadBalancerIP:0 loadBalancerSourceRanges:[] ports:[]ServicePort publishNotReadyAddresses:0 selector:{} sessionAffinity:0 sessionAffinityConfig:SessionAffinityConfig type:0',
  SessionAffinityConfig: 'clientIP:ClientIPConfig',
  StatefulSetPersistentVolumeClaimRetentionPolicy: 'whenDeleted:0 whenScaled:0',
  StatefulSetSpec:
    'minReadySeconds:0 ordinals:StatefulSetOrdinals persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy podManagementPolicy:0 selector:LabelSelector template:PodTemplateSpec updateStrategy:StatefulSetUpdateStrategy volumeClaimTemplates:[]PersistentVolumeClaim',
  StatefulSetUpdateStrategy: 'rollingUpdate:RollingUpdateStatefulSetStrategy type:0',
  StorageOSPersistentVolumeSource: 'fsType:0 readOnly:0 secretRef:ObjectReference volumeName:0 volumeNamespace:0',
  StorageOSVolumeSource: 'fsType:0 readOnly:0 secretRef:LocalObjectReference volumeName:0 volumeNamespace:0',
  SuccessPolicy: 'rules:[]SuccessPolicyRule',
  TCPSocketAction: 'host:0',
  Taint: 'value:0',
  Toleration: 'effect:0 key:0 operator:0 value:0',
  TopologySpreadConstraint: 'labelSelector:LabelSelector matchLabelKeys:[]',
  Volume:
    'awsElasticBlockStore:AWSElasticBlockStoreVolumeSource azureDisk:AzureDiskVolumeSource azureFile:AzureFileVolumeSource cephfs:CephFSVolumeSource cinder:CinderVolumeSource configMap:ConfigMapVolumeSource csi:CSIVolumeSource downwardAPI:DownwardAPIVolumeSource emptyDir:EmptyDirVolumeSource ephemeral:EphemeralVolumeSource fc:FCVolumeSource flexVolume:FlexVolumeSource flocker:FlockerVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource gitRepo:GitRepoVolumeSource glusterfs:GlusterfsVolumeSource hostPath:HostPathVolumeSource image:ImageVolumeSource iscsi:ISCSIVolumeSource nfs:NFSVolumeSource persistentVolumeClaim:PersistentVolumeClaimVolumeSource photonPersistentDisk:PhotonPersistentDiskVolumeSource portworxVolume:PortworxVolumeSource projected:ProjectedVolumeSource quobyte:QuobyteVolumeSource rbd:RBDVolumeSource scaleIO:ScaleIOVolumeSource secret:SecretVolumeSource storageos:StorageOSVolumeSource vsphereVolume:VsphereVirtualDiskVolumeSource',
  VolumeMount: 'readOnly:0 subPath:0 subPathExpr:0',
  VolumeNodeAffinity: 'required:NodeSelector',
  VolumeProjection:
    'clusterTrustBundle:ClusterTrustBundleProjection configMap:ConfigMapProjection downwardAPI:DownwardAPIProjection podCertificate:PodCertificateProjection secret:SecretProjection serviceAccountToken:ServiceAccountTokenProjection',
  VolumeResourceRequirements: 'limits:{q} requests:{q}',
  VsphereVirtualDiskVolumeSource: 'fsType:0 storagePolicyID:0 storagePolicyName:0',
  WeightedPodAffinityTerm: 'podAffinityTerm:PodAffinityTerm',
} as const

export type ShapedType = keyof typeof fieldsOfType

type Rule =
  | { readonly of: 'scalar' | 'list' | 'map' | 'quantity' | 'quantities' | 'plain' }
  | { readonly of: 'object' | 'objects'; readonly type: string; readonly isApart: boolean }

const plain: Rule = { of: 'plain' }

/** Not entered from the object that holds them. */
const askedForApart: ReadonlySet<string> = new Set(['Container', 'PodSpec', 'PodTemplateSpec', 'Volume'])

const ruleOf = (code: string): Rule => {
  if (code === '0') return { of: 'scalar' }
  if (code === '[]') return { of: 'list' }
  if (code === '{}') return { of: 'map' }
  if (code === '{q}') return { of: 'quantities' }
  if (code === 'q' || code === '*q') return { of: 'quantity' }
  const of = code.startsWith('[]') ? 'objects' : 'object'
  const type = of === 'objects' ? code.slice(2) : code
  return { of, type, isApart: askedForApart.has(type) }
}

interface Rules {
  readonly ofField: ReadonlyMap<string, Rule>
  /** Where a text may have another form. */
  readonly hasQuantity: boolean
}

const rulesIn = (fields: string): Rules => {
  const ofField = mapOf(
    fields.split(' ').map((field) => {
      const colon = field.indexOf(':')
      return [field.slice(0, colon), ruleOf(field.slice(colon + 1))]
    }),
  )
  return { ofField, hasQuantity: [...ofField.values()].some((rule) => rule.of === 'quantity') }
}

const noRules: Rules = { ofField: new Map(), hasQuantity: false }

const rulesOfType: ReadonlyMap<string, Rules> = mapOf(Object.entries(fieldsOfType).map(([type, fields]) => [type, rulesIn(fields)]))

// Amounts finer than a thousandth are rounded up. Follows SetDefaults_ResourceList in pkg/apis/core/v1/defaults.go.
const storedAmount = (value: Json): Json => {
  const canonical = canonicalQuantity(value)
  if (typeof canonical !== 'string' || !/[nu]$/.test(canonical)) return canonical
  const quantity = quantityOf(canonical)
  return formatQuantity(quantityFromMilli(milliValueOf(quantity), quantity.format))
}

const quantitiesInStoredForm = (quantities: JsonObject): JsonObject => {
  let changed: { [key: string]: Json } | undefined
  for (const [name, quantity] of Object.entries(quantities)) {
    if (quantity === undefined || quantity === null) continue
    const canonical = storedAmount(quantity)
    if (canonical === quantity) continue
    changed ??= { ...quantities } as { [key: string]: Json }
    changed[name] = canonical
  }
  return changed ?? quantities
}

const isEmpty = (value: Json): boolean => {
  if (typeof value !== 'object' || value === null) return value === '' || value === 0 || value === false
  if (!isJsonObject(value)) return value.length === 0
  for (const _ in value) return false
  return true
}

/** A scalar that stays as it is, whatever field it stands in. (Strict decoding has seen to it that it does not stand for a list.) */
const isFullScalar = (value: Json): boolean =>
  typeof value === 'string' ? value.length > 0 : typeof value === 'number' ? value !== 0 : value === true

// Undefined: the field vanishes.
const fieldInStoredForm = (value: Json, rule: Rule): Json | undefined => {
  if (value === null) return undefined
  switch (rule.of) {
    case 'plain':
      return value
    case 'scalar':
    case 'list':
    case 'map':
      return isEmpty(value) ? undefined : value
    case 'quantity':
      return canonicalQuantity(value)
    case 'quantities':
      return isEmpty(value) ? undefined : isJsonObject(value) ? quantitiesInStoredForm(value) : value
    case 'object':
      return !rule.isApart && isJsonObject(value) ? objectInStoredForm(value, rule.type) : value
    case 'objects': {
      if (!Array.isArray(value) || value.length === 0) return undefined
      if (rule.isApart) return value
      let changed: Json[] | undefined
      for (let index = 0; index < value.length; index += 1) {
        const item = (value as readonly Json[])[index] ?? null
        const stored = isJsonObject(item) ? objectInStoredForm(item, rule.type) : item
        if (stored === item) continue
        changed ??= [...value] as Json[]
        changed[index] = stored
      }
      return changed ?? value
    }
  }
}

// Deleting would make the object a dictionary for V8, and so every object that is spread from it later.
const withoutAbsent = (object: JsonObject): JsonObject => {
  const present: { [key: string]: Json } = {}
  for (const name in object) {
    const value = object[name]
    if (value !== undefined) present[name] = value
  }
  return present
}

const objectInStoredForm = (object: JsonObject, type: string): JsonObject => {
  const { ofField, hasQuantity } = rulesOfType.get(type) ?? noRules
  let changed: { [key: string]: Json | undefined } | undefined
  let vanishes = false
  for (const name in object) {
    const value = object[name]
    if (value === undefined || (!hasQuantity && isFullScalar(value))) continue
    const stored = fieldInStoredForm(value, ofField.get(name) ?? plain)
    if (stored === value) continue
    changed ??= growingCopy<JsonObject>(object)
    changed[name] = stored
    vanishes ||= stored === undefined
  }
  return changed === undefined ? object : vanishes ? withoutAbsent(changed) : changed
}

/** `value` as a field of that type is stored; the argument itself when that is how it is. */
export const inStoredForm = <T extends object>(value: T, type: ShapedType): T =>
  // API objects are JSON; the shape of the result is that of the argument.
  objectInStoredForm(value as unknown as JsonObject, type) as unknown as T
